// level-log.ts — the relay's append-only log on LevelDB. Knows: group commit, positions, what «durable» means: the
// batch was written with sync [D1]. Must not know: sockets, and what an update says.
import { ClassicLevel } from 'classic-level'
import { diskFormatVersion, formatKey, headKey, rowKey, rowRange } from './log-keys.ts'
import { RelayError } from './relay-error.ts'

export type Append = { readonly document: string; readonly update: Uint8Array }

/** What the log needs of LevelDB; a test puts a disk here that it can hold back. */
export type LogDatabase = Pick<ClassicLevel<Uint8Array, Uint8Array>, 'batch' | 'get' | 'values' | 'close'>

export type LogEvents = {
  /** These are on the disk, in this order. */
  readonly committed: (appends: readonly Append[]) => void
  /** The disk refused. Nothing is committed from here on. */
  readonly failed: (error: unknown) => void
}

export class LevelLog {
  readonly #database: LogDatabase
  readonly #events: LogEvents
  #head: number
  #waiting: Append[] = []
  #committing: Promise<void> | undefined
  #broken = false
  #isClosed = false

  private constructor(database: LogDatabase, head: number, events: LogEvents) {
    this.#database = database
    this.#head = head
    this.#events = events
  }

  static async open(folder: string, events: LogEvents): Promise<LevelLog> {
    return LevelLog.over(await openDatabase(folder), folder, events)
  }

  static async over(database: LogDatabase, folder: string, events: LogEvents): Promise<LevelLog> {
    const format = await database.get(formatKey)
    if (format === undefined) {
      await database.batch([{ type: 'put', key: formatKey, value: number(diskFormatVersion) }], {
        sync: true,
      })
    } else if (readNumber(format) !== diskFormatVersion) {
      await database.close()
      throw new RelayError(
        'unknown-disk-format',
        `The data in ${folder} has format ${readNumber(format)}; this version of Syncline reads format ${diskFormatVersion}. ` +
          'Use the version that wrote it, or another folder with --data.',
      )
    }
    const head = await database.get(headKey)
    return new LevelLog(database, head === undefined ? 0 : readNumber(head), events)
  }

  /** Everything that waits while the disk is busy forms the next batch. */
  append(append: Append): void {
    // Of what comes after the end nothing was shown, so nothing is lost: whoever sent it has it.
    if (this.#isClosed) return
    this.#waiting.push(append)
    this.#committing ??= this.#commitAll()
  }

  async *read(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const row of this.#database.values(rowRange(document))) yield row
  }

  /** Commits what waits, then lets go of the disk. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#committing
    await this.#database.close()
  }

  async #commitAll(): Promise<void> {
    // All frames that are being read in this turn of the event loop belong to the first batch too.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0 && !this.#broken) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#commit(batch)
      } catch (error) {
        this.#broken = true
        this.#events.failed(error)
        return
      }
      this.#events.committed(batch)
    }
    this.#committing = undefined
  }

  async #commit(batch: readonly Append[]): Promise<void> {
    const rows = batch.map(({ document, update }) => ({
      type: 'put' as const,
      key: rowKey(document, ++this.#head),
      value: update,
    }))
    await this.#database.batch([...rows, { type: 'put', key: headKey, value: number(this.#head) }], {
      sync: true,
    })
  }
}

async function openDatabase(folder: string): Promise<ClassicLevel<Uint8Array, Uint8Array>> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  try {
    await database.open()
  } catch (error) {
    throw openingError(folder, error)
  }
  return database
}

function openingError(folder: string, error: unknown): RelayError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
  if (cause !== undefined && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
    return new RelayError(
      'data-in-use',
      `Another relay is using ${folder}. Stop it, or choose another folder with --data.`,
    )
  }
  return new RelayError(
    'data-unreadable',
    `The data in ${folder} cannot be opened: ${cause?.message ?? String(error)}`,
  )
}

function number(value: number): Uint8Array {
  return new TextEncoder().encode(String(value))
}

function readNumber(bytes: Uint8Array): number {
  return Number(new TextDecoder().decode(bytes))
}
