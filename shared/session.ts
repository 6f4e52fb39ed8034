// session.ts — the relay's end of one native socket: hello, token, signs of life, and what is said on it; its links are
// session-links.ts. Knows: what may be said when (session-words.ts), which token counts. Must not know: rooms' insides,
// bytes, how a token is checked.
import { EarlySize } from './early-size.ts'
import {
  malformed,
  otherSubject,
  otherVersion,
  outOfOrder,
  replicaTaken,
  silent,
  tokenExpired,
  tokenRefused,
  tooManyLinks,
  tooMuchWaits,
} from './farewell.ts'
import type { Farewell } from './farewell.ts'
import { silenceMs, waitingMessageBytesMax, waitingMessagesMax } from './limits.ts'
import { goodbyeCode, knowledgeKind, relayMode, wireVersion } from './message.ts'
import type { Message, MessageOf } from './message.ts'
import type { LinkId } from './room-words.ts'
import { SessionClock } from './session-clock.ts'
import { SessionLinks } from './session-links.ts'
import { meanings, places } from './session-words.ts'
import type { Grant, SessionEffect, SessionInput, SessionOptions, SessionPhase } from './session-words.ts'
import { stateVectorFault } from './state-vector.ts'
import { unreachable } from './unreachable.ts'
import type { WorkspaceInput } from './workspace.ts'

/** What C says before it is known who it is. */
type Greeting = {
  readonly hello: MessageOf<'hello'>
  readonly early: Message[]
  readonly size: EarlySize
}

type Phase =
  | { readonly is: 'meeting' }
  | { readonly is: 'met'; readonly hello: MessageOf<'hello'> }
  | { readonly is: 'checkingToken'; readonly greeting: Greeting }
  | { readonly is: 'checkingReplica'; readonly greeting: Greeting; readonly grant: Grant }
  | { readonly is: 'open'; readonly links: SessionLinks; readonly grant: Grant; readonly checking: Checking }
  | { readonly is: 'ended' }

/** One token at a time: of those that came meanwhile the last one counts. [B1] */
type Checking = { readonly is: 'nothing' } | { readonly is: 'token'; readonly nextToken: string | undefined }

const noCheck: Checking = { is: 'nothing' }

export class Session {
  readonly #options: SessionOptions
  #phase: Phase = { is: 'meeting' }
  /** By which it is told what changed, once it has asked. */
  #workspaceLink: LinkId | undefined
  #now: number
  readonly #clock: SessionClock
  #nonce = 0
  #effects: SessionEffect[] | undefined

  constructor(options: SessionOptions, now: number) {
    this.#options = options
    this.#now = now
    this.#clock = new SessionClock(now)
  }

  get phase(): SessionPhase {
    return this.#phase.is
  }

  get linkCount(): number {
    return this.#phase.is === 'open' ? this.#phase.links.count : 0
  }

  get documents(): string[] {
    return this.#phase.is === 'open' ? this.#phase.links.documents : []
  }

  step(input: SessionInput, now: number): readonly SessionEffect[] {
    const effects: SessionEffect[] = []
    this.#effects = effects
    this.#now = now
    if (input.type === 'received') this.#clock.heard(now)
    this.#dispatch(input)
    this.#effects = undefined
    return effects
  }

  #dispatch(input: SessionInput): void {
    switch (meanings[this.#phase.is][input.type]) {
      case 'take':
        return this.#take(input)
      case 'keep':
        return input.type === 'received' ? this.#keep(input.message) : undefined
      case 'pass':
        return undefined
      case 'fault':
        throw new Error(`A session that is ${this.#phase.is} was told «${input.type}».`)
    }
  }

  #take(input: SessionInput): void {
    switch (input.type) {
      case 'received':
        return this.#receive(input.message)
      case 'garbled':
        return this.#dismiss(malformed(input.error))
      case 'tokenChecked':
        return this.#tokenChecked(input.grant)
      case 'tokenRefused':
        return this.#dismiss(tokenRefused(input.refusal))
      case 'grantRenewed':
        return this.#grantRenewed(input.grant)
      case 'rightsAnswered':
        return this.#hearAgain(this.#opened.links.rightsAnswered(input, this.#opened.grant))
      case 'replicaChecked':
        return this.#replicaChecked(input.isItsOwn)
      case 'told':
        return this.#send(input.message)
      case 'filled':
      case 'drained':
        this.#toWorkspace((link) => ({ type: input.type, link }))
        return this.#opened.links.fill(input.type === 'filled')
      case 'modeChanged':
        return this.#send(this.#options.mode())
      case 'closed':
        return this.#opened.links.closed(input)
      case 'dismissed':
        return this.#dismiss(input)
      case 'woken':
        return this.#lookAtClock()
      case 'lost':
        return this.#lose(false)
      default:
        return unreachable(input)
    }
  }

  get #opened(): Phase & { readonly is: 'open' } {
    if (this.#phase.is !== 'open') throw new Error('Only an open session has links.')
    return this.#phase
  }

  #receive(message: Message): void {
    // A room works with a state vector long after this turn: its fault would look like one of the relay's. [W1]
    const stateVector = stateVectorIn(message)
    const fault = stateVector === undefined ? undefined : stateVectorFault(stateVector)
    const isTooLarge = fault?.code === 'too-many-clients'
    if (fault !== undefined && !isTooLarge) return this.#dismiss(malformed(fault))
    const phase = this.#phase
    if (!places[message.type].includes(phase.is)) return this.#dismiss(outOfOrder(message))
    if (phase.is === 'open') return this.#converse(message, isTooLarge)
    if (message.type === 'hello') return this.#meet(message)
    if (message.type === 'authenticate' && phase.is === 'met') return this.#authenticate(phase.hello, message)
    throw new Error(`«${message.type}» has a place here, and nobody to hear it.`)
  }

  #keep(message: Message): void {
    const phase = this.#phase
    if (phase.is !== 'checkingToken' && phase.is !== 'checkingReplica')
      throw new Error('Only a greeting that is checked has something to come.')
    const { early, size } = phase.greeting
    if (size.add(message)) early.push(message)
    else this.#dismiss(tooMuchWaits('hello'))
  }

  /** As if it came now. */
  #hearAgain(messages: readonly Message[]): void {
    for (const message of messages) this.#dispatch({ type: 'received', message })
  }

  // Meeting.

  #meet(hello: MessageOf<'hello'>): void {
    if (!hello.versions.includes(wireVersion)) return this.#dismiss(otherVersion)
    const { durability, entryBytesMax } = this.#options
    const terms = { version: wireVersion, capabilities: 0, durability, silenceMs, entryBytesMax } as const
    this.#send({ type: 'welcome', time: this.#now, ...terms })
    this.#phase = { is: 'met', hello }
    return this.#wakeAt(this.#clock.signDueAt(this.#now))
  }

  #authenticate(hello: MessageOf<'hello'>, { token }: MessageOf<'authenticate'>): void {
    const size = new EarlySize({ countMax: waitingMessagesMax, bytesMax: waitingMessageBytesMax })
    this.#phase = { is: 'checkingToken', greeting: { hello, early: [], size } }
    this.#emit({ type: 'checkToken', token })
  }

  #replicaChecked(isItsOwn: boolean): void {
    const phase = this.#phase
    if (phase.is !== 'checkingReplica') throw new Error('A replica was checked that nobody asked about.')
    if (!isItsOwn) return this.#dismiss(replicaTaken)
    const { hello, early } = phase.greeting
    const links = new SessionLinks({
      // Of a greeting that was a frame only the id is kept, and none of the frame with it.
      replica: hello.replica.slice(),
      tenant: phase.grant.tenant,
      nextLink: this.#options.nextLink,
      emit: (effect) => this.#emit(effect),
    })
    this.#phase = { is: 'open', links, grant: phase.grant, checking: noCheck }
    this.#sayGrant(phase.grant)
    const mode = this.#options.mode()
    if (mode.mode !== relayMode.normal) this.#send(mode)
    return this.#hearAgain(early)
  }

  // Tokens.

  #tokenChecked(grant: Grant): void {
    const phase = this.#phase
    if (phase.is === 'checkingToken') {
      const { greeting } = phase
      const { replica, secret } = greeting.hello
      this.#phase = { is: 'checkingReplica', greeting, grant }
      return this.#emit({ type: 'checkReplica', tenant: grant.tenant, replica, secret })
    }
    const { checking, grant: before } = this.#opened
    if (isOfSomebodyElse(grant, before)) return this.#dismiss(otherSubject)
    this.#phase = { ...this.#opened, checking: noCheck }
    this.#sayGrant(grant)
    this.#applyGrant(grant)
    if (checking.is === 'token' && checking.nextToken !== undefined) this.#checkAgain(checking.nextToken)
    return undefined
  }

  #grantRenewed(grant: Grant): void {
    const phase = this.#phase
    const { grant: before } = phase.is === 'checkingReplica' ? phase : this.#opened
    if (isOfSomebodyElse(grant, before)) return this.#dismiss(otherSubject)
    if (phase.is === 'checkingReplica') {
      this.#phase = { ...phase, grant }
      return undefined
    }
    const { expiresAt, rightsVersion } = before
    if (grant.expiresAt !== expiresAt || grant.rightsVersion !== rightsVersion) this.#sayGrant(grant)
    return this.#applyGrant(grant)
  }

  #applyGrant(grant: Grant): void {
    this.#phase = { ...this.#opened, grant }
    this.#opened.links.applyGrant(grant)
    this.#toWorkspace((link) => ({ type: 'grantChanged', link, grant }))
  }

  #checkAgain(token: string): void {
    const phase = this.#opened
    const isFree = phase.checking.is === 'nothing'
    if (isFree) this.#emit({ type: 'checkToken', token })
    this.#phase = { ...phase, checking: { is: 'token', nextToken: isFree ? undefined : token } }
  }

  #sayGrant(grant: Grant): void {
    const { tenant, subject, expiresAt, rightsVersion } = grant
    const expiresInMs = expiresAt === undefined ? 0 : Math.max(1, Math.floor(expiresAt - this.#now))
    this.#send({ type: 'authenticated', tenant, subject, expiresInMs, rightsVersion })
    const warnsAt = this.#clock.expire(expiresAt, this.#now)
    if (warnsAt !== undefined) this.#wakeAt(warnsAt)
  }

  // Conversation.

  #converse(message: Message, isTooLarge: boolean): void {
    const { links, grant } = this.#opened
    const waits = links.keep(message)
    if (waits === 'tooMuch') return this.#dismiss(tooMuchWaits('open'))
    if (waits === 'kept') return undefined
    if (isTooLarge && 'link' in message) return links.tooLarge(message.link)
    switch (message.type) {
      case 'authenticate':
        return this.#checkAgain(message.token)
      case 'ping':
        return this.#send({ type: 'pong', nonce: message.nonce, time: this.#now })
      case 'pong':
        return undefined
      case 'goodbye':
        this.#lose(true)
        return this.#emit({ type: 'end' })
      case 'open':
        return this.#open(message, links, grant)
      case 'leave':
      case 'known':
      case 'push':
      case 'filed':
      case 'digest':
      case 'presence':
        return links.hear(message)
      case 'changes': {
        const { cursor, follow } = message
        this.#workspaceLink ??= this.#options.nextLink()
        this.#toWorkspace((link) => ({ type: 'changesAsked', link, cursor, follow, grant }))
        if (links.isFull) this.#toWorkspace((link) => ({ type: 'filled', link }))
        return undefined
      }
      default:
        throw new Error(`«${message.type}» has a place here, and nobody to hear it.`)
    }
  }

  #open(message: MessageOf<'open'>, links: SessionLinks, grant: Grant): void {
    const outcome = links.open(message, grant)
    switch (outcome) {
      case 'opened':
        return undefined
      case 'tooMany':
        return this.#dismiss(tooManyLinks)
      case 'tooMuch':
        return this.#dismiss(tooMuchWaits('open'))
      case 'taken':
        return this.#dismiss(outOfOrder(message))
      default:
        return unreachable(outcome)
    }
  }

  // The clock.

  #lookAtClock(): void {
    const now = this.#now
    if (this.#clock.isSilent(now)) return this.#dismiss(silent)
    if (this.#clock.hasExpired(now)) return this.#dismiss(tokenExpired)
    const expiring = this.#clock.warnIfDue(now)
    if (expiring !== undefined) {
      this.#send({ type: 'authExpiring', inMs: expiring.inMs })
      this.#wakeAt(expiring.at)
    }
    if (this.#clock.owesSign(now)) this.#send({ type: 'ping', nonce: ++this.#nonce })
    return this.#wakeAt(this.#clock.signDueAt(now))
  }

  #wakeAt(time: number): void {
    this.#emit({ type: 'wakeAt', time })
  }

  // Ending.

  #dismiss({ code, comeBack, afterMs, reason }: Farewell): void {
    this.#emit({ type: 'send', message: { type: 'goodbye', code, comeBack, afterMs, reason } })
    this.#lose(code !== goodbyeCode.silent)
    this.#emit({ type: 'end' })
  }

  #lose(saidSo: boolean): void {
    if (this.#phase.is === 'open') this.#phase.links.leaveAll(saidSo)
    this.#toWorkspace((link) => ({ type: 'left', link }))
    this.#phase = { is: 'ended' }
  }

  #toWorkspace(inputFor: (link: LinkId) => WorkspaceInput): void {
    if (this.#phase.is !== 'open' || this.#workspaceLink === undefined) return
    const { tenant } = this.#phase.grant
    this.#emit({ type: 'workspace', tenant, input: inputFor(this.#workspaceLink) })
  }

  #send(message: Message): void {
    this.#emit({ type: 'send', message })
  }

  #emit(effect: SessionEffect): void {
    if (this.#effects === undefined) throw new Error('A session asks for something between two steps.')
    if (effect.type === 'send') this.#clock.sent(this.#now)
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
