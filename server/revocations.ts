// revocations.ts — tokens that count no more, though they have not expired: one by its id, all that a subject was given
// before a moment, or all that anybody was given before the data was restored. Durable before anybody is told. Knows: the records, in the relay's store. Must not know:
// tokens' signatures, sockets.
import { keyAfter } from '../shared/key-bytes.ts'
import {
  decodeKey,
  revokedBeforeKey,
  revokedRanges,
  revokedSubjectKey,
  revokedTokenKey,
} from '../shared/record-keys.ts'
import { decodeRevoked, encodeRevoked } from '../shared/relay-records.ts'
import { pageEntriesMax } from '../shared/limits.ts'
import type { Entry, KeyRange, Store } from '../shared/store.ts'
import type { Bearer } from './bearer.ts'

/** Whose tokens they are. */
export type Holder = Pick<Bearer, 'tenant' | 'subject'>

/** What a token says of itself. */
export type Presented = Pick<Bearer, 'tenant' | 'subject' | 'id' | 'issuedAt'>

/** All that a subject was given before a moment; or one token, until it ends by itself. */
export type Revocation =
  | (Holder & { readonly before: number })
  | { readonly tenant: string; readonly id: string; readonly expiresAt?: number }

export class Revocations {
  readonly #store: Store
  /** By tenant and subject: tokens issued before then. */
  #subjects = new Map<string, number>()
  /** By tenant and id. */
  #tokens = new Set<string>()
  /** Of anybody: tokens issued before then. */
  #before = 0
  /** One at a time: what is read while something is being revoked would be kept in place of it. */
  #last: Promise<void> = Promise.resolve()

  private constructor(store: Store) {
    this.#store = store
  }

  static async open(store: Store, now: number): Promise<Revocations> {
    const revocations = new Revocations(store)
    await revocations.read(now)
    return revocations
  }

  /** Another relay on the same store may have revoked something. What has expired by itself is forgotten. */
  read(now: number): Promise<void> {
    return this.#inTurn(() => this.#read(now))
  }

  /** A token that does not say when it was issued counts as one from before. */
  isRevoked({ tenant, subject, id, issuedAt = 0 }: Presented): boolean {
    if (id !== undefined && (this.#tokens.has(nameOf(tenant, id)) || this.#tokens.has(nameOf(undefined, id))))
      return true
    return issuedAt < Math.max(this.#before, this.#subjects.get(nameOf(tenant, subject)) ?? 0)
  }

  revoke(revocation: Revocation): Promise<void> {
    return this.#inTurn(() =>
      'id' in revocation ? this.#revokeToken(revocation) : this.#revokeSubject(revocation, revocation.before),
    )
  }

  /** Whoever they are of. */
  revokeAll(before: number): Promise<void> {
    return this.#inTurn(async () => {
      const time = Math.max(before, this.#before)
      await this.#put(revokedBeforeKey(), time)
      this.#before = time
    })
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#last.then(act)
    // Whoever asked for it hears that it failed; the next one goes on.
    this.#last = done.catch(() => undefined)
    return done
  }

  async #read(now: number): Promise<void> {
    const subjects = new Map<string, number>()
    const tokens = new Set<string>()
    const [bySubject, byToken] = revokedRanges()
    for (const { key, value } of await this.#all(bySubject)) {
      const place = decodeKey(key)
      if (place.type === 'revokedSubject')
        subjects.set(nameOf(place.tenant, place.subject), decodeRevoked(value))
    }
    const remove: Uint8Array[] = []
    for (const { key, value } of await this.#all(byToken)) {
      const place = decodeKey(key)
      const until = decodeRevoked(value)
      if (until !== 0 && until < now) remove.push(key)
      else if (place.type === 'revokedToken') tokens.add(nameOf(place.tenant, place.id))
    }
    const ofAll = await this.#store.get(revokedBeforeKey())
    if (remove.length > 0) await this.#store.write({ remove, durability: 'synced' })
    this.#before = ofAll === undefined ? 0 : decodeRevoked(ofAll)
    this.#subjects = subjects
    this.#tokens = tokens
  }

  /** Tokens have their time in seconds: one that was issued in the same second counts as one from before. */
  async #revokeSubject({ tenant, subject }: Holder, before: number): Promise<void> {
    const name = nameOf(tenant, subject)
    const time = Math.max(before, this.#subjects.get(name) ?? 0)
    await this.#put(revokedSubjectKey(tenant, subject), time)
    this.#subjects.set(name, time)
  }

  /** A token that has ended by itself needs to be remembered no more. */
  async #revokeToken({ tenant, id, expiresAt }: Extract<Revocation, { id: string }>): Promise<void> {
    await this.#put(revokedTokenKey(tenant, id), expiresAt ?? 0)
    this.#tokens.add(nameOf(tenant, id))
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

/** Undefined: in all tenants. */
function nameOf(tenant: string | undefined, name: string): string {
  return JSON.stringify([tenant, name])
}
