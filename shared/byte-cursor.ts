// byte-cursor.ts — a place in bytes from outside, and the primitives that lib0 writes there. Knows: where the
// bytes end, how large a number may be, what valid UTF-8 is. Must not know: what the bytes mean. It throws
// ProtocolError and nothing else, and copies nothing. lib0's own decoder will not do: a long run of 0x80 makes
// its readVarUint return NaN, and past the end its readUint8 returns undefined. [W1]

import { ProtocolError } from './protocol-error.ts'

/** The eighth byte of a varint counts in 2^49; a ninth could only leave the safe integers. */
export const lastVarintScale: number = 2 ** 49

export class ByteCursor {
  readonly bytes: Uint8Array
  position = 0
  /** Where reading ends: a part within the bytes is read by this cursor too, because a cursor of its own costs memory. */
  end: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.end = bytes.length
  }

  get remaining(): number {
    return this.end - this.position
  }

  readByte(): number {
    const byte = this.bytes[this.position]
    if (byte === undefined || this.position >= this.end) throw truncated()
    this.position += 1
    return byte
  }

  readVarUint(): number {
    const bytes = this.bytes
    let position = this.position
    let byte = bytes[position++]
    if (byte === undefined || position > this.end) throw truncated()
    if (byte < 0x80) {
      this.position = position
      return byte
    }
    let value = byte & 0x7f
    let scale = 1
    do {
      if (scale === lastVarintScale) throw numberTooLarge()
      scale *= 128
      byte = bytes[position++]
      if (byte === undefined) throw truncated()
      value += (byte & 0x7f) * scale
    } while (byte >= 0x80)
    if (position > this.end) throw truncated()
    if (value > Number.MAX_SAFE_INTEGER) throw numberTooLarge()
    this.position = position
    return value
  }

  /** The length of what follows, which must all be there. */
  readByteLength(): number {
    const length = this.readVarUint()
    if (length > this.remaining) throw truncated()
    return length
  }

  skip(byteLength: number): void {
    if (byteLength > this.remaining) throw truncated()
    this.position += byteLength
  }

  /**
   * Passes over UTF-8 and counts its UTF-16 units, which is how Yjs measures text. Malformed UTF-8 is refused
   * exactly where a fatal TextDecoder throws, because lib0 uses one and a peer that throws while it applies an
   * update can never apply a later one of that client.
   */
  skipText(byteLength: number): number {
    if (byteLength > this.remaining) throw truncated()
    const bytes = this.bytes
    const end = this.position + byteLength
    let position = this.position
    let units = 0
    while (position < end) {
      const lead = bytes[position++]
      if (lead === undefined) throw truncated()
      units += 1
      if (lead < 0x80) continue
      let following = 1
      let lowest = 0x80
      let highest = 0xbf
      if (lead < 0xc2 || lead > 0xf4) throw malformedText()
      if (lead >= 0xf0) {
        following = 3
        units += 1
        if (lead === 0xf0) lowest = 0x90
        if (lead === 0xf4) highest = 0x8f
      } else if (lead >= 0xe0) {
        following = 2
        if (lead === 0xe0) lowest = 0xa0
        // What would decode to a surrogate is no character.
        if (lead === 0xed) highest = 0x9f
      }
      if (position + following > end) throw malformedText()
      for (; following > 0; following--) {
        const byte = bytes[position++]
        if (byte === undefined || byte < lowest || byte > highest) throw malformedText()
        lowest = 0x80
        highest = 0xbf
      }
    }
    this.position = end
    return units
  }
}

/** Views of a Buffer are Buffers, and neither compare nor clone like the Uint8Array that the messages promise. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function truncated(): ProtocolError {
  return new ProtocolError('truncated', 'The bytes end before what they announce.')
}

export function numberTooLarge(): ProtocolError {
  return new ProtocolError('number-too-large', 'A number is larger than 2^53 - 1.')
}

function malformedText(): ProtocolError {
  return new ProtocolError('malformed-text', 'A text is not valid UTF-8.')
}
