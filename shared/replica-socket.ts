// replica-socket.ts — the device's one socket: connecting, meeting, tokens, signs of life, and what follows its end.
// Knows: codes, times, the token. Must not know: documents (it says when they may speak). Codes decide whether to come
// back, never text; every stop has a reason and an input that ends it. [L1]
import { failuresAfter, waitMs } from './backoff.ts'
import { comeBack, goodbyeCode, wireVersion } from './message.ts'
import type { Durability, Goodbye, Message, MessageOf, ReplicaMessage } from './message.ts'
import { Heartbeat } from './replica-heartbeat.ts'
import { greetingMsMax, tokenLeadMs } from './replica-limits.ts'
import type { ReplicaEffect, ReplicaInput, RestReason, SocketNumber } from './replica-words.ts'
import { unreachable } from './unreachable.ts'

export type SocketPhase =
  | { readonly is: 'following' }
  | { readonly is: 'resting'; readonly reason: RestReason }
  /** `notBefore`: the relay's word, which only a person overrules. */
  | { readonly is: 'waiting'; readonly until: number; readonly notBefore: number }
  | { readonly is: 'connecting'; readonly socket: SocketNumber; readonly since: number }
  | { readonly is: 'greeting'; readonly socket: SocketNumber; readonly since: number }
  | { readonly is: 'ready'; readonly socket: SocketNumber; readonly since: number }
  /** It was let go, and its end is not reported yet. */
  | {
      readonly is: 'parting'
      readonly socket: SocketNumber
      readonly rest: RestReason | undefined
      readonly afterMs: number
      readonly healthySince: number | undefined
    }

type Identity = Pick<ReplicaInput & { type: 'led' }, 'replica' | 'secret' | 'owner'>

export type SocketHost = {
  readonly emit: (effect: ReplicaEffect) => void
  /** Documents may speak: right behind the greeting, without waiting for an answer. */
  readonly greeted: () => void
  readonly ready: () => void
  readonly lost: () => void
}

export class ReplicaSocket {
  readonly #host: SocketHost
  readonly #trace: string
  #phase: SocketPhase = { is: 'following' }
  #identity: Identity | undefined
  #token: string | undefined
  #sockets = 0
  #failures = 0
  #nonce = 0
  #heartbeat = new Heartbeat(0)
  #wantsOffline = false
  #tokenAskAt: number | undefined
  #isTokenExpiring = false
  #durability: Durability | undefined
  #clockOffsetMs: number | undefined

  constructor(host: SocketHost, trace: string) {
    this.#host = host
    this.#trace = trace
  }

  get phase(): SocketPhase {
    return this.#phase
  }

  get durability(): Durability | undefined {
    return this.#durability
  }

  get clockOffsetMs(): number | undefined {
    return this.#clockOffsetMs
  }

  get isTokenExpiring(): boolean {
    return this.#isTokenExpiring
  }

  /** Documents may speak. */
  get isOpen(): boolean {
    return this.#phase.is === 'greeting' || this.#phase.is === 'ready'
  }

  get wakesAt(): number | undefined {
    const phase = this.#phase
    switch (phase.is) {
      case 'waiting':
        return phase.until
      case 'connecting':
      case 'greeting':
        return phase.since + greetingMsMax
      case 'ready':
        return Math.min(this.#heartbeat.nextAt, this.#tokenAskAt ?? Infinity)
      case 'following':
      case 'resting':
      case 'parting':
        return undefined
      default:
        return unreachable(phase)
    }
  }

  isCurrent(socket: SocketNumber): boolean {
    return 'socket' in this.#phase && this.#phase.socket === socket
  }

  // Leading.

  led(identity: Identity, now: number): void {
    this.#identity = identity
    this.#goOn(now)
  }

  identityMade(replica: Uint8Array, secret: Uint8Array, now: number): void {
    this.#identity = { replica, secret, owner: this.#identity?.owner }
    if (this.#phase.is === 'resting' && this.#phase.reason === 'replicaTaken') this.#goOn(now)
  }

  stepDown(): void {
    if ('socket' in this.#phase) this.#host.emit({ type: 'disconnect', socket: this.#phase.socket })
    if (this.isOpen) this.#host.lost()
    this.#phase = { is: 'following' }
  }

  // What ends a stop.

  roused(by: 'person' | 'event', now: number): void {
    const phase = this.#phase
    if (phase.is === 'waiting' && (by === 'person' || now >= phase.notBefore)) return this.#goOn(now)
    // An event may not overrule a decision; a person may, except of the own wish to work offline.
    if (phase.is !== 'resting' || by !== 'person' || phase.reason === 'workOffline') return undefined
    // The old one was refused: with it, nothing would change.
    if (phase.reason === 'tokenRefused') return this.#host.emit({ type: 'askToken', reason: 'refused' })
    return this.#goOn(now)
  }

  tokenGiven(token: string, now: number): void {
    this.#token = token
    this.#isTokenExpiring = false
    const phase = this.#phase
    if (phase.is === 'greeting' || phase.is === 'ready') this.#send({ type: 'authenticate', token }, now)
    if (phase.is !== 'resting') return
    const { reason } = phase
    if (reason === 'tokenMissing' || reason === 'tokenRefused' || reason === 'otherSubject') this.#goOn(now)
  }

  workOffline(isOn: boolean, now: number): void {
    this.#wantsOffline = isOn
    const phase = this.#phase
    if (isOn) {
      if (phase.is === 'waiting') this.#phase = { is: 'resting', reason: 'workOffline' }
      else if (phase.is === 'connecting' || this.isOpen) this.#part('workOffline', 0)
    } else if (phase.is === 'resting' && phase.reason === 'workOffline') {
      this.#goOn(now)
    }
  }

  woken(now: number): void {
    const phase = this.#phase
    if (phase.is === 'waiting' && now >= phase.until) return this.#goOn(now)
    if ((phase.is === 'connecting' || phase.is === 'greeting') && now - phase.since >= greetingMsMax)
      return this.#part(undefined, 0)
    if (phase.is !== 'ready') return undefined
    if (this.#heartbeat.isSilent(now)) return this.#goodbye(goodbyeCode.silent, now)
    if (this.#heartbeat.isDue(now)) this.#send({ type: 'ping', nonce: (this.#nonce += 1) }, now)
    if (this.#tokenAskAt !== undefined && now >= this.#tokenAskAt) this.#askToken('expiring')
    return undefined
  }

  #goOn(now: number): void {
    if (this.#wantsOffline) {
      this.#phase = { is: 'resting', reason: 'workOffline' }
    } else if (this.#token === undefined) {
      this.#phase = { is: 'resting', reason: 'tokenMissing' }
      this.#askToken('missing')
    } else {
      this.#sockets += 1
      this.#phase = { is: 'connecting', socket: this.#sockets, since: now }
      this.#host.emit({ type: 'connect', socket: this.#sockets })
    }
  }

  // The socket.

  connected(now: number): void {
    const { token } = this
    if (this.#phase.is !== 'connecting' || this.#identity === undefined || token === undefined) return
    const { replica, secret } = this.#identity
    this.#phase = { is: 'greeting', socket: this.#phase.socket, since: now }
    this.#heartbeat = new Heartbeat(now)
    this.#send(
      { type: 'hello', versions: [wireVersion], capabilities: 0, replica, secret, trace: this.#trace },
      now,
    )
    this.#send({ type: 'authenticate', token }, now)
    this.#host.greeted()
  }

  get token(): string | undefined {
    return this.#token
  }

  /** Everything that is about the socket itself. */
  heard(message: Message, now: number): void {
    this.#heartbeat.heard(now)
    if (message.type === 'welcome') this.#welcomed(message, now)
    else if (message.type === 'authenticated') this.#authenticated(message, now)
    else if (message.type === 'authExpiring' && !this.#isTokenExpiring) this.#askToken('expiring')
    else if (message.type === 'ping') this.#send({ type: 'pong', nonce: message.nonce, time: 0 }, now)
    else if (message.type === 'goodbye') this.#dismissed(message)
  }

  garbled(now: number): void {
    this.#goodbye(goodbyeCode.malformed, now)
  }

  disconnected(random: number, now: number): void {
    const phase = this.#phase
    if (this.isOpen) this.#host.lost()
    const rest = phase.is === 'parting' ? phase.rest : undefined
    if (rest === 'tokenRefused' && this.#token !== undefined) return this.#goOn(now)
    if (rest !== undefined) {
      this.#phase = { is: 'resting', reason: rest }
      if (rest === 'tokenRefused') this.#askToken('refused')
      if (rest === 'replicaTaken') this.#host.emit({ type: 'makeIdentity' })
      // What was asked for may have come before the end of the socket did.
      if (rest === 'workOffline' && !this.#wantsOffline) this.#goOn(now)
      return undefined
    }
    const afterMs = phase.is === 'parting' ? phase.afterMs : 0
    const readySince = phase.is === 'ready' ? phase.since : undefined
    const healthySince = phase.is === 'parting' ? phase.healthySince : readySince
    this.#failures = failuresAfter(this.#failures, healthySince, now)
    if (this.#wantsOffline) this.#phase = { is: 'resting', reason: 'workOffline' }
    else {
      const until = now + waitMs(this.#failures, random, afterMs)
      this.#phase = { is: 'waiting', until, notBefore: now + afterMs }
    }
    return undefined
  }

  send(message: ReplicaMessage, now: number): void {
    if (this.isOpen) this.#send(message, now)
  }

  #welcomed({ time, durability, silenceMs }: MessageOf<'welcome'>, now: number): void {
    this.#clockOffsetMs = time - now
    this.#durability = durability
    this.#heartbeat.agree(silenceMs)
  }

  #authenticated({ tenant, subject, expiresInMs }: MessageOf<'authenticated'>, now: number): void {
    const phase = this.#phase
    const owner = this.#identity?.owner
    if (owner === undefined) {
      if (this.#identity !== undefined) this.#identity = { ...this.#identity, owner: { tenant, subject } }
      this.#host.emit({ type: 'bindOwner', tenant, subject })
    } else if (owner.tenant !== tenant || owner.subject !== subject) {
      // Another person's token: what waits here is not theirs to push.
      this.#token = undefined
      return this.#part('otherSubject', 0)
    }
    this.#isTokenExpiring = false
    this.#tokenAskAt = expiresInMs === 0 ? undefined : now + askAfterMs(expiresInMs)
    if (phase.is !== 'greeting') return undefined
    this.#phase = { is: 'ready', socket: phase.socket, since: now }
    return this.#host.ready()
  }

  #dismissed({ code, comeBack: back, afterMs }: Goodbye): void {
    if (code === goodbyeCode.replicaTaken) return this.#part('replicaTaken', 0)
    if (code === goodbyeCode.otherSubject) {
      this.#token = undefined
      return this.#part('otherSubject', 0)
    }
    switch (back) {
      case comeBack.later:
        return this.#part(undefined, afterMs)
      case comeBack.withToken:
        this.#token = undefined
        return this.#part('tokenRefused', 0)
      case comeBack.withVersion:
        return this.#part('version', 0)
      case comeBack.no:
        return this.#part('refused', 0)
      default:
        return unreachable(back)
    }
  }

  #goodbye(code: typeof goodbyeCode.silent | typeof goodbyeCode.malformed, now: number): void {
    this.#send({ type: 'goodbye', code, comeBack: comeBack.later, afterMs: 0, reason: '' }, now)
    this.#part(undefined, 0)
  }

  #part(rest: RestReason | undefined, afterMs: number): void {
    const phase = this.#phase
    if (!('socket' in phase) || phase.is === 'parting') return
    if (this.isOpen) this.#host.lost()
    const healthySince = phase.is === 'ready' ? phase.since : undefined
    this.#tokenAskAt = undefined
    this.#phase = { is: 'parting', socket: phase.socket, rest, afterMs, healthySince }
    this.#host.emit({ type: 'disconnect', socket: phase.socket })
  }

  #askToken(reason: 'missing' | 'refused' | 'expiring'): void {
    this.#tokenAskAt = undefined
    if (reason === 'expiring') this.#isTokenExpiring = true
    this.#host.emit({ type: 'askToken', reason })
  }

  #send(message: ReplicaMessage, now: number): void {
    if (!('socket' in this.#phase)) return
    this.#heartbeat.said(now)
    this.#host.emit({ type: 'send', socket: this.#phase.socket, message })
  }
}

/** A minute before the end, or half-way where there is less. */
function askAfterMs(expiresInMs: number): number {
  return Math.max(Math.floor(expiresInMs / 2), expiresInMs - tokenLeadMs)
}
