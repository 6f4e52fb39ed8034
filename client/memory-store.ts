// memory-store.ts — the Store in memory: for programs that keep nothing, and for browsers that cannot. Knows: keys as
// strings of one character a byte, which sort as the bytes do. Must not know: what the records say.
import { closedStore } from '../shared/store.ts'
import type { Batch, Entry, Range, Store } from '../shared/store.ts'
import { isSameValue, pageOf } from './store-rules.ts'
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

  async open(): Promise<Store> {
    void this.#opened?.close()
    this.#opened = new OpenMemory(this.#table)
    return this.#opened
  }
}

/** Until another one opens. */
export function memoryStore(): Store {
  return new OpenMemory(new Table())
}

class OpenMemory implements Store {
  readonly #table: Table
  #isClosed = false

  constructor(table: Table) {
    this.#table = table
  }

  async write({ onlyIf = [], removeRange = [], remove = [], put = [] }: Batch): Promise<'written' | 'stale'> {
    this.#mustBeOpen()
    const table = this.#table
    if (!onlyIf.every(({ key, value }) => isSameValue(table.get(key), value))) return 'stale'
    for (const range of removeRange) for (const { key } of table.range(range)) table.remove(key)
    for (const key of remove) table.remove(key)
    for (const { key, value } of put) table.put({ key: key.slice(), value: value.slice() })
    return 'written'
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#mustBeOpen()
    return this.#table.get(key)
  }

  async range(range: Range): Promise<readonly Entry[]> {
    this.#mustBeOpen()
    return pageOf(this.#table.range(range, range.reverse === true ? Infinity : range.limit), range)
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
  /** In their order, but for those that came since somebody read; some of them may be gone. */
  #names: string[] = []
  #hasNew = false

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(nameOf(key))?.value
  }

  range({ from, to }: Pick<Range, 'from' | 'to'>, limit = Infinity): Entry[] {
    this.#sort()
    const end = nameOf(to)
    const entries: Entry[] = []
    for (let index = this.#indexOf(nameOf(from)); entries.length < limit; index++) {
      const name = this.#names[index]
      if (name === undefined || name >= end) break
      const entry = this.#entries.get(name)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  put(entry: Entry): void {
    const name = nameOf(entry.key)
    if (!this.#entries.has(name)) {
      this.#names.push(name)
      this.#hasNew = true
    }
    this.#entries.set(name, entry)
  }

  remove(key: Uint8Array): void {
    this.#entries.delete(nameOf(key))
  }

  /** Of what is in order already nothing is moved: it costs one look at each. */
  #sort(): void {
    if (!this.#hasNew) return
    this.#hasNew = false
    const sorted = this.#names.toSorted()
    this.#names = sorted.filter((name, index) => name !== sorted[index - 1] && this.#entries.has(name))
  }

  /** Of the first name that does not stand before it. */
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
  return String.fromCharCode(...key)
}
