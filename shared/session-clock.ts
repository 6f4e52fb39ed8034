// session-clock.ts — what of a native socket is due when: signs of life, the end of the token. Knows: times alone. Must not
// know: what is then said. [L1]
import { silenceMs, silencesMax } from './limits.ts'

export class SessionClock {
  #heardAt: number
  #sentAt: number
  #expiresAt: number | undefined
  /** When to say that the token expires; undefined: it was said, or it does not. */
  #warnsAt: number | undefined

  constructor(now: number) {
    this.#heardAt = now
    this.#sentAt = now
  }

  heard(now: number): void {
    this.#heardAt = now
  }

  sent(now: number): void {
    this.#sentAt = now
  }

  isSilent(now: number): boolean {
    return now - this.#heardAt >= silenceMs * silencesMax
  }

  /** Something has to be said, or the other side would take this one for gone. */
  owesSign(now: number): boolean {
    return now - this.#sentAt >= silenceMs
  }

  signDueAt(now: number): number {
    return Math.max(now + 1, Math.min(this.#sentAt + silenceMs, now + silenceMs))
  }

  /** The token is good until then, or for ever. Returns when to say that it expires. */
  expire(at: number | undefined, now: number): number | undefined {
    this.#expiresAt = at
    this.#warnsAt = at === undefined ? undefined : warningAt(at, now)
    return this.#warnsAt
  }

  hasExpired(now: number): boolean {
    return this.#expiresAt !== undefined && now >= this.#expiresAt
  }

  /** Once, when it is time: in how long it expires, and when that is. */
  warnIfDue(now: number): { readonly inMs: number; readonly at: number } | undefined {
    const at = this.#expiresAt
    if (at === undefined || this.#warnsAt === undefined || now < this.#warnsAt) return undefined
    this.#warnsAt = undefined
    return { inMs: Math.max(0, Math.floor(at - now)), at }
  }
}

/** A minute before, or half-way where there is less: a warning at once would ask for the next token without end. [L1] */
function warningAt(expiresAt: number, now: number): number {
  return Math.max(now + Math.floor((expiresAt - now) / 2), expiresAt - 60_000)
}
