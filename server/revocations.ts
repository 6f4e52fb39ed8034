// revocations.ts — tokens that count no more, though they have not expired: one by its id, or all that a subject was
// given before a moment. Durable before anybody is told. Knows: the records, in the relay's store. Must not know:
// tokens' signatures, sockets.
import { decodeKey, revokedRanges, revokedSubjectKey, revokedTokenKey } from '../shared/record-keys.ts'
import { decodeRevoked, encodeRevoked } from '../shared/relay-records.ts'
import { pageEntriesMax } from '../shared/limits.ts'
import type { Entry, KeyRange, Store } from '../shared/store.ts'
import type { Bearer } from './bearer.ts'

/** Whose tokens they are. */
export type Holder = Pick<Bearer, 'tenant' | 'subject'>

/** All that a subject was given before a moment; or one token, until it ends by itself. */
export type Revocation =
  | (Holder & { readonly before: number })
  | { readonly id: string; readonly expiresAt?: number }

export class Revocations {
  readonly #store: Store
  /** By tenant and subject: tokens issued before then. */
  #subjects = new Map<string, number>()
  #tokens = new Set<string>()

  private constructor(store: Store) {
    this.#store = store
  }

  static async open(store: Store, now: number): Promise<Revocations> {
    const revocations = new Revocations(store)
    await revocations.read(now)
    return revocations
  }

  /** Another relay on the same store may have revoked something. What has expired by itself is forgotten. */
  async read(now: number): Promise<void> {
    const subjects = new Map<string, number>()
    const tokens = new Set<string>()
    const [bySubject, byToken] = revokedRanges()
    for (const { key, value } of await this.#all(bySubject)) {
      const place = decodeKey(key)
      if (place.type === 'revokedSubject') subjects.set(nameOf(place), decodeRevoked(value))
    }
    const remove: Uint8Array[] = []
    for (const { key, value } of await this.#all(byToken)) {
      const place = decodeKey(key)
      const until = decodeRevoked(value)
      if (until !== 0 && until < now) remove.push(key)
      else if (place.type === 'revokedToken') tokens.add(place.id)
    }
    if (remove.length > 0) await this.#store.write({ remove, durability: 'synced' })
    this.#subjects = subjects
    this.#tokens = tokens
  }

  /** A token that does not say when it was issued counts as one from before. */
  isRevoked(bearer: Bearer): boolean {
    if (bearer.id !== undefined && this.#tokens.has(bearer.id)) return true
    const before = this.#subjects.get(nameOf(bearer))
    return before !== undefined && (bearer.issuedAt ?? 0) < before
  }

  revoke(revocation: Revocation): Promise<void> {
    return 'id' in revocation
      ? this.#revokeToken(revocation.id, revocation.expiresAt)
      : this.#revokeSubject(revocation, revocation.before)
  }

  /** Tokens have their time in seconds: one that was issued in the same second counts as one from before. */
  async #revokeSubject(holder: Holder, before: number): Promise<void> {
    const name = nameOf(holder)
    const time = Math.max(before, this.#subjects.get(name) ?? 0)
    await this.#put(revokedSubjectKey(holder.tenant, holder.subject), time)
    this.#subjects.set(name, time)
  }

  /** A token that has ended by itself needs to be remembered no more. */
  async #revokeToken(id: string, expiresAt?: number): Promise<void> {
    await this.#put(revokedTokenKey(id), expiresAt ?? 0)
    this.#tokens.add(id)
  }

  async #put(key: Uint8Array, time: number): Promise<void> {
    await this.#store.write({ put: [{ key, value: encodeRevoked(time) }], durability: 'synced' })
  }

  async #all({ from, to }: KeyRange): Promise<Entry[]> {
    const entries: Entry[] = []
    for (;;) {
      const last = entries.at(-1)
      const start = last === undefined ? from : keyAfter(last.key)
      const page = await this.#store.range({ from: start, to, limit: pageEntriesMax })
      entries.push(...page)
      if (page.length < pageEntriesMax) return entries
    }
  }
}

function nameOf({ tenant, subject }: Holder): string {
  return JSON.stringify([tenant, subject])
}

function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}
