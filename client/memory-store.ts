// memory-store.ts — the Store in memory: for programs that keep nothing, and for browsers that cannot. Knows: keys as
// strings of one character a byte, which sort as the bytes do. Must not know: what the records say.
import { equalBytes } from '../shared/equal-bytes.ts'
import { closedStore } from '../shared/store.ts'
import type { Batch, Entry, Range, Store } from '../shared/store.ts'
import { pageOf } from './entry-page.ts'
import type { StorePlace } from './store-place.ts'

const runMax = 512

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
  /** All names in their order, in runs: of one long array half would be moved for each that is put into it. */
  readonly #runs: string[][] = [[]]

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(nameOf(key))?.value
  }

  range({ from, to }: Pick<Range, 'from' | 'to'>, limit = Infinity): Entry[] {
    const first = nameOf(from)
    const end = nameOf(to)
    const entries: Entry[] = []
    for (const run of this.#runs.slice(this.#runOf(first))) {
      for (const name of run) {
        const entry = name < first ? undefined : this.#entries.get(name)
        if (entry === undefined) continue
        if (name >= end || entries.length >= limit) return entries
        entries.push(entry)
      }
    }
    return entries
  }

  put(entry: Entry): void {
    const name = nameOf(entry.key)
    if (!this.#entries.has(name)) this.#add(name)
    this.#entries.set(name, entry)
  }

  remove(key: Uint8Array): void {
    const name = nameOf(key)
    if (!this.#entries.delete(name)) return
    const index = this.#runOf(name)
    const run = this.#runs[index] ?? []
    run.splice(
      placeIn(run, (other) => other < name),
      1,
    )
    if (run.length === 0 && this.#runs.length > 1) this.#runs.splice(index, 1)
  }

  #add(name: string): void {
    const index = this.#runOf(name)
    const run = this.#runs[index] ?? []
    run.splice(
      placeIn(run, (other) => other < name),
      0,
      name,
    )
    if (run.length > runMax) this.#runs.splice(index, 1, run.slice(0, runMax / 2), run.slice(runMax / 2))
  }

  /** In which run the name is, or would be. */
  #runOf(name: string): number {
    return Math.max(0, placeIn(this.#runs, (run) => (run[0] ?? '') <= name) - 1)
  }
}

/** How many stand before it, of those that are in order. */
function placeIn<Item>(items: readonly Item[], standsBefore: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && standsBefore(item)) low = middle + 1
    else high = middle
  }
  return low
}

function nameOf(key: Uint8Array): string {
  return String.fromCharCode(...key)
}
