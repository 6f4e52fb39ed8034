// session.ts — the relay's end of one native socket: hello, token, its links, signs of life. Knows: what may be said
// when, and which number stands for which link. Must not know: rooms' insides, bytes, how a token is checked. What
// it lets through to a room, the token allows. [S1]
import { AskedOpens } from './asked-opens.ts'
import { linksMax, silenceMs, silencesMax, waitingMessagesMax } from './limits.ts'
import {
  closedCode,
  comeBack,
  goodbyeCode,
  knowledgeKind,
  relayMode,
  right,
  want,
  wireVersion,
} from './message.ts'
import type { ClosedCode, ComeBack, GoodbyeCode, Message, MessageOf } from './message.ts'
import type { ProtocolError } from './protocol-error.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import type { Grant, Refusal, SessionEffect, SessionInput, SessionOptions } from './session-words.ts'
import { stateVectorFault } from './state-vector.ts'
import { unreachable } from './unreachable.ts'
import type { WorkspaceInput } from './workspace.ts'

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
  | { readonly is: 'open'; readonly replica: Uint8Array; readonly grant: Grant; readonly checking: Checking }
  | { readonly is: 'ended' }

/** One token at a time: of those that came meanwhile the last one counts. [B1] */
type Checking = { readonly is: 'nothing' } | { readonly is: 'token'; readonly nextToken: string | undefined }

const noCheck: Checking = { is: 'nothing' }

const rightEnded: Refusal = {
  code: 'forbidden',
  reason: 'Your right to read this document has ended. (forbidden)',
  isPassing: false,
}

/** Before a link is opened again of which nobody could say what is allowed. */
const askAgainMs = 5_000

type OpenLink = { readonly id: LinkId; readonly number: number; readonly document: string; rights: number }

export class Session {
  readonly #options: SessionOptions
  #phase: Phase = { is: 'meeting' }
  readonly #links = new Map<number, OpenLink>()
  #asked: AskedOpens | undefined
  /** By which it is told what changed, once it has asked. */
  #workspaceLink: LinkId | undefined
  #heardAt: number
  #sentAt: number
  /** When to say that the token expires; undefined: it was said, or it does not. */
  #warnsAt: number | undefined
  #nonce = 0
  #effects: SessionEffect[] | undefined

  constructor(options: SessionOptions, now: number) {
    this.#options = options
    this.#heardAt = now
    this.#sentAt = now
  }

  get linkCount(): number {
    return this.#links.size
  }

  get documents(): string[] {
    return [...this.#links.values()].map(({ document }) => document)
  }

  step(input: SessionInput, now: number): readonly SessionEffect[] {
    const effects: SessionEffect[] = []
    this.#effects = effects
    if (this.#phase.is !== 'ended') this.#take(input, now)
    this.#effects = undefined
    return effects
  }

  #take(input: SessionInput, now: number): void {
    switch (input.type) {
      case 'received':
        this.#heardAt = now
        return this.#hear(input.message, now)
      case 'garbled':
        return this.#dismissMalformed(input.error)
      case 'tokenChecked':
        return this.#tokenChecked(input.grant, now)
      case 'tokenRefused':
        return this.#tokenRefused(input.refusal)
      case 'grantRenewed':
        return this.#grantRenewed(input.grant, now)
      case 'rightsAnswered':
        return this.#rightsAnswered(input, now)
      case 'replicaChecked':
        return this.#replicaChecked(input.isItsOwn, now)
      case 'told':
        return this.#send(input.message, now)
      case 'filled':
      case 'drained':
        return this.#tellAll(input.type)
      case 'modeChanged':
        if (this.#phase.is === 'open') this.#send(this.#options.mode(), now)
        return undefined
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

  /** A room works with a state vector long after this turn: its fault would look like one of the relay's. [W1] */
  #hear(message: Message, now: number): void {
    const stateVector = stateVectorIn(message)
    const fault = stateVector === undefined ? undefined : stateVectorFault(stateVector)
    if (fault === undefined) this.#receive(message, now)
    else this.#dismissMalformed(fault)
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

  #tokenChecked(grant: Grant, now: number): void {
    const phase = this.#phase
    if (phase.is === 'checkingToken') {
      const { replica, secret } = phase.hello
      this.#phase = { is: 'checkingReplica', hello: phase.hello, grant, early: phase.early }
      this.#emit({ type: 'checkReplica', tenant: grant.tenant, replica, secret })
    } else if (phase.is === 'open') {
      if (isOfSomebodyElse(grant, phase.grant)) return this.#dismissOther()
      this.#phase = { ...phase, grant, checking: noCheck }
      this.#sayGrant(grant, now)
      for (const link of this.#links.values()) this.#applyRights(link, grant, now)
      this.#toWorkspace((link) => ({ type: 'grantChanged', link, grant }))
      if (phase.checking.is === 'token' && phase.checking.nextToken !== undefined)
        this.#checkAgain(phase.checking.nextToken)
    }
    return undefined
  }

  #tokenRefused({ reason, isPassing }: Refusal): void {
    if (isPassing) this.#dismiss(goodbyeCode.failing, comeBack.later, reason)
    else this.#dismiss(goodbyeCode.unauthenticated, comeBack.withToken, reason)
  }

  #grantRenewed(grant: Grant, now: number): void {
    const phase = this.#phase
    if (phase.is !== 'open' && phase.is !== 'checkingReplica') return undefined
    if (isOfSomebodyElse(grant, phase.grant)) return this.#dismissOther()
    this.#phase = { ...phase, grant }
    if (phase.is !== 'open') return undefined
    const { expiresAt, rightsVersion } = phase.grant
    if (grant.expiresAt !== expiresAt || grant.rightsVersion !== rightsVersion) this.#sayGrant(grant, now)
    for (const link of this.#links.values()) this.#applyRights(link, grant, now)
    this.#toWorkspace((link) => ({ type: 'grantChanged', link, grant }))
    return undefined
  }

  #checkAgain(token: string): void {
    if (this.#phase.is !== 'open') return
    const { checking } = this.#phase
    if (checking.is === 'nothing') this.#emit({ type: 'checkToken', token })
    const nextToken = checking.is === 'nothing' ? undefined : token
    this.#phase = { ...this.#phase, checking: { is: 'token', nextToken } }
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
    // Of a greeting that was a frame only the id is kept, and none of the frame with it.
    const replica = phase.hello.replica.slice()
    this.#phase = { is: 'open', replica, grant: phase.grant, checking: noCheck }
    this.#sayGrant(phase.grant, now)
    const mode = this.#options.mode()
    if (mode.mode !== relayMode.normal) this.#send(mode, now)
    for (const message of phase.early) this.#receive(message, now)
    return undefined
  }

  #sayGrant(grant: Grant, now: number): void {
    const { tenant, subject, expiresAt, rightsVersion } = grant
    const expiresInMs = expiresAt === undefined ? 0 : Math.max(1, Math.floor(expiresAt - now))
    this.#send({ type: 'authenticated', tenant, subject, expiresInMs, rightsVersion }, now)
    this.#warnsAt = expiresAt === undefined ? undefined : warningAt(expiresAt, now)
    if (this.#warnsAt !== undefined) this.#emit({ type: 'wakeAt', time: this.#warnsAt })
  }

  #applyRights(link: OpenLink, grant: Grant, now: number): void {
    const rights = grant.rightsOf(link.document)
    if (rights === undefined) {
      this.#emit({ type: 'askRights', link: link.number, document: link.document })
    } else if ((rights & right.read) === 0) {
      this.#shut(link, rightEnded, now)
    } else if (rights !== link.rights) {
      link.rights = rights
      this.#toRoom(link, { type: 'rightsChanged', link: link.id, mayWrite: (rights & right.write) !== 0 })
    }
  }

  #rightsAnswered(
    { link: number, document, refusal }: SessionInput & { type: 'rightsAnswered' },
    now: number,
  ): void {
    const phase = this.#phase
    if (phase.is !== 'open') return
    const asked = this.#asked?.take(number, document)
    const link = this.#links.get(number)
    if (asked !== undefined) {
      if (refusal !== undefined) return this.#sayRefused(number, refusal, now)
      this.#open(asked.open, phase, now)
      for (const message of asked.early) this.#receive(message, now)
    } else if (link?.document === document) {
      if (refusal === undefined) this.#applyRights(link, phase.grant, now)
      else this.#shut(link, refusal, now)
    }
    return undefined
  }

  #shut(link: OpenLink, refusal: Refusal, now: number): void {
    this.#leave(link, true)
    this.#sayRefused(link.number, refusal, now)
  }

  /** `forbidden` takes the document from the device: not where nobody could say what is allowed. */
  #sayRefused(link: number, { reason, isPassing }: Refusal, now: number): void {
    if (isPassing) this.#sayClosed(link, closedCode.notNow, comeBack.later, reason, now, askAgainMs)
    else this.#sayClosed(link, closedCode.forbidden, comeBack.withToken, reason, now)
  }

  // Conversation.

  #converse(message: Message, phase: Phase & { is: 'open' }, now: number): void {
    if (this.#asked !== undefined && this.#asked.size > 0) {
      const waits = this.#asked.keep(message)
      if (waits === 'tooMany') return this.#dismissTooMuch('messages before the answer to open')
      if (waits === 'kept') return undefined
    }
    switch (message.type) {
      case 'authenticate':
        return this.#checkAgain(message.token)
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
          this.#toRoom(link, {
            type: 'presenceSaid',
            link: link.id,
            entries: message.entries,
            isOpening: false,
          }),
        )
      case 'changes': {
        const { cursor, follow } = message
        const { grant } = phase
        this.#workspaceLink ??= this.#options.nextLink()
        return this.#toWorkspace((link) => ({ type: 'changesAsked', link, cursor, follow, grant }))
      }
      default:
        return this.#dismissOutOfOrder(message)
    }
  }

  #open(message: MessageOf<'open'>, { replica, grant }: Phase & { is: 'open' }, now: number): void {
    if (this.#links.size + (this.#asked?.size ?? 0) >= linksMax) return this.#dismissTooMuch('links')
    if (this.#links.has(message.link) || this.#asked?.has(message.link) === true) {
      return this.#dismissOutOfOrder(message)
    }
    const rights = grant.rightsOf(message.document)
    if (rights === undefined) {
      this.#asked ??= new AskedOpens()
      this.#asked.ask(message)
      return this.#emit({ type: 'askRights', link: message.link, document: message.document })
    }
    if ((rights & right.read) === 0) {
      const reason = 'This document may not be read with this token. (forbidden)'
      return this.#sayClosed(message.link, closedCode.forbidden, comeBack.withToken, reason, now)
    }
    const link = { id: this.#options.nextLink(), number: message.link, document: message.document, rights }
    this.#links.set(message.link, link)
    return this.#toRoom(link, {
      type: 'joined',
      link: link.id,
      number: link.number,
      wire: 'native',
      replica,
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

  #closed({ link: id, code, reason, afterMs }: SessionInput & { type: 'closed' }, now: number): void {
    const link = [...this.#links.values()].find((open) => open.id === id)
    if (link === undefined) return
    this.#leave(link, true)
    const word = Object.values(closedCode).find((known) => known === code) ?? closedCode.forbidden
    const again = word === closedCode.replaced || word === closedCode.notNow ? comeBack.later : comeBack.no
    this.#sayClosed(link.number, word, again, reason, now, afterMs)
  }

  // The clock.

  #lookAtClock(now: number): void {
    if (now - this.#heardAt >= silenceMs * silencesMax) {
      return this.#dismiss(goodbyeCode.silent, comeBack.later, 'Nothing was heard of you.')
    }
    const { expiresAt } = this.#phase.is === 'open' ? this.#phase.grant : { expiresAt: undefined }
    if (expiresAt !== undefined && now >= expiresAt) {
      return this.#dismiss(
        goodbyeCode.unauthenticated,
        comeBack.withToken,
        'Your token has expired. (token-expired)',
      )
    }
    if (expiresAt !== undefined && this.#warnsAt !== undefined && now >= this.#warnsAt) {
      this.#warnsAt = undefined
      this.#send({ type: 'authExpiring', inMs: Math.max(0, Math.floor(expiresAt - now)) }, now)
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

  /** Whoever says it once would say it again. */
  #dismissMalformed({ code, message }: ProtocolError): void {
    this.#dismiss(goodbyeCode.malformed, comeBack.no, `${code}: ${message}`)
  }

  #dismissOutOfOrder({ type }: Message): void {
    this.#dismiss(goodbyeCode.outOfOrder, comeBack.no, `«${type}» has no place here.`)
  }

  #dismissOther(): void {
    this.#dismiss(goodbyeCode.otherSubject, comeBack.no, 'This token is of somebody else.')
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
    this.#toWorkspace((link) => ({ type: 'left', link }))
    this.#phase = { is: 'ended' }
  }

  #sayClosed(
    link: number,
    code: ClosedCode,
    again: ComeBack,
    reason: string,
    now: number,
    afterMs = 0,
  ): void {
    this.#send({ type: 'closed', link, code, comeBack: again, afterMs, reason }, now)
  }

  #tellAll(type: 'filled' | 'drained'): void {
    this.#toWorkspace((link) => ({ type, link }))
    for (const link of this.#links.values()) this.#toRoom(link, { type, link: link.id })
  }

  #toRoom(link: OpenLink, input: RoomInput): void {
    if (this.#phase.is !== 'open') return
    const { tenant } = this.#phase.grant
    this.#emit({ type: 'happened', tenant, document: link.document, input })
  }

  #toWorkspace(inputFor: (link: LinkId) => WorkspaceInput): void {
    if (this.#phase.is !== 'open' || this.#workspaceLink === undefined) return
    const { tenant } = this.#phase.grant
    this.#emit({ type: 'workspace', tenant, input: inputFor(this.#workspaceLink) })
  }

  #send(message: Message, now: number): void {
    this.#sentAt = now
    this.#emit({ type: 'send', message })
  }

  #emit(effect: SessionEffect): void {
    if (this.#effects === undefined) throw new Error('A session asks for something between two steps.')
    this.#effects.push(effect)
  }
}

function stateVectorIn(message: Message): Uint8Array | undefined {
  if (message.type === 'known') return message.stateVector
  if (message.type !== 'open' || message.knowledge.kind !== knowledgeKind.content) return undefined
  return message.knowledge.stateVector
}

function isOfSomebodyElse(grant: Grant, before: Grant): boolean {
  return grant.tenant !== before.tenant || grant.subject !== before.subject
}

/** A minute before, or half-way where there is less: a warning at once would ask for the next token without end. [L1] */
function warningAt(expiresAt: number, now: number): number {
  return Math.max(now + Math.floor((expiresAt - now) / 2), expiresAt - 60_000)
}
