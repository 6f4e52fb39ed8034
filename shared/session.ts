// session.ts — the relay's end of one native socket: hello, token, its links, signs of life. Knows: what may be said
// when, and which number stands for which link. Must not know: rooms' insides, bytes, how a token is checked. What
// it lets through to a room, the token allows. [S1]
import { linksMax, silenceMs, silencesMax, waitingMessagesMax } from './limits.ts'
import { closedCode, comeBack, goodbyeCode, right, want, wireVersion } from './message.ts'
import type {
  ClosedCode,
  ComeBack,
  Durability,
  GoodbyeCode,
  Message,
  MessageOf,
  RefusedCode,
} from './message.ts'
import type { ProtocolError } from './protocol-error.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import { unreachable } from './unreachable.ts'

/** What a checked token allows. */
export type Grant = {
  readonly tenant: string
  readonly subject: string
  /** Undefined: it does not expire. */
  readonly expiresAt: number | undefined
  readonly rightsVersion: number
  /** Bits of `right`; 0: may not even know whether there is such a document. */
  readonly rightsOf: (document: string) => number
}

export type SessionInput =
  | { readonly type: 'received'; readonly message: Message }
  | { readonly type: 'garbled'; readonly error: ProtocolError }
  | { readonly type: 'tokenChecked'; readonly grant: Grant | undefined; readonly reason: string }
  /** Whether the secret is the one with which this replica id was first named. */
  | { readonly type: 'replicaChecked'; readonly isItsOwn: boolean }
  /** A room has something for a link of this socket. */
  | { readonly type: 'told'; readonly message: Message }
  | {
      readonly type: 'closed'
      readonly link: LinkId
      readonly code: ClosedCode | RefusedCode
      readonly reason: string
    }
  /** The relay is being stopped, or the socket has to end for another reason. */
  | {
      readonly type: 'dismissed'
      readonly code: GoodbyeCode
      readonly comeBack: ComeBack
      readonly afterMs: number
      readonly reason: string
    }
  | { readonly type: 'woken' }
  | { readonly type: 'lost' }

export type SessionEffect =
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'checkToken'; readonly token: string }
  | {
      readonly type: 'checkReplica'
      readonly tenant: string
      readonly replica: Uint8Array
      readonly secret: Uint8Array
    }
  | {
      readonly type: 'happened'
      readonly tenant: string
      readonly document: string
      readonly input: RoomInput
    }
  /** After what was sent has gone out. */
  | { readonly type: 'end' }
  | { readonly type: 'wakeAt'; readonly time: number }

export type SessionOptions = {
  /** Gives links numbers, different ones within the relay's process. */
  readonly nextLink: () => LinkId
  readonly durability: Durability
  readonly entryBytesMax: number
}

type Hello = MessageOf<'hello'>

type Phase =
  | { readonly is: 'meeting' }
  | { readonly is: 'met'; readonly hello: Hello }
  | { readonly is: 'checkingToken'; readonly hello: Hello; readonly early: Message[] }
  | {
      readonly is: 'checkingReplica'
      readonly hello: Hello
      readonly grant: Grant
      readonly early: Message[]
    }
  | { readonly is: 'open'; readonly hello: Hello; readonly grant: Grant; readonly isChecking: boolean }
  | { readonly is: 'ended' }

type OpenLink = { readonly id: LinkId; readonly number: number; readonly document: string; rights: number }

export class Session {
  readonly #options: SessionOptions
  #phase: Phase = { is: 'meeting' }
  readonly #links = new Map<number, OpenLink>()
  #heardAt: number
  #sentAt: number
  #warnedOfExpiry = false
  #nonce = 0
  #effects: SessionEffect[] = []

  constructor(options: SessionOptions, now: number) {
    this.#options = options
    this.#heardAt = now
    this.#sentAt = now
  }

  get linkCount(): number {
    return this.#links.size
  }

  step(input: SessionInput, now: number): readonly SessionEffect[] {
    this.#effects = []
    if (this.#phase.is !== 'ended') this.#take(input, now)
    return this.#effects
  }

  #take(input: SessionInput, now: number): void {
    switch (input.type) {
      case 'received':
        this.#heardAt = now
        return this.#receive(input.message, now)
      case 'garbled':
        return this.#dismiss(
          goodbyeCode.malformed,
          comeBack.no,
          `${input.error.code}: ${input.error.message}`,
        )
      case 'tokenChecked':
        return this.#tokenChecked(input.grant, input.reason, now)
      case 'replicaChecked':
        return this.#replicaChecked(input.isItsOwn, now)
      case 'told':
        return this.#send(input.message, now)
      case 'closed':
        return this.#closed(input, now)
      case 'dismissed':
        return this.#dismiss(input.code, input.comeBack, input.reason, input.afterMs)
      case 'woken':
        return this.#lookAtClock(now)
      case 'lost':
        return this.#lose(false)
      default:
        return unreachable(input)
    }
  }

  #receive(message: Message, now: number): void {
    const phase = this.#phase
    switch (phase.is) {
      case 'meeting':
        return this.#meet(message, now)
      case 'met':
        if (message.type !== 'authenticate') return this.#dismissOutOfOrder(message)
        this.#phase = { is: 'checkingToken', hello: phase.hello, early: [] }
        return this.#emit({ type: 'checkToken', token: message.token })
      case 'checkingToken':
      case 'checkingReplica':
        if (phase.early.length >= waitingMessagesMax)
          return this.#dismissTooMuch('messages before the answer to hello')
        phase.early.push(message)
        return undefined
      case 'open':
        return this.#converse(message, phase, now)
      case 'ended':
        return undefined
      default:
        return unreachable(phase)
    }
  }

  // Meeting.

  #meet(message: Message, now: number): void {
    if (message.type !== 'hello') return this.#dismissOutOfOrder(message)
    if (!message.versions.includes(wireVersion)) {
      return this.#dismiss(
        goodbyeCode.version,
        comeBack.withVersion,
        `This relay speaks version ${wireVersion}.`,
      )
    }
    const { durability, entryBytesMax } = this.#options
    this.#send(
      {
        type: 'welcome',
        version: wireVersion,
        capabilities: 0,
        time: now,
        durability,
        silenceMs,
        entryBytesMax,
      },
      now,
    )
    this.#phase = { is: 'met', hello: message }
    this.#wakeForSilence(now)
    return undefined
  }

  #tokenChecked(grant: Grant | undefined, reason: string, now: number): void {
    const phase = this.#phase
    if (grant === undefined) {
      return this.#dismiss(goodbyeCode.unauthenticated, comeBack.withToken, reason)
    }
    if (phase.is === 'checkingToken') {
      const { replica, secret } = phase.hello
      this.#phase = { is: 'checkingReplica', hello: phase.hello, grant, early: phase.early }
      this.#emit({ type: 'checkReplica', tenant: grant.tenant, replica, secret })
    } else if (phase.is === 'open') {
      if (grant.tenant !== phase.grant.tenant || grant.subject !== phase.grant.subject) {
        return this.#dismiss(goodbyeCode.otherSubject, comeBack.no, 'This token is of somebody else.')
      }
      this.#phase = { ...phase, grant, isChecking: false }
      this.#sayGrant(grant, now)
      this.#applyRights(grant, now)
    }
    return undefined
  }

  #replicaChecked(isItsOwn: boolean, now: number): void {
    const phase = this.#phase
    if (phase.is !== 'checkingReplica') return undefined
    if (!isItsOwn) {
      return this.#dismiss(
        goodbyeCode.replicaTaken,
        comeBack.later,
        'This replica id is somebody else\u2019s.',
      )
    }
    this.#phase = { is: 'open', hello: phase.hello, grant: phase.grant, isChecking: false }
    this.#sayGrant(phase.grant, now)
    for (const message of phase.early) this.#receive(message, now)
    return undefined
  }

  #sayGrant(grant: Grant, now: number): void {
    const { tenant, subject, expiresAt, rightsVersion } = grant
    const expiresInMs = expiresAt === undefined ? 0 : Math.max(1, expiresAt - now)
    this.#send({ type: 'authenticated', tenant, subject, expiresInMs, rightsVersion }, now)
    this.#warnedOfExpiry = false
    if (expiresAt !== undefined) this.#emit({ type: 'wakeAt', time: warningAt(expiresAt, now) })
  }

  #applyRights(grant: Grant, now: number): void {
    for (const link of this.#links.values()) {
      const rights = grant.rightsOf(link.document)
      if (rights === link.rights) continue
      if ((rights & right.read) === 0) {
        this.#leave(link, true)
        this.#sayClosed(
          link.number,
          closedCode.forbidden,
          comeBack.withToken,
          'Your right to read this has ended.',
          now,
        )
      } else {
        link.rights = rights
        this.#toRoom(link, { type: 'rightsChanged', link: link.id, mayWrite: (rights & right.write) !== 0 })
      }
    }
  }

  // Conversation.

  #converse(message: Message, phase: Phase & { is: 'open' }, now: number): void {
    switch (message.type) {
      case 'authenticate':
        this.#phase = { ...phase, isChecking: true }
        return this.#emit({ type: 'checkToken', token: message.token })
      case 'ping':
        return this.#send({ type: 'pong', nonce: message.nonce, time: now }, now)
      case 'pong':
        return undefined
      case 'goodbye':
        this.#lose(true)
        return this.#emit({ type: 'end' })
      case 'open':
        return this.#open(message, phase, now)
      case 'leave':
        return this.#withLink(message.link, (link) => this.#leave(link, true))
      case 'known':
        return this.#withLink(message.link, (link) =>
          this.#toRoom(link, { type: 'knew', link: link.id, stateVector: message.stateVector }),
        )
      case 'push':
        return this.#withLink(message.link, (link) =>
          this.#toRoom(link, { type: 'pushed', link: link.id, entries: message.entries }),
        )
      case 'filed':
        return this.#withLink(message.link, (link) =>
          this.#toRoom(link, { type: 'filed', link: link.id, entries: message.entries }),
        )
      case 'digest':
        return this.#withLink(message.link, (link) => {
          const { position, digest } = message
          this.#toRoom(link, { type: 'compareAsked', link: link.id, position, digest })
        })
      case 'presence':
        return this.#withLink(message.linkOrRoom, (link) =>
          this.#toRoom(link, { type: 'presenceSaid', link: link.id, entries: message.entries }),
        )
      case 'changes':
        // docs/INVARIANTS.md §3: asked too early is no fault.
        return undefined
      default:
        return this.#dismissOutOfOrder(message)
    }
  }

  #open(message: MessageOf<'open'>, { hello, grant }: Phase & { is: 'open' }, now: number): void {
    if (this.#links.size >= linksMax) return this.#dismissTooMuch('links')
    if (this.#links.has(message.link)) return this.#dismissOutOfOrder(message)
    const rights = grant.rightsOf(message.document)
    if ((rights & right.read) === 0) {
      const reason = 'This document may not be read with this token.'
      return this.#sayClosed(message.link, closedCode.forbidden, comeBack.withToken, reason, now)
    }
    const link = { id: this.#options.nextLink(), number: message.link, document: message.document, rights }
    this.#links.set(message.link, link)
    return this.#toRoom(link, {
      type: 'joined',
      link: link.id,
      number: link.number,
      wire: 'native',
      replica: hello.replica,
      mayWrite: (rights & right.write) !== 0,
      wantsPresence: (message.wants & want.presence) !== 0,
      knowledge: message.knowledge,
    })
  }

  /** Words for a link that is gone are no fault: they crossed with the word that it is. */
  #withLink(number: number, act: (link: OpenLink) => void): void {
    const link = this.#links.get(number)
    if (link !== undefined) act(link)
  }

  #leave(link: OpenLink, saidSo: boolean): void {
    this.#links.delete(link.number)
    this.#toRoom(link, { type: 'left', link: link.id, saidSo })
  }

  #closed({ link: id, code, reason }: SessionInput & { type: 'closed' }, now: number): void {
    const link = [...this.#links.values()].find((open) => open.id === id)
    if (link === undefined) return
    this.#leave(link, true)
    const word = code === closedCode.replaced || code === closedCode.tooLarge ? code : closedCode.forbidden
    const again = code === closedCode.replaced ? comeBack.later : comeBack.no
    this.#sayClosed(link.number, word, again, reason, now)
  }

  // The clock.

  #lookAtClock(now: number): void {
    if (now - this.#heardAt >= silenceMs * silencesMax) {
      return this.#dismiss(goodbyeCode.silent, comeBack.later, 'Nothing was heard of you.')
    }
    const { expiresAt } = this.#phase.is === 'open' ? this.#phase.grant : { expiresAt: undefined }
    if (expiresAt !== undefined && now >= expiresAt) {
      return this.#dismiss(goodbyeCode.unauthenticated, comeBack.withToken, 'Your token has expired.')
    }
    if (expiresAt !== undefined && !this.#warnedOfExpiry && now >= warningAt(expiresAt, now)) {
      this.#warnedOfExpiry = true
      this.#send({ type: 'authExpiring', inMs: expiresAt - now }, now)
      this.#emit({ type: 'wakeAt', time: expiresAt })
    }
    if (now - this.#sentAt >= silenceMs) this.#send({ type: 'ping', nonce: ++this.#nonce }, now)
    return this.#wakeForSilence(now)
  }

  #wakeForSilence(now: number): void {
    this.#emit({
      type: 'wakeAt',
      time: Math.max(now + 1, Math.min(this.#sentAt + silenceMs, now + silenceMs)),
    })
  }

  // Ending.

  #dismissOutOfOrder({ type }: Message): void {
    this.#dismiss(goodbyeCode.outOfOrder, comeBack.no, `«${type}» has no place here.`)
  }

  #dismissTooMuch(what: string): void {
    this.#dismiss(goodbyeCode.tooMuch, comeBack.later, `Too many ${what}.`)
  }

  #dismiss(code: GoodbyeCode, again: ComeBack, reason: string, afterMs = 0): void {
    this.#emit({ type: 'send', message: { type: 'goodbye', code, comeBack: again, afterMs, reason } })
    this.#lose(code !== goodbyeCode.silent)
    this.#emit({ type: 'end' })
  }

  #lose(saidSo: boolean): void {
    for (const link of this.#links.values()) this.#leave(link, saidSo)
    this.#phase = { is: 'ended' }
  }

  #sayClosed(link: number, code: ClosedCode, again: ComeBack, reason: string, now: number): void {
    this.#send({ type: 'closed', link, code, comeBack: again, afterMs: 0, reason }, now)
  }

  #toRoom(link: OpenLink, input: RoomInput): void {
    if (this.#phase.is !== 'open') return
    const { tenant } = this.#phase.grant
    this.#emit({ type: 'happened', tenant, document: link.document, input })
  }

  #send(message: Message, now: number): void {
    this.#sentAt = now
    this.#emit({ type: 'send', message })
  }

  #emit(effect: SessionEffect): void {
    this.#effects.push(effect)
  }
}

/** Time enough to fetch another token, also where tokens live only for a minute. */
function warningAt(expiresAt: number, now: number): number {
  return Math.max(now, expiresAt - 60_000)
}
