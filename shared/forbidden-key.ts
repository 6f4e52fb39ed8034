// forbidden-key.ts — the one name that a value from outside may not carry. Knows: `__proto__`, as it lies in
// bytes. Must not know: which format holds the key. Peers read this name back differently than it was written:
// lib0 sets the prototype of the object it decodes, and Y.Map.toJSON, a text's delta and an element's
// attributes do so later. No application needs it, so it is refused wherever a name stands.

import { spells } from './ascii-word.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { ProtocolError } from './protocol-error.ts'

const name = '__proto__'

export function isForbiddenKey(cursor: ByteCursor, start: number, end: number): boolean {
  return spells(name, cursor.bytes, start, end)
}

/** The same for a key in JSON, where any letter may be written as an escape. */
export function isForbiddenJsonKey(bytes: Uint8Array, start: number, end: number): boolean {
  let position = start
  for (let index = 0; index < name.length; index++) {
    const expected = name.charCodeAt(index)
    if (bytes[position] === expected) {
      position += 1
    } else if (bytes[position] === 0x5c && bytes[position + 1] === 0x75) {
      const digits = String.fromCharCode(...bytes.subarray(position + 2, position + 6))
      if (Number.parseInt(digits, 16) !== expected) return false
      position += 6
    } else {
      return false
    }
  }
  return position === end
}

export function forbiddenKey(): ProtocolError {
  return new ProtocolError('forbidden-key', `A key is named ${name}.`)
}
