// presence.ts — who is in a room: the newest state of each client id, until its replica left or fell silent. [P1]
// Knows: clocks, owners, expiry. Must not know: what a state says, sockets, the document.
import type { Claims, Owner } from './claims.ts'
import type { PresenceEntry } from './message.ts'
import { presenceExpiryMs, presenceGraceMs, roomPresencesMax } from './limits.ts'

type Known = {
  readonly entry: PresenceEntry
  readonly owner: Owner
  /** When it is taken for gone unless it is said again. */
  readonly expiresAt: number
}

export class Presence {
  readonly #claims: Claims
  readonly #known = new Map<number, Known>()

  constructor(claims: Claims) {
    this.#claims = claims
  }

  /** Takes up what a replica says of itself, and returns what of it is news for the others. */
  say(owner: Owner, entries: readonly PresenceEntry[], now: number): PresenceEntry[] {
    return entries.filter((entry) => this.#take(owner, entry, now))
  }

  all(): PresenceEntry[] {
    return [...this.#known.values()].map(({ entry }) => entry)
  }

  /** The replica said that it leaves: gone at once. */
  leave(owner: Owner): PresenceEntry[] {
    return this.#remove((known) => known.owner === owner)
  }

  /** Its last socket broke: it may be back in a moment, and nobody should see it flicker. */
  lose(owner: Owner, now: number): void {
    for (const [client, known] of this.#known) {
      if (known.owner !== owner) continue
      const expiresAt = Math.min(known.expiresAt, now + presenceGraceMs)
      this.#known.set(client, { ...known, expiresAt })
    }
  }

  /** Removes, and returns as gone, what has expired by now. */
  expire(now: number): PresenceEntry[] {
    return this.#remove((known) => known.expiresAt <= now)
  }

  nextExpiry(): number | undefined {
    let next: number | undefined
    for (const { expiresAt } of this.#known.values()) next = Math.min(next ?? expiresAt, expiresAt)
    return next
  }

  get size(): number {
    return this.#known.size
  }

  #take(owner: Owner, entry: PresenceEntry, now: number): boolean {
    if (this.#claims.isForeign(entry.client, owner)) return false
    const known = this.#known.get(entry.client)
    if (entry.state === '') {
      if (known === undefined || entry.clock < known.entry.clock) return false
      this.#known.delete(entry.client)
      return true
    }
    if (known === undefined && this.#known.size >= roomPresencesMax) return false
    if (known !== undefined && entry.clock < known.entry.clock) return false
    this.#claims.claim(entry.client, owner)
    this.#known.set(entry.client, { entry, owner, expiresAt: now + presenceExpiryMs })
    // Said again without a change it only lives longer.
    return known === undefined || entry.clock > known.entry.clock
  }

  /** Gone at the clock it was last said with: a higher one would keep who comes back from being seen. */
  #remove(isGone: (known: Known) => boolean): PresenceEntry[] {
    const gone = [...this.#known.values()].filter(isGone)
    for (const { entry } of gone) this.#known.delete(entry.client)
    return gone.map(({ entry: { client, clock } }) => ({ client, clock, state: '' }))
  }
}
