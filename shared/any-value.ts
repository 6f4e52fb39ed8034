// any-value.ts — passing over one value in lib0's Any encoding. Knows: the tags, what each must be followed by,
// and how deep values may nest. Must not know: what the values are; it makes none. A value that nests without
// bound overflows the stack of some peers and not of others, and those then disagree for ever.

import { lastVarintScale, numberTooLarge } from './byte-cursor.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { forbiddenKey, isForbiddenKey } from './forbidden-key.ts'
import { ProtocolError } from './protocol-error.ts'

const objectTag = 118

export type IsForbidden = (cursor: ByteCursor, keyStart: number, keyEnd: number) => boolean

/** Passes over one value with at most `depth` containers around any part of it. */
export function skipAny(cursor: ByteCursor, depth: number): void {
  const tag = cursor.readByte()
  switch (tag) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
      return
    case 125:
      skipVarInt(cursor)
      return
    case 124: // float32
      cursor.skip(4)
      return
    case 123: // float64
    case 122: // bigint
      cursor.skip(8)
      return
    case 119:
      cursor.skipText(cursor.readByteLength())
      return
    case objectTag:
      skipAnyEntries(cursor, depth, isForbiddenKey)
      return
    case 117: {
      if (depth === 0) throw tooDeep()
      const count = cursor.readVarUint()
      if (count > cursor.remaining) throw tooLong()
      for (let index = 0; index < count; index++) skipAny(cursor, depth - 1)
      return
    }
    case 116:
      cursor.skip(cursor.readByteLength())
      return
    default:
      throw new ProtocolError('unknown-content', `A value has the unknown tag ${tag}.`)
  }
}

/** Passes over one value that must be an object without any key that is forbidden. */
export function skipAnyObject(cursor: ByteCursor, depth: number, isForbidden: IsForbidden): void {
  const tag = cursor.readByte()
  if (tag !== objectTag) throw new ProtocolError('unknown-content', `A value of tag ${tag} is no object.`)
  skipAnyEntries(cursor, depth, isForbidden)
}

function skipAnyEntries(cursor: ByteCursor, depth: number, isForbidden: IsForbidden): void {
  if (depth === 0) throw tooDeep()
  const count = cursor.readVarUint()
  // An entry is at least the length of an empty key and a tag.
  if (count * 2 > cursor.remaining) throw tooLong()
  for (let index = 0; index < count; index++) {
    const length = cursor.readByteLength()
    const start = cursor.position
    cursor.skipText(length)
    if (isForbidden(cursor, start, cursor.position)) throw forbiddenKey()
    skipAny(cursor, depth - 1)
  }
}

function tooDeep(): ProtocolError {
  return new ProtocolError('too-deep', 'A value nests too deep.')
}

function tooLong(): ProtocolError {
  return new ProtocolError('truncated', 'A value announces more parts than there are bytes.')
}

/** lib0's signed varint: its first byte carries a sign and only six bits. */
function skipVarInt(cursor: ByteCursor): void {
  let byte = cursor.readByte()
  let value = byte & 0x3f
  let scale = 64
  while (byte >= 0x80) {
    if (scale > lastVarintScale) throw numberTooLarge()
    byte = cursor.readByte()
    value += (byte & 0x7f) * scale
    scale *= 128
  }
  if (value > Number.MAX_SAFE_INTEGER) throw numberTooLarge()
}
