// level-reading.ts — pages of LevelDB, also where a block of a table cannot be read: LevelDB passes over it and says so
// only at the end of the range, so what comes before and after it is still there. Knows: iterators. Must not know: writes,
// what the records say; that something is missing, they notice themselves.
import type { ClassicLevel } from 'classic-level'
import { keyAfter } from '../shared/key-bytes.ts'
import type { Entry, KeyRange, Range } from '../shared/store.ts'
import { isCorruption } from './level-fault.ts'

export type ReadableDatabase = Pick<ClassicLevel<Uint8Array, Uint8Array>, 'iterator' | 'keys'>

const entriesAtOnce = 1000
/** The last lot that an iterator read lies outside the heap until the garbage collector comes by: it is a small one. */
const entryBytesAtOnce = 64 * 1024

export class LevelReading {
  readonly #database: ReadableDatabase
  readonly #whenSkipped: (cause: unknown) => void

  constructor(database: ReadableDatabase, whenSkipped: (cause: unknown) => void) {
    this.#database = database
    this.#whenSkipped = whenSkipped
  }

  async page(range: Range): Promise<Entry[]> {
    try {
      return await this.#entries(range, entriesAtOnce)
    } catch (error) {
      if (!isCorruption(error)) throw error
      this.#whenSkipped(error)
      return this.#entries(range, 1)
    }
  }

  /** By one iterator: as it was at one moment. */
  async *everything(whenSkipped: (cause: unknown) => void): AsyncGenerator<readonly Entry[]> {
    const iterator = this.#database.iterator({ highWaterMarkBytes: entryBytesAtOnce })
    let atOnce = entriesAtOnce
    let next: Uint8Array = new Uint8Array()
    try {
      for (;;) {
        try {
          const some = await iterator.nextv(atOnce)
          const last = some.at(-1)
          if (last === undefined) return
          next = keyAfter(last[0])
          yield some.map(([key, value]) => ({ key: plain(key), value: plain(value) }))
        } catch (error) {
          if (!isCorruption(error)) throw error
          if (atOnce === 1) return
          this.#whenSkipped(error)
          whenSkipped(error)
          // What was read with the end was not handed out.
          atOnce = 1
          iterator.seek(next)
        }
      }
    } finally {
      await iterator.close()
    }
  }

  async keys({ from, to }: KeyRange): Promise<Uint8Array[]> {
    try {
      return await this.#database.keys({ gte: from, lt: to }).all()
    } catch (error) {
      if (!isCorruption(error)) throw error
      const entries = await this.page({ from, to, limit: Number.POSITIVE_INFINITY })
      return entries.map(({ key }) => key)
    }
  }

  /** Of what is read with the end of a damaged range nothing is handed out; one by one that is nothing but the end. */
  async #entries(
    { from, to, limit, bytesMax = Infinity, reverse = false }: Range,
    atOnce: number,
  ): Promise<Entry[]> {
    const entries: Entry[] = []
    let bytes = 0
    const isFinite = Number.isFinite(limit)
    const options = { gte: from, lt: to, reverse, highWaterMarkBytes: entryBytesAtOnce }
    const iterator = this.#database.iterator(isFinite ? { ...options, limit } : options)
    try {
      while (entries.length < limit && bytes < bytesMax) {
        const some = await iterator.nextv(Math.min(limit - entries.length, atOnce))
        if (some.length === 0) break
        for (const [key, value] of some) {
          entries.push({ key: plain(key), value: plain(value) })
          bytes += value.length
          if (bytes >= bytesMax) break
        }
      }
    } catch (error) {
      if (atOnce > 1 || !isCorruption(error)) throw error
    } finally {
      await iterator.close()
    }
    return entries
  }
}

/** What classic-level's `view` encoding hands back is a Buffer. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
