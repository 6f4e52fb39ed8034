// copy-stream.ts — the entries of a store as one stream of bytes, and back. Each has its lengths before it; the end says how
// many there were and what their hash is, so that a stream which was cut short is not taken for a whole one; and why, line
// by line, where not all could be read. Must not know: where the bytes go, what the entries say.
import type { Entry } from '../shared/store.ts'
import { RelayError } from './relay-error.ts'
import { EntryTally } from './store-copy.ts'

const headBytes = 8

/** In place of the length of a key, which is never so large. */
const endMark = 0xffffffff

/** `skipped` is looked at when there are no more pages: why there were not all. */
export async function* bytesOf(
  pages: AsyncIterable<readonly Entry[]>,
  skipped: readonly string[] = [],
): AsyncGenerator<Uint8Array> {
  const tally = new EntryTally()
  for await (const page of pages) {
    const parts: Uint8Array[] = []
    for (const { key, value } of page) {
      tally.add(key, value)
      parts.push(headOf(key.length, value.length), key, value)
    }
    yield Buffer.concat(parts)
  }
  const end = Buffer.from([JSON.stringify(tally.summary), ...skipped].join('\n'))
  yield Buffer.concat([headOf(endMark, end.length), end])
}

export async function* entriesOf(
  chunks: AsyncIterable<Uint8Array>,
  whenSkipped: (reason: string) => void,
): AsyncGenerator<readonly Entry[]> {
  const tally = new EntryTally()
  const reader = new EntryReader()
  for await (const chunk of chunks) {
    const page = reader.take(chunk)
    for (const { key, value } of page) tally.add(key, value)
    if (page.length > 0) yield page
  }
  const [summary, ...skipped] = reader.end?.split('\n') ?? []
  if (summary !== JSON.stringify(tally.summary))
    throw new RelayError(
      'relay-silent',
      'The relay stopped in the middle of its answer. Nothing was kept; try again.',
    )
  for (const reason of skipped) whenSkipped(reason)
}

/** Puts chunks together only when they hold the next entry whole: one of many megabytes comes in many. */
class EntryReader {
  /** Undefined until it was read. */
  end: string | undefined
  #chunks: Uint8Array[] = []
  #held = 0
  #needed = headBytes

  take(chunk: Uint8Array): Entry[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held < this.#needed) return []
    const bytes = Buffer.concat(this.#chunks)
    const entries: Entry[] = []
    let at = 0
    for (;;) {
      const stop = this.#stopOf(bytes, at)
      this.#needed = stop - at
      if (stop > bytes.length) break
      const entry = this.#read(bytes, at, stop)
      if (entry !== undefined) entries.push(entry)
      at = stop
    }
    this.#chunks = [bytes.subarray(at)]
    this.#held = bytes.length - at
    return entries
  }

  /** Where the entry ends that begins here, or its head if that is not there yet. */
  #stopOf(bytes: Buffer, at: number): number {
    if (bytes.length - at < headBytes) return at + headBytes
    const first = bytes.readUInt32BE(at)
    return at + headBytes + (first === endMark ? 0 : first) + bytes.readUInt32BE(at + 4)
  }

  #read(bytes: Buffer, at: number, stop: number): Entry | undefined {
    const first = bytes.readUInt32BE(at)
    const start = at + headBytes
    if (first !== endMark)
      return { key: bytes.subarray(start, start + first), value: bytes.subarray(start + first, stop) }
    this.end = bytes.toString('utf8', start, stop)
    return undefined
  }
}

function headOf(first: number, second: number): Uint8Array {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(first, 0)
  head.writeUInt32BE(second, 4)
  return head
}
