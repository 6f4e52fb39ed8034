// indexed-store.ts — the Store on IndexedDB: one database, one object store, keys of bytes, which IndexedDB sorts as the
// contract asks. Knows: transactions, durability, how a browser takes a database away. Must not know: what the records
// say.
//
// Raw requests, without a library of promises: it would be the heaviest part of this file, and thousands of promises
// for one batch are what made reading slow. A value lies behind its key in one array, so that one getAll is a whole
// page (10,000 rows: 60 ms; with getAllKeys beside it 100 ms).
import { closedStore, StoreError } from '../shared/store.ts'
import type { Batch, Entry, KeyRange, Range, Store, WriteOutcome } from '../shared/store.ts'
import { isSameValue, pageOf } from './store-rules.ts'

/**
 * The version of the schema: of object stores, not of what records say.
 *
 * 1: the first.
 */
const schemaVersion = 1
const recordsName = 'records'
const countMax = 0xffff_ffff
const keyLengthBytes = 2

type Waiting = {
  readonly batch: Batch
  readonly resolve: (result: 'written' | 'stale') => void
  readonly reject: (error: StoreError) => void
}

export class IndexedStore implements Store {
  readonly #name: string
  readonly #taken: () => void
  #database: Promise<IDBDatabase> | undefined
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #reading: Promise<IDBObjectStore> | undefined
  #isClosed = false

  private constructor(name: string, taken: () => void) {
    this.#name = name
    this.#taken = taken
  }

  /** `taken`: the browser took the database away, or another tab wants it. */
  static async open(name: string, taken: () => void = () => undefined): Promise<IndexedStore> {
    const store = new IndexedStore(name, taken)
    await store.#opened()
    return store
  }

  write(batch: Batch): Promise<'written' | 'stale'> {
    if (this.#isClosed) return Promise.reject(closedStore())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#writeNext()
    })
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const records = await this.#read()
    return valueIn(await answered(records.get(plain(key))))
  }

  async range(range: Range): Promise<readonly Entry[]> {
    const records = await this.#read()
    const keys = keysOf(range)
    if (keys === undefined) return []
    // From its end nobody reads here but the contract.
    const count = range.reverse === true ? countMax : Math.min(range.limit, countMax)
    const values: unknown[] = await answered(records.getAll(keys, count))
    return pageOf(values.map(entryFrom), range)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#writing !== undefined) await this.#writing
    const database = this.#database
    this.#database = undefined
    try {
      const opened = await database
      opened?.close()
    } catch (error) {
      // What could not be opened has nothing to close, and whoever wanted it open has been told.
      if (!(error instanceof StoreError)) throw error
    }
  }

  // The database.

  #opened(): Promise<IDBDatabase> {
    this.#database ??= openDatabase(this.#name, (database) => {
      // The browser took it, or another tab deletes it or has a newer schema: who needs it again opens it again.
      database.close()
      this.#database = undefined
      this.#taken()
    }).catch((error: unknown) => {
      this.#database = undefined
      throw storeErrorFrom(error, 'notApplied')
    })
    return this.#database
  }

  /** All that is asked for in one turn is read in one transaction. */
  #read(): Promise<IDBObjectStore> {
    if (this.#isClosed) return Promise.reject(closedStore())
    this.#reading ??= this.#begin('readonly', 'default').finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #begin(mode: IDBTransactionMode, durability: IDBTransactionDurability): Promise<IDBObjectStore> {
    const begin = async () => {
      const database = await this.#opened()
      return database.transaction(recordsName, mode, { durability }).objectStore(recordsName)
    }
    try {
      return await begin()
    } catch (error) {
      if (!isClosedByBrowser(error)) throw storeErrorFrom(error, 'notApplied')
      this.#database = undefined
      return begin()
    }
  }

  // Writing.

  /** All that came while the last ones were being synced share one transaction, and one sync. */
  #writeNext(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    const group = this.#waiting
    this.#waiting = []
    this.#writing = this.#writeGroup(group).then((answer) => {
      this.#writing = undefined
      answer()
      this.#writeNext()
    })
  }

  /** What there is to answer, when all of it has come to its end. */
  async #writeGroup(group: readonly Waiting[]): Promise<() => void> {
    const isSynced = group.some(({ batch }) => batch.durability === 'synced')
    let transaction: IDBTransaction | undefined
    try {
      const records = await this.#begin('readwrite', isSynced ? 'strict' : 'relaxed')
      transaction = records.transaction
      const ended = endOf(transaction)
      // Awaited below. Where something fails before that, it ends as well, and what it ended with is told (`error`).
      ended.catch(() => undefined)
      const results: ('written' | 'stale')[] = []
      for (const { batch } of group) results.push(await applied(batch, records))
      await ended
      return () => {
        for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? 'stale')
      }
    } catch (error) {
      const failure = storeErrorFrom(
        transaction?.error ?? error,
        transaction === undefined ? 'notApplied' : 'unknown',
      )
      const behind = this.#waiting.splice(0)
      return () => {
        for (const { reject } of group) reject(failure)
        for (const { reject } of behind) reject(storeErrorFrom(failure, 'notApplied'))
      }
    }
  }
}

function openDatabase(name: string, databaseOnLost: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, schemaVersion)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(recordsName))
    request.addEventListener('error', () => reject(request.error))
    request.addEventListener('success', () => {
      const database = request.result
      for (const type of ['close', 'versionchange'])
        database.addEventListener(type, () => databaseOnLost(database))
      resolve(database)
    })
  })
}

async function applied(batch: Batch, records: IDBObjectStore): Promise<'written' | 'stale'> {
  const { onlyIf = [], removeRange = [], remove = [], put = [] } = batch
  const found = await Promise.all(onlyIf.map(({ key }) => answered(records.get(plain(key)))))
  if (!onlyIf.every(({ value }, index) => isSameValue(valueIn(found[index]), value))) return 'stale'
  for (const range of removeRange) {
    const keys = keysOf(range)
    if (keys !== undefined) records.delete(keys)
  }
  for (const key of remove) records.delete(plain(key))
  for (const entry of put) records.put(recordOf(entry), plain(entry.key))
  return 'written'
}

function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('It was broken off.')))
  })
}

function answered<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(storeErrorFrom(request.error, 'unknown')))
  })
}

// Records.

function recordOf({ key, value }: Entry): Uint8Array {
  const record = new Uint8Array(keyLengthBytes + key.length + value.length)
  new DataView(record.buffer).setUint16(0, key.length)
  record.set(key, keyLengthBytes)
  record.set(value, keyLengthBytes + key.length)
  return record
}

function entryFrom(record: unknown): Entry {
  if (!(record instanceof Uint8Array))
    throw new StoreError('damaged', 'The database of this browser holds what nobody put there.')
  const keyLength = new DataView(record.buffer, record.byteOffset).getUint16(0)
  const keyEnd = keyLengthBytes + keyLength
  return { key: record.subarray(keyLengthBytes, keyEnd), value: record.subarray(keyEnd) }
}

function valueIn(record: unknown): Uint8Array | undefined {
  return record === undefined ? undefined : entryFrom(record).value
}

/** A view of something larger would be stored with all of it. */
function plain(key: Uint8Array): Uint8Array<ArrayBuffer> {
  return key.slice()
}

/** Undefined: nothing can lie there, and IndexedDB calls such a range an error. */
function keysOf({ from, to }: KeyRange): IDBKeyRange | undefined {
  // Every key has a byte, and not every IndexedDB takes one that has none.
  const first = from.length === 0 ? Uint8Array.of(0) : plain(from)
  const end = plain(to)
  return indexedDB.cmp(first, end) < 0 ? IDBKeyRange.bound(first, end, false, true) : undefined
}

// Errors.

/** `transaction` says so by throwing: nothing was begun. */
function isClosedByBrowser(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'InvalidStateError'
}

function storeErrorFrom(error: unknown, outcome: WriteOutcome): StoreError {
  if (error instanceof StoreError) return new StoreError(error.code, error.message, outcome, error)
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return new StoreError('full', 'This browser has no room left.', outcome, error)
  const why = error instanceof Error ? error.message : String(error)
  return new StoreError('broken', `The database of this browser cannot be used: ${why}`, outcome, error)
}
