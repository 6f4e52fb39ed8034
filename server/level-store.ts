// level-store.ts — the Store on LevelDB: one folder, owned by one process. Knows: what LevelDB promises, where it fails,
// and how it gets up again. Must not know: what the records say.
//
// LevelDB 1.20 has no transactions, so writes go one after the other here, and what a precondition reads cannot change
// under it; what comes while the disk is busy goes to it together afterwards. A failed append leaves its log in disorder,
// and LevelDB does not mind: on a disk that was full for one write, all of 20 writes synced and answered after it were
// gone at the next opening. So after any failed write nothing is written before the folder was closed and opened anew,
// which settles what became of that write. [D1]

import { open as openFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { equalBytes } from '../shared/equal-bytes.ts'
import { closedStore, StoreError } from '../shared/store.ts'
import type { Batch, Entry, Precondition, Range, Store } from '../shared/store.ts'
import { GuardedValues } from './guarded-values.ts'
import { isCorruption, openingErrorFrom, storeErrorFrom } from './level-fault.ts'
import { LevelOpening } from './level-opening.ts'
import { LevelReading, plain } from './level-reading.ts'
import { takeGroup, WriteGroup } from './write-group.ts'
import type { Change } from './write-group.ts'

export type LevelDatabase = Pick<
  ClassicLevel<Uint8Array, Uint8Array>,
  'status' | 'open' | 'close' | 'get' | 'keys' | 'iterator' | 'batch'
>

export type LevelStoreOptions = {
  readonly folder: string
  /** False: `synced` is only handed to the operating system; the relay says so in welcome. */
  readonly sync: boolean
  /** A test puts a database here that fails when it is told to. */
  readonly database?: (folder: string) => LevelDatabase
  readonly whenDamaged?: (damage: LevelDamage) => void
}

/** Entries were passed over that cannot be read; or the folder was repaired, and may have lost what was acknowledged. */
export type LevelDamage = { readonly is: 'skipped' | 'repaired'; readonly cause: unknown }

type Waiting = {
  readonly batch: Batch
  readonly resolve: (result: 'written' | 'stale') => void
  readonly reject: (error: StoreError) => void
}

type Answered = Pick<Waiting, 'resolve'> & { readonly answer: 'written' | 'stale' }

/** On average, in a batch of few. */
const largeEntryBytes = 2 * 1024

/** Opening needs room for the old log as a table, and for the files beside it. */
const roomForOpeningBytes = 8 * 1024 * 1024

export class LevelStore implements Store {
  readonly #folder: string
  readonly #sync: boolean
  readonly #database: LevelDatabase
  readonly #reading: LevelReading
  readonly #opening: LevelOpening
  readonly #whenDamaged: (damage: LevelDamage) => void
  readonly #guarded = new GuardedValues()
  readonly #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #reopening: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** A write failed since the folder was opened. */
  #isUnsure = false
  /** A table cannot be rewritten, and until it is gone LevelDB takes nothing more. */
  #isCorrupt = false
  #openings = 1

  private constructor(
    { folder, sync, whenDamaged }: LevelStoreOptions,
    database: LevelDatabase,
    opening: LevelOpening,
  ) {
    this.#folder = folder
    this.#sync = sync
    this.#database = database
    this.#whenDamaged = whenDamaged ?? (() => undefined)
    this.#opening = opening
    this.#reading = new LevelReading(database, (cause) => this.#whenDamaged({ is: 'skipped', cause }))
  }

  static async open(options: LevelStoreOptions): Promise<LevelStore> {
    const { folder, whenDamaged } = options
    const opening = new LevelOpening(folder, (cause) => whenDamaged?.({ is: 'repaired', cause }))
    try {
      await opening.prepare()
      const database =
        options.database?.(folder) ?? new ClassicLevel(folder, { keyEncoding: 'view', valueEncoding: 'view' })
      await opening.open(database)
      return new LevelStore(options, database, opening)
    } catch (error) {
      throw openingErrorFrom(error, folder)
    }
  }

  write(batch: Batch): Promise<'written' | 'stale'> {
    if (this.#closing !== undefined) return Promise.reject(closedStore())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#writing ??= this.#writeAll()
    })
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read(async () => {
      const value = await this.#database.get(key)
      return value && plain(value)
    })
  }

  async range(range: Range): Promise<readonly Entry[]> {
    return this.#read(() => this.#reading.page(range))
  }

  /**
   * Everything that can be read, as it was at one moment, while others go on writing; `whenSkipped` hears that there was
   * more. A disk that fails meanwhile ends it.
   */
  async *everything(whenSkipped: (reason: string) => void): AsyncGenerator<readonly Entry[]> {
    if (this.#closing !== undefined) throw closedStore()
    try {
      yield* this.#reading.everything((cause) => whenSkipped(storeErrorFrom(cause, 'notApplied').message))
    } catch (error) {
      throw storeErrorFrom(error, 'notApplied')
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish(): Promise<void> {
    await this.#writing
    // Whoever asked for it is told if it fails; a folder that could not be opened again is closed.
    await Promise.allSettled([this.#reopening])
    await this.#opening.close(this.#database)
  }

  // Writing.

  async #writeAll(): Promise<void> {
    for (let group = takeGroup(this.#waiting); group.length > 0; group = takeGroup(this.#waiting)) {
      try {
        for (const { resolve, answer } of await this.#writeGroup(group)) resolve(answer)
      } catch (error) {
        const failure = storeErrorFrom(error, 'unknown')
        const behind = this.#waiting.splice(0)
        for (const { reject } of group) reject(failure)
        for (const { reject } of behind) {
          reject(new StoreError(failure.code, 'A write before this one failed.', 'notApplied', failure))
        }
      }
    }
    this.#writing = undefined
  }

  async #writeGroup(waiting: readonly Waiting[]): Promise<readonly Answered[]> {
    const group = new WriteGroup(waiting.length)
    const answers: Answered[] = []
    try {
      if (this.#isUnsure || this.#reopening !== undefined || this.#database.status !== 'open') {
        await this.#reopenToWrite()
      }
      for (const { batch, resolve } of waiting) {
        answers.push({ resolve, answer: await this.#add(batch, group) })
      }
    } catch (error) {
      throw storeErrorFrom(error, 'notApplied')
    }
    if (group.isEmpty) return answers
    try {
      await this.#append(group.changes, this.#sync && group.isSynced)
    } catch (error) {
      this.#isUnsure = true
      this.#isCorrupt ||= isCorruption(error)
      throw error
    }
    for (const { removed, put } of group.changes) {
      for (const key of removed) this.#guarded.follow(key, undefined)
      for (const { key, value } of put) this.#guarded.follow(key, value)
    }
    return answers
  }

  async #add(batch: Batch, group: WriteGroup): Promise<'written' | 'stale'> {
    for (const precondition of batch.onlyIf ?? []) {
      if (!(await this.#holds(precondition, group))) return 'stale'
    }
    group.add(batch, { removed: await this.#keysRemovedBy(batch), put: batch.put ?? [] })
    return 'written'
  }

  /**
   * Operation by operation: an array of them costs three times as much on the way to LevelDB. But what was handed over so
   * lies outside the heap until the garbage collector, which takes it for a few bytes, comes by: of a few large records
   * there were 200 MB more than ever were written at once. An array is let go of once it is written.
   */
  async #append(changes: readonly Change[], sync: boolean): Promise<void> {
    if (areLarge(changes)) {
      const operations = changes.flatMap(({ removed, put }) => [
        ...removed.map((key) => ({ type: 'del' as const, key })),
        ...put.map(({ key, value }) => ({ type: 'put' as const, key, value })),
      ])
      return this.#database.batch(operations, { sync })
    }
    const operations = this.#database.batch()
    for (const { removed, put } of changes) {
      for (const key of removed) operations.del(key)
      for (const { key, value } of put) operations.put(key, value)
    }
    return operations.write({ sync })
  }

  async #holds({ key, value }: Precondition, group: WriteGroup): Promise<boolean> {
    const said = group.says(key)
    const found = said ? said.value : await this.#guarded.find(key, (unread) => this.#database.get(unread))
    return found === undefined || value === undefined ? found === value : equalBytes(found, value)
  }

  /** LevelDB's clear() is many batches; the keys of a removed range are read, and removed in the one batch. */
  async #keysRemovedBy({ removeRange = [], remove = [] }: Batch): Promise<Uint8Array[]> {
    const removed: Uint8Array[] = []
    for (const range of removeRange) {
      for (const key of await this.#reading.keys(range)) removed.push(key)
    }
    for (const key of remove) removed.push(key)
    return removed
  }

  // Reading.

  /** Reads go on while writes fail; what a reopening cuts short begins again. */
  async #read<Value>(read: () => Promise<Value>): Promise<Value> {
    for (;;) {
      if (this.#closing !== undefined) throw closedStore()
      const opening = this.#openings
      try {
        if (this.#reopening !== undefined || this.#database.status !== 'open') await this.#reopen()
        return await read()
      } catch (error) {
        // Closing waits for writes, not for reads.
        if (this.#closing !== undefined) throw closedStore()
        if (this.#reopening === undefined && this.#openings === opening) {
          throw storeErrorFrom(error, 'notApplied')
        }
      }
    }
  }

  // Getting up again.

  /** Whoever asked for this write did so knowing what may be lost now. */
  async #reopenToWrite(): Promise<void> {
    const { repairs } = this.#opening
    await this.#reopen()
    if (this.#opening.repairs > repairs)
      throw new StoreError('broken', 'The data had to be repaired first.', 'notApplied')
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#closeAndOpen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #closeAndOpen(): Promise<void> {
    if (this.#database.status === 'open') {
      // Once closed, a folder that cannot be opened cannot be read either: on a full disk it is better left open.
      await this.#probe()
      await this.#database.close()
    }
    this.#guarded.forget()
    await this.#opening.openAgain(this.#database, this.#isCorrupt)
    this.#isCorrupt = false
    this.#openings += 1
    this.#isUnsure = false
  }

  async #probe(): Promise<void> {
    const path = join(this.#folder, 'probe.tmp')
    const file = await openFile(path, 'w')
    try {
      await file.writeFile(new Uint8Array(roomForOpeningBytes))
      await file.sync()
    } finally {
      await file.close()
      await rm(path, { force: true })
    }
  }
}

function areLarge(changes: readonly Change[]): boolean {
  let bytes = 0
  let count = 0
  for (const { put } of changes) {
    count += put.length
    for (const { value } of put) bytes += value.length
  }
  return bytes > count * largeEntryBytes
}
