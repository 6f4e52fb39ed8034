// key-bytes.ts — keys of records: one letter, then parts and numbers. Each part carries its length before it, in two bytes, so
// that no name's records lie among those of a name that it begins; numbers are high byte first, so that byte order is their
// order. Must not know: what lies where.
import { notEncodable, textByteLength, writeText } from './byte-writer.ts'
import type { KeyRange } from './store.ts'

export const numberBytes = 8
/** The length of a part. */
export const partHeadBytes = 2
const partBytesMax = 0xffff

/** Between the first and the second half of a number in a key. */
export const halfScale: number = 2 ** 32

/** The first key behind this one. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}

/** All keys that begin with these bytes, these too. Every letter is below 0xff, so there always is an end. */
export function rangeUnder(prefix: Uint8Array): KeyRange {
  let last = prefix.length - 1
  while (prefix[last] === 0xff) last -= 1
  const to = prefix.slice(0, last + 1)
  to[last] = (prefix[last] ?? 0) + 1
  return { from: prefix, to }
}

export function keyOf(letter: string, ...fields: readonly (string | Uint8Array | number)[]): Uint8Array {
  let byteLength = 1
  for (const field of fields) byteLength += fieldBytes(field)
  const key = new Uint8Array(byteLength)
  key[0] = letter.charCodeAt(0)
  let position = 1
  for (const field of fields) {
    if (typeof field === 'number') {
      writeWord(key, position, Math.floor(field / halfScale))
      writeWord(key, position + 4, field % halfScale)
      position += numberBytes
      continue
    }
    const start = position + partHeadBytes
    if (typeof field === 'string') position = writeText(key, start, field)
    else {
      key.set(field, start)
      position = start + field.length
    }
    key[start - 2] = (position - start) >>> 8
    key[start - 1] = position - start
  }
  return key
}

function fieldBytes(field: string | Uint8Array | number): number {
  if (typeof field === 'number') {
    if (!Number.isSafeInteger(field) || field < 0) throw notEncodable(`${field} is no number of a key.`)
    return numberBytes
  }
  // Half a surrogate pair is refused: as U+FFFD two names would share their records.
  const length = typeof field === 'string' ? textByteLength(field) : field.length
  if (length > partBytesMax) throw notEncodable(`${length} bytes are too many for a key.`)
  return partHeadBytes + length
}

function writeWord(bytes: Uint8Array, position: number, word: number): void {
  bytes[position] = word >>> 24
  bytes[position + 1] = word >>> 16
  bytes[position + 2] = word >>> 8
  bytes[position + 3] = word
}
