// native-connection.ts — a native socket: its session machine, frames to messages and back. Knows: the wire's codec.
// Must not know: sockets' insides, rooms' insides, what a message means.
import { Reassembly, wholeMessages } from '../shared/fragments.ts'
import { inLots } from '../shared/in-lots.ts'
import type { Sizes } from '../shared/limits.ts'
import { comeBack, goodbyeCode } from '../shared/message.ts'
import type { Durability, Fragment, Message } from '../shared/message.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import type { LinkId } from '../shared/room-words.ts'
import { Session } from '../shared/session.ts'
import type { Refusal, SessionEffect, SessionInput } from '../shared/session-words.ts'
import { decodeFrame, decodeMessage } from '../shared/wire.ts'
import type { Connection, ConnectionHost, HostSocket, LinkOwner } from './host-connection.ts'
import { isRefusal } from './live-grant.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import { relayFailed, tooFast } from './sentences.ts'

/** WebSocket's own word for a conversation that came to its end; what there is to say was said in goodbye. */
const normalClosure = 1000

const askedAtOnceMax = 50

export class NativeConnection implements Connection {
  readonly #host: ConnectionHost
  readonly #socket: HostSocket
  readonly #session: Session
  readonly #messageBytesMax: number
  /** Once something came in fragments. */
  #reassembly: Reassembly | undefined
  readonly #headers: RequestHeaders
  /** Goodbye was said; what its token allows is nobody's question any more. */
  #isEnded = false
  #grant: LiveGrant | undefined
  /** A token is being checked of somebody unknown, of whom nothing more is read meanwhile. [B1] */
  #isAsked = false
  /** Said in this step: an ack, and the delivery of what it acknowledges, travel together. */
  #words: Message[] | undefined

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
    this.#messageBytesMax = messageBytesMax
    this.#session = new Session(
      { durability, entryBytesMax, nextLink: () => host.nextLink(this), mode: host.mode },
      host.now(),
    )
    // Who never says a word is looked at too.
    this.step({ type: 'woken' })
  }

  received(frame: Uint8Array): void {
    try {
      const messages = wholeMessages(decodeFrame(frame), (fragment) => this.#putTogether(fragment))
      for (const message of messages) this.#receive(message)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.step({ type: 'garbled', error })
    }
  }

  /** Here only goodbye is a word. */
  lost(): void {
    this.#grant = undefined
    this.#words = undefined
    this.step({ type: 'lost' })
    this.#host.forgetConnection(this)
  }

  filled(): void {
    this.step({ type: 'filled' })
  }

  drained(): void {
    this.step({ type: 'drained' })
  }

  woke(): void {
    this.step({ type: 'woken' })
  }

  stepEnded(): void {
    const words = this.#words
    if (words === undefined) return
    this.#words = undefined
    this.#send(words)
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
    const reason = tooFast(afterMs)
    this.step({ type: 'dismissed', code: goodbyeCode.overloaded, comeBack: comeBack.later, afterMs, reason })
  }

  readOrNot(): void {
    this.#socket.hold(this.#isAsked || this.#host.isHeld(this.tenant()))
  }

  endIfWithdrawn(): void {
    if (this.#isEnded) return
    const refusal = this.#grant?.withdrawn()
    if (refusal !== undefined) this.step({ type: 'tokenRefused', refusal })
  }

  /** Whether the token still allows what it did. An application that cannot say changes nothing. */
  async recheck(): Promise<void> {
    const grant = this.#grant
    if (grant === undefined || this.#isEnded) return undefined
    const answer = await grant.renewed(this.#session.documents)
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

  #putTogether(fragment: Fragment): Message | undefined {
    this.#reassembly ??= new Reassembly(this.#messageBytesMax)
    const bytes = this.#reassembly.take(fragment)
    return bytes === undefined ? undefined : decodeMessage(bytes)
  }

  #receive(message: Message): void {
    if (message.type === 'hello' && message.trace !== '') this.#host.met?.(this.trace, message.trace)
    this.step({ type: 'received', message })
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#say(effect.message)
      case 'happened':
        return this.#happened(effect)
      case 'workspace':
        this.#host.workspace(effect.tenant, effect.input)
        if (effect.input.type === 'left') this.#host.forgetLink(effect.input.link)
        return undefined
      case 'wakeAt':
        return this.#host.wakeAt(effect.time)
      case 'end':
        this.#isEnded = true
        this.stepEnded()
        return this.#socket.end(normalClosure, '')
      case 'checkToken':
        this.#isAsked = this.#grant === undefined
        if (this.#isAsked) this.readOrNot()
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

  /** Pieces of a document go out one by one, for as long as the socket takes them. */
  #say(message: Message): void {
    const isShort = message.type === 'ack' || message.type === 'delivery'
    if (isShort && this.#words !== undefined) {
      this.#words.push(message)
    } else if (isShort && this.#host.awaitsEndOfStep(this)) {
      this.#words = [message]
    } else {
      this.stepEnded()
      this.#send([message])
    }
  }

  /** What cannot be written is this program's fault: it costs the one who should have heard it a socket, and no more. */
  #send(messages: readonly Message[]): void {
    let frames: readonly Uint8Array[]
    try {
      frames = this.#host.framesOf(messages)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#host.unsayable(this.trace, error)
      return this.failed()
    }
    this.#socket.send(frames)
    return undefined
  }

  #tokenChecked(answer: LiveGrant | Refusal): SessionInput {
    if (isRefusal(answer)) return { type: 'tokenRefused', refusal: answer }
    const withdrawn = answer.withdrawn()
    if (withdrawn !== undefined) return { type: 'tokenRefused', refusal: withdrawn }
    this.#grant = answer
    if (this.#isAsked) {
      this.#isAsked = false
      this.readOrNot()
    }
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
    this.#host.happened(tenant, document, input)
    if (input.type === 'left') this.#host.forgetLink(input.link)
  }
}
