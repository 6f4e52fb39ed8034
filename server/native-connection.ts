// native-connection.ts — a native socket: its session machine, frames to messages and back. Knows: the wire's codec.
// Must not know: sockets' insides, rooms' insides, what a message means.
import { Reassembly } from '../shared/fragments.ts'
import { comeBack, goodbyeCode } from '../shared/message.ts'
import type { Durability, Message } from '../shared/message.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import type { LinkId } from '../shared/room-words.ts'
import { Session } from '../shared/session.ts'
import type { SessionEffect, SessionInput } from '../shared/session.ts'
import { decodeFrame, decodeMessage } from '../shared/wire.ts'
import type { ConnectionHost, HostConnection, HostSocket, LinkOwner } from './host-connection.ts'

/** WebSocket's own word for a conversation that came to its end; what there is to say was said in goodbye. */
const normalClosure = 1000

export class NativeConnection implements HostConnection, LinkOwner {
  readonly #host: ConnectionHost
  readonly #socket: HostSocket
  readonly #session: Session
  readonly #reassembly = new Reassembly()
  readonly #documents = new Map<LinkId, { readonly tenant: string; readonly document: string }>()

  constructor(
    host: ConnectionHost,
    socket: HostSocket,
    options: { durability: Durability; entryBytesMax: number },
  ) {
    this.#host = host
    this.#socket = socket
    this.#session = new Session({ ...options, nextLink: () => host.nextLink(this) }, host.now())
  }

  received(frame: Uint8Array): void {
    try {
      for (const message of decodeFrame(frame)) this.#receive(message)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.step({ type: 'garbled', error })
    }
  }

  lost(): void {
    this.step({ type: 'lost' })
  }

  filled(): void {
    this.#tellRooms('filled')
  }

  drained(): void {
    this.#tellRooms('drained')
  }

  woke(): void {
    this.step({ type: 'woken' })
  }

  dismiss(reason: string): void {
    this.step({ type: 'dismissed', code: goodbyeCode.draining, comeBack: comeBack.later, afterMs: 0, reason })
  }

  hold(on: boolean): void {
    this.#socket.hold(on)
  }

  told(_link: LinkId, message: Message): void {
    this.step({ type: 'told', message })
  }

  /** Acks say what an echo says to a stock client. */
  echoed(): void {
    throw new Error('A native link was echoed to.')
  }

  closed({ link, code, reason }: Parameters<LinkOwner['closed']>[0]): void {
    this.step({ type: 'closed', link, code, reason })
  }

  failed(): void {
    const reason = 'The relay could not answer. Come back in a moment.'
    this.step({ type: 'dismissed', code: goodbyeCode.failing, comeBack: comeBack.later, afterMs: 0, reason })
  }

  step(input: SessionInput): void {
    for (const effect of this.#session.step(input, this.#host.now())) this.#perform(effect)
  }

  #receive(message: Message): void {
    if (message.type !== 'fragment') return this.step({ type: 'received', message })
    const bytes = this.#reassembly.take(message)
    const whole = bytes === undefined ? undefined : decodeMessage(bytes)
    if (whole !== undefined) this.step({ type: 'received', message: whole })
    return undefined
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        for (const frame of this.#host.framesOf(effect.message)) this.#socket.send(frame)
        return undefined
      case 'happened':
        return this.#happened(effect)
      case 'wakeAt':
        return this.#host.wakeAt(effect.time)
      case 'end':
        return this.#socket.end(normalClosure, '')
      case 'checkToken':
        return this.#check(this.#host.grantOf(effect.token), (grant) =>
          typeof grant === 'string'
            ? { type: 'tokenChecked', grant: undefined, reason: grant }
            : { type: 'tokenChecked', grant, reason: '' },
        )
      case 'checkReplica': {
        const { tenant, replica, secret } = effect
        return this.#check(this.#host.isItsOwn(tenant, replica, secret), (isItsOwn) => {
          return { type: 'replicaChecked', isItsOwn }
        })
      }
    }
  }

  #check<Answer>(asked: Promise<Answer>, inputFrom: (answer: Answer) => SessionInput): void {
    asked.then(
      (answer) => this.step(inputFrom(answer)),
      () => this.failed(),
    )
  }

  #happened({ tenant, document, input }: SessionEffect & { type: 'happened' }): void {
    if (input.type === 'joined') this.#documents.set(input.link, { tenant, document })
    this.#host.happened(tenant, document, input)
    if (input.type !== 'left') return
    this.#documents.delete(input.link)
    this.#host.forgetLink(input.link)
  }

  #tellRooms(type: 'filled' | 'drained'): void {
    for (const [link, { tenant, document }] of this.#documents)
      this.#host.happened(tenant, document, { type, link })
  }
}
