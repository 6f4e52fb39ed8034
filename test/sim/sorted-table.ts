// sorted-table.ts — entries in the order of their keys' bytes, in memory. Knows: keys as strings of one character a
// byte, which sort as the bytes do. Must not know: disks.

import type { Entry, KeyRange } from '../../shared/store.ts'

export class SortedTable {
  #entries: Map<string, Entry>
  #names: string[]

  constructor(entries: ReadonlyMap<string, Entry> = new Map(), names: readonly string[] = []) {
    this.#entries = new Map(entries)
    this.#names = [...names]
  }

  copy(): SortedTable {
    return new SortedTable(this.#entries, this.#names)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(nameOf(key))?.value
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const name = nameOf(key)
    if (!this.#entries.has(name)) this.#names.splice(this.#indexOf(name), 0, name)
    this.#entries.set(name, { key, value })
  }

  remove(key: Uint8Array): void {
    const name = nameOf(key)
    if (this.#entries.delete(name)) this.#names.splice(this.#indexOf(name), 1)
  }

  removeRange({ from, to }: KeyRange): void {
    const start = this.#indexOf(nameOf(from))
    const removed = this.#names.splice(start, Math.max(0, this.#indexOf(nameOf(to)) - start))
    for (const name of removed) this.#entries.delete(name)
  }

  range({ from, to }: KeyRange): Entry[] {
    const names = this.#names.slice(this.#indexOf(nameOf(from)), this.#indexOf(nameOf(to)))
    return names.map((name) => this.#entries.get(name)!)
  }

  /** Where the name is, or would be. */
  #indexOf(name: string): number {
    let low = 0
    let high = this.#names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#names[middle]! < name) low = middle + 1
      else high = middle
    }
    return low
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
