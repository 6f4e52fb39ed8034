// byte-writer.ts — the primitives of the wire, written twice: ByteMeasure counts what ByteWriter then writes, so that
// a message is allocated once, at its exact size, and its length is known before its body. Knows: the primitives, and
// the bounds given with each. Must not know: what the bytes mean.
//
// What cannot be written is this program's own fault (`self`), and found while measuring: a peer would end the socket
// over it, for a reason that nobody there could explain.

import { ProtocolError } from './protocol-error.ts'

export interface ByteSink {
  varUint(value: number): void
  /** So many bytes without their length, as the reader expects them. */
  fixedBytes(bytes: Uint8Array, byteLength: number): void
  /** Length, then bytes. */
  lengthAndBytes(bytes: Uint8Array, bytesMax: number): void
  text(text: string, bytesMax: number): void
}

export class ByteMeasure implements ByteSink {
  byteLength = 0

  varUint(value: number): void {
    this.byteLength += varUintByteLength(value)
  }

  fixedBytes(bytes: Uint8Array, byteLength: number): void {
    if (bytes.length !== byteLength) {
      throw notEncodable(`${byteLength} bytes are due here, not ${bytes.length}.`)
    }
    this.byteLength += byteLength
  }

  lengthAndBytes(bytes: Uint8Array, bytesMax: number): void {
    if (bytes.length > bytesMax) throw notEncodable(`${bytes.length} bytes where ${bytesMax} are allowed.`)
    this.byteLength += varUintByteLength(bytes.length) + bytes.length
  }

  text(text: string, bytesMax: number): void {
    const byteLength = textByteLength(text)
    if (byteLength > bytesMax)
      throw notEncodable(`A text of ${byteLength} bytes where ${bytesMax} are allowed.`)
    this.byteLength += varUintByteLength(byteLength) + byteLength
  }
}

/** Writes what was measured into bytes of just that size; checks nothing again. */
export class ByteWriter implements ByteSink {
  readonly bytes: Uint8Array<ArrayBuffer>
  #position = 0

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength)
  }

  varUint(value: number): void {
    const bytes = this.bytes
    let position = this.#position
    let rest = value
    while (rest > 0x7f) {
      // No shifts: they would cut a position or a time to 32 bits.
      bytes[position++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    bytes[position++] = rest
    this.#position = position
  }

  fixedBytes(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#position)
    this.#position += bytes.length
  }

  lengthAndBytes(bytes: Uint8Array): void {
    this.varUint(bytes.length)
    this.fixedBytes(bytes)
  }

  text(text: string): void {
    this.varUint(textByteLength(text))
    this.#position = writeText(this.bytes, this.#position, text)
  }
}

/** Returns where the text ends. */
export function writeText(bytes: Uint8Array, start: number, text: string): number {
  let position = start
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[position++] = unit
      continue
    }
    const point = text.codePointAt(index) ?? unit
    if (point < 0x800) {
      bytes[position++] = 0xc0 | (point >> 6)
      bytes[position++] = 0x80 | (point & 0x3f)
    } else if (point < 0x10000) {
      bytes[position++] = 0xe0 | (point >> 12)
      bytes[position++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[position++] = 0x80 | (point & 0x3f)
    } else {
      bytes[position++] = 0xf0 | (point >> 18)
      bytes[position++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[position++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[position++] = 0x80 | (point & 0x3f)
      index += 1
    }
  }
  return position
}

export function varUintByteLength(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw notEncodable(`${value} is no number of the wire.`)
  let byteLength = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) byteLength += 1
  return byteLength
}

/** TextEncoder would write a lone surrogate as U+FFFD, and a document would silently have another name. */
export function textByteLength(text: string): number {
  let byteLength = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    byteLength += unit < 0x800 ? 1 : 2
    if (unit < 0xd800 || unit > 0xdfff) continue
    // A whole pair is two units and four bytes.
    if ((text.codePointAt(index) ?? 0) < 0x10000) throw notEncodable('A text holds half a surrogate pair.')
    index += 1
  }
  return byteLength
}

export function notEncodable(message: string): ProtocolError {
  return new ProtocolError('not-encodable', message, 'self')
}
