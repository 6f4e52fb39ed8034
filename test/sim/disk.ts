// disk.ts — the simulated disk: a Store that keeps the promises of shared/store.ts and no more. Knows: what is synced,
// what a crash may take, how disks fail. Must not know: time and chance of its own: the simulator says when the oldest
// write ends, and brings the chance. Reads answer at once; only writes wait.
//
// What the promises leave open is decided against the reader: a write that failed may turn up later, a write in flight
// may outlive the crash, what was only `written` may not.

import { closedStore, StoreError } from '../../shared/store.ts'
import type { Batch, Entry, KeyRange, Range, Store } from '../../shared/store.ts'
import type { Chance } from '../chance.ts'
import { SortedTable } from './sorted-table.ts'

export type SimulatedDiskOptions = {
  readonly chance: Chance
  /** A write waits; each call wants one call of `settle`, when the simulator finds that it took long enough. */
  readonly writeWaits: () => void
}

export type DiskFault = 'full' | 'broken' | 'damaged'

/** `power`: only what was synced is sure to stay. `kill`: the operating system lives on, with all it was handed. */
export type Crash = 'power' | 'kill'

type Waiting = {
  readonly by: Opened
  readonly batch: Batch
  readonly resolve: (result: 'written' | 'stale') => void
  readonly reject: (error: StoreError) => void
}

export class SimulatedDisk {
  readonly #options: SimulatedDiskOptions
  /** What the operating system has; reads see this. */
  #table: SortedTable
  /** What the platters have. */
  #synced: SortedTable
  /** The way from the one to the other: answered, but only `written`. */
  #unsynced: Batch[] = []
  /** Failed, and nobody knows: settled by the next write, or by a crash. */
  #doubtful: Batch | undefined
  #waiting: Waiting[] = []
  #opened: Opened | undefined
  /** Tabs of a browser, which has the disk open for all of them. */
  readonly #tabs = new Set<Opened>()
  #fault: { readonly code: DiskFault; writes: number } | undefined
  #isStalled = false

  constructor(options: SimulatedDiskOptions, contents: SortedTable = new SortedTable()) {
    this.#options = options
    this.#table = contents.copy()
    this.#synced = contents.copy()
  }

  /** One process at a time, as the lock file of LevelDB has it. */
  open(): Store {
    if (this.#opened !== undefined) throw new Error('This disk is in use.')
    // LevelDB reads its log back and writes it out, synced, before it answers anything.
    this.#syncAll()
    this.#opened = new Opened(this)
    return this.#opened
  }

  /** As a browser has it: as many tabs at once as there are. */
  openTab(): Store {
    const tab = new Opened(this)
    this.#tabs.add(tab)
    return tab
  }

  /** One tab is gone: of what it asked for a beginning is still done, and nothing is answered. */
  loseTab(store: Store): void {
    const tab = [...this.#tabs].find((one) => one === store)
    if (tab === undefined) return
    tab.die()
    this.#tabs.delete(tab)
    const own = this.#waiting.filter(({ by }) => by === tab)
    const dropped = new Set(own.slice(this.#options.chance.between(0, own.length)))
    this.#waiting = this.#waiting.filter((waiting) => !dropped.has(waiting))
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** The oldest write ends, well or badly. False: there was none, or the disk is stalled. */
  settle(): boolean {
    if (this.#isStalled) return false
    const next = this.#waiting.shift()
    if (next === undefined) return false
    if (this.#fault !== undefined) this.#fail(next, this.#fault)
    else this.#apply(next)
    return true
  }

  /** No sync ends until `resume`. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    for (let left = this.#waiting.length; left > 0; left--) this.#options.writeWaits()
  }

  /** The next so many writes fail. */
  failNext(code: DiskFault, writes = 1): void {
    this.#fault = { code, writes }
  }

  heal(): void {
    this.#fault = undefined
  }

  /**
   * The process is gone: of its promises none is ever answered. Of what was not sure to stay, a beginning stays, each
   * batch whole; how long it is, chance says.
   */
  crash(kind: Crash): void {
    // A write that would have failed is no better than one in flight.
    const inFlight = this.#waiting.map(({ batch }) => batch)
    const unsure = this.#doubtful === undefined ? inFlight : [this.#doubtful, ...inFlight]
    if (kind === 'power') {
      this.#table = this.#synced.copy()
      unsure.unshift(...this.#unsynced)
      this.#unsynced = []
    }
    const kept = this.#options.chance.between(0, unsure.length)
    for (const batch of unsure.slice(0, kept)) {
      if (!holds(batch, this.#table)) continue
      change(batch, this.#table)
      this.#unsynced.push(batch)
    }
    if (kind === 'power') this.#syncAll()
    this.#doubtful = undefined
    this.#waiting = []
    this.#opened?.die()
    this.#opened = undefined
    for (const tab of this.#tabs) tab.die()
    this.#tabs.clear()
  }

  /** A backup of what is answered by now, or a cloned profile: a disk of its own, to be opened whenever. */
  copy(options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    return new SimulatedDisk(options, this.#table)
  }

  /** A flipped bit: so many entries of the range, or fewer, are gone, and nobody is told. Returns their keys. */
  loseEntries(range: KeyRange, most = 1): readonly Uint8Array[] {
    const lost: Uint8Array[] = []
    for (let left = most; left > 0; left--) {
      const entries = this.#table.range(range)
      if (entries.length === 0) break
      const { key } = this.#options.chance.oneOf(entries)
      this.#table.remove(key)
      this.#synced.remove(key)
      // What it took to be synced later is lost too; or it would come back.
      this.#unsynced = this.#unsynced.map((batch) => without(batch, key))
      lost.push(key)
    }
    return lost
  }

  /** For the invariants: what any reader would find now. */
  present(range: KeyRange): readonly Entry[] {
    return this.#table.range(range)
  }

  /** For the invariants: what stays whatever happens to the power. */
  durable(range: KeyRange): readonly Entry[] {
    return this.#synced.range(range)
  }

  /** For what `open` gave; not for the simulator. */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#options.writeWaits()
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#table.get(key)
  }

  page({ limit, bytesMax = Infinity, reverse = false, ...range }: Range): readonly Entry[] {
    const entries = this.#table.range(range)
    if (reverse) entries.reverse()
    let bytes = 0
    const full = entries.findIndex(({ value }) => {
      bytes += value.length
      return bytes >= bytesMax
    })
    return entries.slice(0, full === -1 ? limit : Math.min(limit, full + 1))
  }

  release(opened: Opened): void {
    if (this.#opened === opened) this.#opened = undefined
    this.#tabs.delete(opened)
  }

  #apply({ batch, resolve }: Waiting): void {
    this.#settleDoubt()
    if (!holds(batch, this.#table)) return resolve('stale')
    this.#enter(batch)
    return resolve('written')
  }

  #enter(batch: Batch): void {
    change(batch, this.#table)
    this.#unsynced.push(batch)
    if (batch.durability === 'synced') this.#syncAll()
  }

  #syncAll(): void {
    for (const batch of this.#unsynced) change(batch, this.#synced)
    this.#unsynced = []
  }

  #fail({ batch, reject }: Waiting, fault: { readonly code: DiskFault; writes: number }): void {
    fault.writes -= 1
    if (fault.writes <= 0) this.#fault = undefined
    this.#settleDoubt()
    this.#doubtful = holds(batch, this.#table) ? batch : undefined
    const behind = this.#waiting
    this.#waiting = []
    const failure = new StoreError(fault.code, `The simulated disk is ${fault.code}.`, 'unknown')
    reject(failure)
    for (const one of behind) {
      one.reject(new StoreError(fault.code, 'A write before this one failed.', 'notApplied', failure))
    }
  }

  #settleDoubt(): void {
    const doubtful = this.#doubtful
    this.#doubtful = undefined
    if (doubtful !== undefined && this.#options.chance.between(0, 1) === 1) this.#enter(doubtful)
  }
}

/** The disk as one process has it open; of a process that crashed nothing is ever answered. */
class Opened implements Store {
  readonly #disk: SimulatedDisk
  #state: 'open' | 'closed' | 'dead' = 'open'
  #underWay = 0
  #closing: Ending | undefined

  constructor(disk: SimulatedDisk) {
    this.#disk = disk
  }

  write(batch: Batch): Promise<'written' | 'stale'> {
    return this.#asked(
      () =>
        new Promise((resolve, reject) => {
          this.#underWay += 1
          this.#disk.wait({
            by: this,
            batch: copied(batch),
            resolve: (result) => this.#answer(() => resolve(result)),
            reject: (error) => this.#answer(() => reject(error)),
          })
        }),
    )
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#asked(() => Promise.resolve(this.#disk.get(key)))
  }

  range(range: Range): Promise<readonly Entry[]> {
    return this.#asked(() => Promise.resolve(this.#disk.page(range)))
  }

  close(): Promise<void> {
    if (this.#state === 'dead') return never()
    if (this.#closing === undefined) {
      this.#state = 'closed'
      this.#closing = endingLater()
      this.#closeWhenDone()
    }
    return this.#closing.promise
  }

  die(): void {
    this.#state = 'dead'
  }

  #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#state === 'dead') return never()
    if (this.#state === 'closed') return Promise.reject(closedStore())
    return ask()
  }

  #answer(tell: () => void): void {
    this.#underWay -= 1
    tell()
    this.#closeWhenDone()
  }

  #closeWhenDone(): void {
    if (this.#closing === undefined || this.#underWay > 0) return
    this.#disk.release(this)
    this.#closing.resolve()
  }
}

type Ending = { readonly promise: Promise<void>; readonly resolve: () => void }

function endingLater(): Ending {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function never<Answer>(): Promise<Answer> {
  return new Promise(() => undefined)
}

function holds({ onlyIf = [] }: Batch, table: SortedTable): boolean {
  return onlyIf.every(({ key, value }) => {
    const found = table.get(key)
    return found === undefined || value === undefined ? found === value : Buffer.compare(found, value) === 0
  })
}

function change({ removeRange = [], remove = [], put = [] }: Batch, table: SortedTable): void {
  for (const range of removeRange) table.removeRange(range)
  for (const key of remove) table.remove(key)
  for (const { key, value } of put) table.put(key, value)
}

function without(batch: Batch, lost: Uint8Array): Batch {
  return { ...batch, put: batch.put?.filter(({ key }) => Buffer.compare(key, lost) !== 0) ?? [] }
}

/** The simulated process keeps its bytes; what is on the disk must not change with them. */
function copied({ onlyIf = [], removeRange = [], remove = [], put = [], durability }: Batch): Batch {
  return {
    onlyIf: onlyIf.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() })),
    removeRange: removeRange.map(({ from, to }) => ({ from: from.slice(), to: to.slice() })),
    remove: remove.map((key) => key.slice()),
    put: put.map(({ key, value }) => ({ key: key.slice(), value: value.slice() })),
    durability,
  }
}
