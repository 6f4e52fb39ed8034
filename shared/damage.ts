// damage.ts — records of a store of which some cannot be read: those are set aside, where a person can look at them, and
// the rest is read on. Knows: where they are set aside. Must not know: what the records say, what their loss means.
import { keyAfter } from './key-bytes.ts'
import { quarantinedKey } from './record-keys.ts'
import { pageEntriesMax } from './limits.ts'
import { StoreError } from './store.ts'
import type { Entry, KeyRange, Store, WriteDurability } from './store.ts'

export type Damage = { readonly key: Uint8Array; readonly cause: StoreError }

/** Without it nothing is set aside, and damage is an error: for those who only look. */
export type WhenDamaged = ((damage: Damage) => void) | undefined

export type Found<Value> =
  | { readonly is: 'there'; readonly value: Value }
  | { readonly is: 'absent' }
  /** Its place is empty now. */
  | { readonly is: 'damaged' }

export class DamagedRecords {
  readonly #store: Store
  readonly #durability: WriteDurability
  readonly #whenDamaged: WhenDamaged

  constructor(store: Store, durability: WriteDurability, whenDamaged: WhenDamaged) {
    this.#store = store
    this.#durability = durability
    this.#whenDamaged = whenDamaged
  }

  async find<Value>(key: Uint8Array, decode: (value: Uint8Array) => Value): Promise<Found<Value>> {
    const read = await this.#tried(() => this.#store.get(key))
    if (read instanceof StoreError) return this.#toldOf(key, read)
    if (read === undefined) return { is: 'absent' }
    const value = await this.#tried(() => decode(read))
    if (!(value instanceof StoreError)) return { is: 'there', value }
    await this.#setAside({ key, value: read }, value)
    return { is: 'damaged' }
  }

  /** All of a range, in order, without those that are damaged. */
  async all<Value>(
    range: KeyRange,
    decode: (entry: Entry) => Value,
  ): Promise<{ readonly values: Value[]; readonly isDamaged: boolean }> {
    const values: Value[] = []
    let isDamaged = false
    let { from } = range
    for (;;) {
      // Page by page, but not entry by entry: a promise for each of a hundred thousand costs more than they.
      const page = await this.#store.range({ from, to: range.to, limit: pageEntriesMax })
      for (const entry of page) {
        try {
          values.push(decode(entry))
        } catch (error) {
          await this.#setAside(entry, damageFrom(error))
          isDamaged = true
        }
      }
      const last = page.at(-1)
      if (last === undefined || page.length < pageEntriesMax) return { values, isDamaged }
      from = keyAfter(last.key)
    }
  }

  async #tried<Value>(read: () => Value | Promise<Value>): Promise<Value | StoreError> {
    try {
      return await read()
    } catch (error) {
      return damageFrom(error)
    }
  }

  /** LevelDB could not read it: there is nothing to set aside, and what is written there next covers it. */
  #toldOf(key: Uint8Array, cause: StoreError): { readonly is: 'damaged' } {
    if (this.#whenDamaged === undefined) throw cause
    this.#whenDamaged({ key, cause })
    return { is: 'damaged' }
  }

  async #setAside(entry: Entry, cause: StoreError): Promise<void> {
    const { key, value } = entry
    this.#toldOf(key, cause)
    await this.#store.write({
      onlyIf: [entry],
      remove: [key],
      put: [{ key: quarantinedKey(key), value }],
      durability: this.#durability,
    })
  }
}

function damageFrom(error: unknown): StoreError {
  if (error instanceof StoreError && error.code === 'damaged') return error
  throw error
}
