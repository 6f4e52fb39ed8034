// memory-store.ts — the Store in memory: for programs that keep nothing, and for browsers that cannot. Knows: keys as
// strings of one character a byte, which sort as the bytes do. Must not know: what the records say.
import { equalBytes } from '../shared/equal-bytes.ts'
import { closedStore } from '../shared/store.ts'
import type { Batch, Entry, Range, Store } from '../shared/store.ts'
import type { StorePlace } from './store-place.ts'

/**
 * Outlives the workspace that uses it, and not the process. One workspace at a time: to open it again is to take it
 * away from whoever had it.
 *
 * @example
 * const memory = new MemoryStore()
 * const workspace = openWorkspace({ url, store: memory })
 */
export class MemoryStore implements StorePlace {
  readonly isDurable = false
  readonly sharedName: undefined
  readonly #table = new Table()
  #opened: OpenMemory | undefined

  open(): Promise<Store> {
    this.#opened?.takeAway()
    this.#opened = new OpenMemory(this.#table)
    return Promise.resolve(this.#opened)
  }
}

class OpenMemory implements Store {
  readonly #table: Table
  #isClosed = false

  constructor(table: Table) {
    this.#table = table
  }

  takeAway(): void {
    this.#isClosed = true
  }

  async write({ onlyIf = [], removeRange = [], remove = [], put = [] }: Batch): Promise<'written' | 'stale'> {
    this.#mustBeOpen()
    const table = this.#table
    const holds = onlyIf.every(({ key, value }) => {
      const found = table.get(key)
      return found === undefined || value === undefined ? found === value : equalBytes(found, value)
    })
    if (!holds) return 'stale'
    for (const range of removeRange) for (const { key } of table.range(range)) table.remove(key)
    for (const key of remove) table.remove(key)
    for (const { key, value } of put) table.put({ key: key.slice(), value: value.slice() })
    return 'written'
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#mustBeOpen()
    return this.#table.get(key)
  }

  async range({ limit, bytesMax = Infinity, reverse = false, ...range }: Range): Promise<readonly Entry[]> {
    this.#mustBeOpen()
    const entries = this.#table.range(range)
    if (reverse) entries.reverse()
    let bytes = 0
    const end = entries.findIndex(({ value }, index) => {
      bytes += value.length
      return index + 1 === limit || bytes >= bytesMax
    })
    return end === -1 ? entries : entries.slice(0, end + 1)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closedStore()
  }
}

class Table {
  readonly #entries = new Map<string, Entry>()
  readonly #names: string[] = []

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(nameOf(key))?.value
  }

  range({ from, to }: Pick<Range, 'from' | 'to'>): Entry[] {
    const names = this.#names.slice(this.#indexOf(nameOf(from)), this.#indexOf(nameOf(to)))
    return names.flatMap((name) => this.#entries.get(name) ?? [])
  }

  put(entry: Entry): void {
    const name = nameOf(entry.key)
    if (!this.#entries.has(name)) this.#names.splice(this.#indexOf(name), 0, name)
    this.#entries.set(name, entry)
  }

  remove(key: Uint8Array): void {
    const name = nameOf(key)
    if (this.#entries.delete(name)) this.#names.splice(this.#indexOf(name), 1)
  }

  /** Where the name is, or would be. */
  #indexOf(name: string): number {
    let low = 0
    let high = this.#names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#names[middle] ?? '') < name) low = middle + 1
      else high = middle
    }
    return low
  }
}

function nameOf(key: Uint8Array): string {
  let name = ''
  for (const byte of key) name += String.fromCharCode(byte)
  return name
}
