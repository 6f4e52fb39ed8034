// level-store.ts — the Store on LevelDB: one folder, owned by one process. Knows: what LevelDB promises, where it fails,
// and how it gets up again. Must not know: what the records say.
//
// LevelDB 1.20 has no transactions, so writes go one after the other here, and what a precondition reads cannot change
// under it. A failed append leaves its log in disorder, and LevelDB does not mind: on a disk that was full for one write,
// all of 20 writes synced and answered after it were gone at the next opening. So after any failed write nothing is
// written before the folder was closed and opened anew, which settles what became of that write. [D1]

import { open as openFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { equalBytes } from '../shared/equal-bytes.ts'
import { closedStore, StoreError } from '../shared/store.ts'
import type { Batch, Entry, Precondition, Range, Store } from '../shared/store.ts'
import { GuardedValues } from './guarded-values.ts'
import { openingErrorFrom, storeErrorFrom } from './level-fault.ts'

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
}

type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

type Waiting = {
  readonly batch: Batch
  readonly resolve: (result: 'written' | 'stale') => void
  readonly reject: (error: StoreError) => void
}

const entriesAtOnce = 1000
const entryBytesAtOnce = 1024 * 1024

/** Opening needs room for the old log as a table, and for the files beside it. */
const roomForOpeningBytes = 8 * 1024 * 1024

export class LevelStore implements Store {
  readonly #folder: string
  readonly #sync: boolean
  readonly #database: LevelDatabase
  readonly #guarded = new GuardedValues()
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #reopening: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** A write failed since the folder was opened. */
  #isUnsure = false
  #openings = 1

  private constructor({ folder, sync }: LevelStoreOptions, database: LevelDatabase) {
    this.#folder = folder
    this.#sync = sync
    this.#database = database
  }

  static async open(options: LevelStoreOptions): Promise<LevelStore> {
    const { folder } = options
    const database =
      options.database?.(folder) ?? new ClassicLevel(folder, { keyEncoding: 'view', valueEncoding: 'view' })
    try {
      await database.open()
    } catch (error) {
      throw openingErrorFrom(error, folder)
    }
    return new LevelStore(options, database)
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
    return this.#read(() => this.#readPage(range))
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish(): Promise<void> {
    await this.#writing
    // Whoever asked for it is told if it fails; a folder that could not be opened again is closed.
    await Promise.allSettled([this.#reopening])
    await this.#database.close()
  }

  // Writing.

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        next.resolve(await this.#writeOne(next.batch))
      } catch (error) {
        const failure = storeErrorFrom(error, 'unknown')
        const behind = this.#waiting
        this.#waiting = []
        next.reject(failure)
        for (const { reject } of behind) {
          reject(new StoreError(failure.code, 'A write before this one failed.', 'notApplied', failure))
        }
      }
    }
    this.#writing = undefined
  }

  async #writeOne(batch: Batch): Promise<'written' | 'stale'> {
    let operations: Operation[]
    try {
      if (this.#isUnsure || this.#reopening !== undefined || this.#database.status !== 'open') {
        await this.#reopen()
      }
      for (const precondition of batch.onlyIf ?? []) {
        if (!(await this.#holds(precondition))) return 'stale'
      }
      operations = await this.#operationsOf(batch)
    } catch (error) {
      throw storeErrorFrom(error, 'notApplied')
    }
    try {
      await this.#database.batch(operations, { sync: this.#sync && batch.durability === 'synced' })
    } catch (error) {
      this.#isUnsure = true
      throw error
    }
    for (const operation of operations) {
      this.#guarded.follow(operation.key, operation.type === 'put' ? operation.value : undefined)
    }
    return 'written'
  }

  async #holds({ key, value }: Precondition): Promise<boolean> {
    const found = await this.#guarded.find(key, (unread) => this.#database.get(unread))
    return found === undefined || value === undefined ? found === value : equalBytes(found, value)
  }

  /** LevelDB's clear() is many batches; the keys of a removed range are read, and removed in the one batch. */
  async #operationsOf({ removeRange = [], remove = [], put = [] }: Batch): Promise<Operation[]> {
    const operations: Operation[] = []
    for (const { from, to } of removeRange) {
      const keys = await this.#database.keys({ gte: from, lt: to }).all()
      for (const key of keys) operations.push({ type: 'del', key })
    }
    for (const key of remove) operations.push({ type: 'del', key })
    for (const { key, value } of put) operations.push({ type: 'put', key, value })
    return operations
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

  async #readPage({ from, to, limit, bytesMax = Infinity, reverse = false }: Range): Promise<Entry[]> {
    const entries: Entry[] = []
    let bytes = 0
    const options = { gte: from, lt: to, reverse, limit, highWaterMarkBytes: entryBytesAtOnce }
    const iterator = this.#database.iterator(options)
    try {
      while (entries.length < limit && bytes < bytesMax) {
        const some = await iterator.nextv(Math.min(limit - entries.length, entriesAtOnce))
        if (some.length === 0) break
        for (const [key, value] of some) {
          entries.push({ key: plain(key), value: plain(value) })
          bytes += value.length
          if (bytes >= bytesMax) break
        }
      }
    } finally {
      await iterator.close()
    }
    return entries
  }

  // Getting up again.

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
    await this.#database.open()
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

/** What classic-level's `view` encoding hands back is a Buffer. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
