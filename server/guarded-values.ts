// guarded-values.ts — the values of keys that preconditions name, so that a head which every write guards is read once.
// Knows: how many it may keep [B1]. Must not know: where the values come from. True only while nobody else writes to the
// store, and nothing of it is unsure.

/** Heads and document records of what is being written to. */
const guardedKeysMax = 4096
const guardedValueBytesMax = 1024

export class GuardedValues {
  /** The one that was asked for longest ago first. */
  readonly #values = new Map<string, Uint8Array | undefined>()
  /** With which bytes their keys begin: hardly anything that is written is one of them, and the rest needs no name. */
  readonly #beginnings = new Set<number | undefined>()

  async find(
    key: Uint8Array,
    read: (key: Uint8Array) => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> {
    const name = keyName(key)
    const value = this.#values.has(name) ? this.#values.get(name) : await read(key)
    this.#values.delete(name)
    this.#beginnings.add(key[0])
    this.#keep(name, value)
    if (this.#values.size > guardedKeysMax) this.#forgetOldest()
    return value
  }

  /** This was written, or with undefined removed. */
  follow(key: Uint8Array, value: Uint8Array | undefined): void {
    if (!this.#beginnings.has(key[0])) return
    const name = keyName(key)
    // A copy: the writer's bytes are the writer's again once the write is answered.
    if (this.#values.has(name)) this.#keep(name, value?.slice())
  }

  forget(): void {
    this.#values.clear()
    this.#beginnings.clear()
  }

  #keep(name: string, value: Uint8Array | undefined): void {
    if ((value?.length ?? 0) > guardedValueBytesMax) this.#values.delete(name)
    else this.#values.set(name, value)
  }

  #forgetOldest(): void {
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest)
      return
    }
  }
}

/** The bytes of a key as what a map can find. */
export function keyName(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
