// native-connection.ts — a native socket: its session machine, frames to messages and back. Knows: the wire's codec.
// Must not know: sockets' insides, rooms' insides, what a message means.
import { Reassembly } from '../shared/fragments.ts'
import { inLots } from '../shared/in-lots.ts'
import type { Sizes } from '../shared/limits.ts'
import { comeBack, goodbyeCode } from '../shared/message.ts'
import type { Durability, Message } from '../shared/message.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import type { LinkId } from '../shared/room-words.ts'
import { Session } from '../shared/session.ts'
import type { Refusal, SessionEffect, SessionInput } from '../shared/session.ts'
import { decodeFrame, decodeMessage } from '../shared/wire.ts'
import type { ConnectionHost, HostConnection, HostSocket, LinkOwner } from './host-connection.ts'
import { isRefusal } from './live-grant.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import { relayFailed } from './sentences.ts'

/** WebSocket's own word for a conversation that came to its end; what there is to say was said in goodbye. */
const normalClosure = 1000

const askedAtOnceMax = 50

export class NativeConnection implements HostConnection, LinkOwner {
  readonly #host: ConnectionHost
  readonly #socket: HostSocket
  readonly #session: Session
  readonly #reassembly: Reassembly
  readonly #headers: RequestHeaders
  #grant: LiveGrant | undefined
  readonly #documents = new Map<LinkId, { readonly tenant: string; readonly document: string }>()
  #workspace: { readonly tenant: string; readonly link: LinkId } | undefined

  constructor(
    host: ConnectionHost,
    socket: HostSocket,
    headers: RequestHeaders,
    options: { durability: Durability; sizes: Sizes },
  ) {
    this.#host = host
    this.#socket = socket
    this.#headers = headers
    const { durability, sizes } = options
    const { entryBytesMax, messageBytesMax } = sizes
    this.#reassembly = new Reassembly(messageBytesMax)
    this.#session = new Session(
      { durability, entryBytesMax, nextLink: () => host.nextLink(this), mode: host.mode },
      host.now(),
    )
  }

  received(frame: Uint8Array): void {
    try {
      for (const message of decodeFrame(frame)) this.#receive(message)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.step({ type: 'garbled', error })
    }
  }

  /** Here only goodbye is a word. */
  lost(): void {
    this.#grant = undefined
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

  dismiss(reason: string, afterMs: number): void {
    this.step({ type: 'dismissed', code: goodbyeCode.draining, comeBack: comeBack.later, afterMs, reason })
  }

  modeChanged(): void {
    this.step({ type: 'modeChanged' })
  }

  tenant(): string | undefined {
    return this.#grant?.tenant
  }

  tooFast(afterMs: number): void {
    const reason = 'You send faster than you may. Come back in a moment; nothing is lost.'
    this.step({ type: 'dismissed', code: goodbyeCode.overloaded, comeBack: comeBack.later, afterMs, reason })
  }

  hold(on: boolean): void {
    this.#socket.hold(on)
  }

  endIfWithdrawn(): void {
    const refusal = this.#grant?.withdrawn()
    if (refusal !== undefined) this.step({ type: 'tokenRefused', refusal })
  }

  /** Whether the token still allows what it did. An application that cannot say changes nothing. */
  async recheck(): Promise<void> {
    const grant = this.#grant
    if (grant === undefined) return undefined
    const answer = await grant.renewed([...this.#documents.values()].map(({ document }) => document))
    // Another token has come meanwhile, or somebody else looked.
    if (this.#grant !== grant) return this.recheck()
    if (answer === grant) return undefined
    if (!isRefusal(answer)) {
      this.#grant = answer
      this.step({ type: 'grantRenewed', grant: answer })
    } else if (!answer.isPassing) {
      this.step({ type: 'tokenRefused', refusal: answer })
    }
    return undefined
  }

  told(_link: LinkId, message: Message): void {
    this.step({ type: 'told', message })
  }

  /** Acks say what an echo says to a stock client. */
  echoed(): void {
    throw new Error('A native link was echoed to.')
  }

  closed({ link, code, reason, afterMs }: Parameters<LinkOwner['closed']>[0]): void {
    this.step({ type: 'closed', link, code, reason, afterMs })
  }

  /** Asked in lots: a page of a list may be a thousand questions to an application. */
  async learnRights(documents: readonly string[]): Promise<void> {
    const grant = this.#grant
    if (grant === undefined) return
    for (const some of inLots(documents, askedAtOnceMax))
      await Promise.all(some.map((document) => grant.ask(document)))
  }

  get trace(): string | undefined {
    return this.#socket.trace
  }

  failed(): void {
    const reason = relayFailed(this.trace)
    this.step({ type: 'dismissed', code: goodbyeCode.failing, comeBack: comeBack.later, afterMs: 0, reason })
  }

  step(input: SessionInput): void {
    for (const effect of this.#session.step(input, this.#host.now())) this.#perform(effect)
  }

  #receive(message: Message): void {
    if (message.type === 'hello' && message.trace !== '') this.#host.met?.(this.trace, message.trace)
    if (message.type !== 'fragment') return this.step({ type: 'received', message })
    const bytes = this.#reassembly.take(message)
    const whole = bytes === undefined ? undefined : decodeMessage(bytes)
    if (whole !== undefined) this.step({ type: 'received', message: whole })
    return undefined
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#socket.send(this.#host.framesOf(effect.message))
      case 'happened':
        return this.#happened(effect)
      case 'workspace':
        return this.#askWorkspace(effect)
      case 'wakeAt':
        return this.#host.wakeAt(effect.time)
      case 'end':
        return this.#socket.end(normalClosure, '')
      case 'checkToken':
        return this.#check(this.#host.grantOf(effect.token, this.#headers), (answer) =>
          this.#tokenChecked(answer),
        )
      case 'askRights':
        return this.#askRights(effect.link, effect.document)
      case 'checkReplica': {
        const { tenant, replica, secret } = effect
        return this.#check(this.#host.isItsOwn(tenant, replica, secret), (isItsOwn) => {
          return { type: 'replicaChecked', isItsOwn }
        })
      }
    }
  }

  #tokenChecked(answer: LiveGrant | Refusal): SessionInput {
    if (isRefusal(answer)) return { type: 'tokenRefused', refusal: answer }
    const withdrawn = answer.withdrawn()
    if (withdrawn !== undefined) return { type: 'tokenRefused', refusal: withdrawn }
    this.#grant = answer
    return { type: 'tokenChecked', grant: answer }
  }

  #askRights(link: number, document: string): void {
    const grant = this.#grant
    if (grant === undefined) return
    this.#check(grant.ask(document), (answer) => {
      // What an earlier token was refused says nothing of the one that came meanwhile.
      const refusal = this.#grant === grant ? answer : undefined
      return { type: 'rightsAnswered', link, document, refusal }
    })
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

  #askWorkspace({ tenant, input }: SessionEffect & { type: 'workspace' }): void {
    if (input.type === 'changesAsked') this.#workspace = { tenant, link: input.link }
    this.#host.workspace(tenant, input)
    if (input.type === 'left') this.#host.forgetLink(input.link)
  }

  #tellRooms(type: 'filled' | 'drained'): void {
    if (this.#workspace !== undefined)
      this.#host.workspace(this.#workspace.tenant, { type, link: this.#workspace.link })
    for (const [link, { tenant, document }] of this.#documents)
      this.#host.happened(tenant, document, { type, link })
  }
}
