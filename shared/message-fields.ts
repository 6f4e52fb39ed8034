// message-fields.ts — what the bodies of messages are made of, from bytes: numbers within bounds, words, bits, texts. Knows:
// bounds, and that a count is believed only as far as its limit and the bytes that are left allow, before anything is
// made for it [B1]. Must not know: messages. Any bytes give a field or a ProtocolError [W1]; bytes are views.
import { decodeUtf8 } from 'lib0/string'
import type { ByteCursor } from './byte-cursor.ts'
import { ProtocolError } from './protocol-error.ts'

const flags = [0, 1] as const

export function readCount(body: ByteCursor, countMax: number, entryBytesMin: number): number {
  const count = body.readVarUint()
  if (count > countMax) throw tooManyEntries(count, countMax)
  if (count * entryBytesMin > body.remaining) {
    throw new ProtocolError('truncated', `${count} entries do not fit into ${body.remaining} bytes.`)
  }
  return count
}

/** Counters rise by one: of each the next one is a number of the wire too, as the end of the range that names it. */
export const counterMax: number = Number.MAX_SAFE_INTEGER - 1

export function readCounter(body: ByteCursor): number {
  const counter = body.readVarUint()
  if (counter > counterMax) throw counterTooLarge()
  return counter
}

export function readWord<Word extends number>(body: ByteCursor, words: readonly Word[]): Word {
  const value = body.readVarUint()
  for (const word of words) if (word === value) return word
  throw new ProtocolError('unknown-word', `${value} is none of the words that can stand here.`)
}

export function readFlag(body: ByteCursor): boolean {
  return readWord(body, flags) === 1
}

/** Exact for all numbers of the wire: the bits with a name are low, and `&` takes its operands modulo 2^32. */
export function readBits(body: ByteCursor, known: number): number {
  return body.readVarUint() & known
}

export function readBytes(body: ByteCursor, bytesMax: number): Uint8Array {
  return takeBytes(body, readLength(body, bytesMax))
}

function readLength(body: ByteCursor, bytesMax: number): number {
  const byteLength = body.readVarUint()
  if (byteLength > bytesMax) {
    throw new ProtocolError('too-long', `${byteLength} bytes where ${bytesMax} are allowed.`)
  }
  return byteLength
}

export function takeBytes(body: ByteCursor, byteLength: number): Uint8Array {
  const start = body.position
  body.skip(byteLength)
  return body.bytes.subarray(start, body.position)
}

export function readText(body: ByteCursor, bytesMax: number): string {
  const byteLength = readLength(body, bytesMax)
  if (byteLength === 0) return ''
  const start = body.position
  // Refuses what is not UTF-8, so that the decoder has nothing left to throw.
  body.skipText(byteLength)
  return decodeUtf8(body.bytes.subarray(start, body.position))
}

export function counterTooLarge(): ProtocolError {
  return new ProtocolError('number-too-large', 'A counter is larger than 2^53 - 2.')
}

export function tooManyEntries(count: number, countMax: number): ProtocolError {
  return new ProtocolError('too-many-entries', `${count} entries where ${countMax} are allowed.`)
}
