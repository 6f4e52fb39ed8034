// json-text.ts — whether bytes are JSON that every peer can parse. Knows: the grammar of JSON.parse, byte by
// byte, and how deep values may nest. Must not know: what the values are; it makes none. Yjs parses embeds and
// formats while it reads an update, so a text that JSON.parse refuses stops every peer that gets it, for ever.
// The bytes must already be known to be valid UTF-8.

import { forbiddenKey, isForbiddenJsonKey } from './forbidden-key.ts'
import { ProtocolError } from './protocol-error.ts'

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Throws unless the bytes from `start` to `end` are one JSON value with at most `depth` containers around any part. */
export function checkJson(bytes: Uint8Array, start: number, end: number, depth: number): void {
  const text = new JsonText(bytes, start, end)
  text.passValue(depth)
  text.passSpace()
  if (!text.atEnd) throw malformed()
}

class JsonText {
  readonly #bytes: Uint8Array
  readonly #end: number
  #position: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  get atEnd(): boolean {
    return this.#position >= this.#end
  }

  passSpace(): void {
    let byte = this.#next()
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#position += 1
      byte = this.#next()
    }
  }

  passValue(depth: number): void {
    this.passSpace()
    const byte = this.#next()
    if (byte === quote) this.#passString()
    else if (byte === openBrace) this.#passObject(depth)
    else if (byte === openBracket) this.#passArray(depth)
    else if (byte === minus || isDigit(byte)) this.#passNumber()
    else if (byte === 0x74) this.#passWord('true')
    else if (byte === 0x66) this.#passWord('false')
    else if (byte === 0x6e) this.#passWord('null')
    else throw malformed()
  }

  #passObject(depth: number): void {
    if (depth === 0) throw tooDeep()
    this.#position += 1
    if (this.#passes(closeBrace)) return
    do {
      this.passSpace()
      const start = this.#position + 1
      this.#passString()
      if (isForbiddenJsonKey(this.#bytes, start, this.#position - 1)) throw forbiddenKey()
      if (!this.#passes(colon)) throw malformed()
      this.passValue(depth - 1)
    } while (this.#passes(comma))
    if (!this.#passes(closeBrace)) throw malformed()
  }

  #passArray(depth: number): void {
    if (depth === 0) throw tooDeep()
    this.#position += 1
    if (this.#passes(closeBracket)) return
    do {
      this.passValue(depth - 1)
    } while (this.#passes(comma))
    if (!this.#passes(closeBracket)) throw malformed()
  }

  #passString(): void {
    if (this.#next() !== quote) throw malformed()
    this.#position += 1
    for (;;) {
      const byte = this.#next()
      if (byte < 0x20) throw malformed()
      this.#position += 1
      if (byte === quote) return
      if (byte === backslash) this.#passEscape()
    }
  }

  #passEscape(): void {
    const byte = this.#next()
    this.#position += 1
    switch (byte) {
      case quote:
      case backslash:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return
      case 0x75:
        for (let digit = 0; digit < 4; digit++) {
          if (!isHexDigit(this.#next())) throw malformed()
          this.#position += 1
        }
        return
      default:
        throw malformed()
    }
  }

  #passNumber(): void {
    if (this.#next() === minus) this.#position += 1
    if (this.#next() === zero) this.#position += 1
    else this.#passDigits()
    if (this.#next() === point) {
      this.#position += 1
      this.#passDigits()
    }
    if (this.#next() === 0x65 || this.#next() === 0x45) {
      this.#position += 1
      if (this.#next() === 0x2b || this.#next() === minus) this.#position += 1
      this.#passDigits()
    }
  }

  #passDigits(): void {
    if (!isDigit(this.#next())) throw malformed()
    while (isDigit(this.#next())) this.#position += 1
  }

  #passWord(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#next() !== word.charCodeAt(index)) throw malformed()
      this.#position += 1
    }
  }

  #passes(expected: number): boolean {
    this.passSpace()
    if (this.#next() !== expected) return false
    this.#position += 1
    return true
  }

  /** The byte that stands here, or -1 at the end: the update goes on behind the text. */
  #next(): number {
    return this.#position < this.#end ? (this.#bytes[this.#position] ?? -1) : -1
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

function malformed(): ProtocolError {
  return new ProtocolError('malformed-json', 'An embedded value is not JSON.')
}

function tooDeep(): ProtocolError {
  return new ProtocolError('too-deep', 'An embedded value nests too deep.')
}
