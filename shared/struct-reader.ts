// struct-reader.ts — one struct of a Yjs V1 update after the other, each left in this reader's own fields, so
// that reading makes no garbage. Knows: the shape of a struct to the bit, and what Yjs cannot decode or never
// writes. Must not know: what was read before, whether a log holds what the struct refers to.

import { skipAny, skipAnyObject } from './any-value.ts'
import { spells } from './ascii-word.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { forbiddenKey, isForbiddenKey } from './forbidden-key.ts'
import { checkJson } from './json-text.ts'
import { clockMax, keyBytesMax, rootNameBytesMax, valueDepthMax } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import type { SpanKind } from './span-list.ts'
import { shallowest } from './type-depths.ts'

const contentMask = 0b0001_1111
const hasOrigin = 0b1000_0000
const hasRightOrigin = 0b0100_0000
const hasKey = 0b0010_0000

/** Fewest bytes that a struct takes: what it is, and how long. */
export const structBytesMin = 2

export class StructReader {
  readonly #cursor: ByteCursor
  #content = 0

  client = 0
  /** The struct holds the clocks from `clock` up to, not including, `end`. */
  clock = 0
  end = 0
  kind: SpanKind = 'content'
  /** Undefined where the struct has no such reference. */
  originClient: number | undefined
  originClock = 0
  rightClient: number | undefined
  rightClock = 0
  parentClient: number | undefined
  parentClock = 0
  /** Where the name of the root lies that is the parent; -1 when the parent is none. */
  rootStart = -1
  rootEnd = -1
  isSubdocument = false

  /** Whether it lies right behind what its client wrote before it: in the same type, therefore. */
  get isBeside(): boolean {
    return this.originClient === this.client && this.originClock === this.clock - 1
  }

  /** Whether it is the first in a type that lies in another. */
  get isNested(): boolean {
    return this.parentClient !== undefined
  }

  constructor(cursor: ByteCursor) {
    this.#cursor = cursor
  }

  /**
   * How many types lie around it, when it is known how many lie around each other struct. Undefined of one that holds
   * nothing and lies nowhere. Yjs too asks the left neighbour first.
   */
  depth(depthAt: (client: number, clock: number) => number): number | undefined {
    if (this.originClient !== undefined) return depthAt(this.originClient, this.originClock)
    if (this.rightClient !== undefined) return depthAt(this.rightClient, this.rightClock)
    if (this.parentClient !== undefined) return depthAt(this.parentClient, this.parentClock) + 1
    return this.rootStart === -1 ? undefined : shallowest
  }

  /** The next struct belongs to `client` and begins at `clock`. */
  open(client: number, clock: number): void {
    this.client = client
    this.end = clock
  }

  /** Reads the next struct as far as its references. */
  begin(): void {
    this.clock = this.end
    this.originClient = undefined
    this.rightClient = undefined
    this.parentClient = undefined
    this.rootStart = -1
    this.isSubdocument = false
    const shape = this.#cursor.readByte()
    this.#content = shape & contentMask
    if (this.#content === 0 || this.#content === 10) {
      // With other bits set Yjs's own two readers disagree about what follows.
      if (shape !== this.#content) throw unknownContent('struct', shape)
      this.kind = shape === 0 ? 'void' : 'skip'
      return
    }
    this.kind = this.#content === 1 ? 'void' : 'content'
    if ((shape & hasOrigin) !== 0) {
      const client = this.#cursor.readVarUint()
      this.originClient = client
      this.originClock = this.#readReferenceClock(client)
    }
    if ((shape & hasRightOrigin) !== 0) {
      const client = this.#cursor.readVarUint()
      this.rightClient = client
      this.rightClock = this.#readReferenceClock(client)
    }
    if ((shape & (hasOrigin | hasRightOrigin)) === 0) {
      this.#readParent()
      if ((shape & hasKey) !== 0) this.#skipKey()
    }
  }

  /** Reads the rest, and so where the struct ends. */
  finish(): void {
    const length = this.#readContent()
    if (length === 0) throw new ProtocolError('empty-run', 'A struct has no length.')
    if (length > clockMax - this.clock) throw clockTooLarge()
    this.end = this.clock + length
  }

  #readReferenceClock(client: number): number {
    const clock = this.#cursor.readVarUint()
    if (clock >= clockMax) throw clockTooLarge()
    // Yjs looks such an item up without asking whether it is there, and throws in the middle of a transaction.
    if (client === this.client && clock >= this.clock) {
      throw new ProtocolError('circular-reference', 'A struct refers to itself or to what comes after it.')
    }
    return clock
  }

  #readParent(): void {
    const cursor = this.#cursor
    const parent = cursor.readVarUint()
    if (parent === 1) {
      const length = cursor.readByteLength()
      if (length > rootNameBytesMax) throw tooLong('The name of a root')
      this.rootStart = cursor.position
      cursor.skipText(length)
      this.rootEnd = cursor.position
      if (isForbiddenKey(cursor, this.rootStart, this.rootEnd)) throw forbiddenKey()
    } else if (parent === 0) {
      const client = cursor.readVarUint()
      this.parentClient = client
      this.parentClock = this.#readReferenceClock(client)
    } else {
      throw unknownContent('parent', parent)
    }
  }

  /** Passes over the content and returns its length in clocks. */
  #readContent(): number {
    const cursor = this.#cursor
    switch (this.#content) {
      case 0: // GC
      case 1: // deleted
      case 10: // skip
        return cursor.readVarUint()
      case 2:
        return this.#readJsonValues()
      case 3: // binary
        cursor.skip(cursor.readByteLength())
        return 1
      case 4: // string
        return cursor.skipText(cursor.readByteLength())
      case 5: // embed
        this.#skipJson(cursor.readByteLength())
        return 1
      case 6: // format
        this.#skipKey()
        this.#skipJson(cursor.readByteLength())
        return 1
      case 7:
        this.#skipType()
        return 1
      case 8: {
        const count = this.#readCount()
        for (let index = 0; index < count; index++) skipAny(cursor, valueDepthMax)
        return count
      }
      case 9:
        this.#skipSubdocument()
        return 1
      default:
        throw unknownContent('struct', this.#content)
    }
  }

  #readCount(): number {
    const count = this.#cursor.readVarUint()
    if (count > this.#cursor.remaining) {
      throw new ProtocolError('truncated', 'A struct announces more values than there are bytes.')
    }
    return count
  }

  #readJsonValues(): number {
    const count = this.#readCount()
    for (let index = 0; index < count; index++) {
      const length = this.#cursor.readByteLength()
      const start = this.#cursor.position
      // Yjs wrote this word, which is no JSON, for a value that is not there.
      if (spells('undefined', this.#cursor.bytes, start, start + length)) this.#cursor.skip(length)
      else this.#skipJson(length)
    }
    return count
  }

  #skipJson(byteLength: number): void {
    const cursor = this.#cursor
    const start = cursor.position
    cursor.skipText(byteLength)
    checkJson(cursor.bytes, start, cursor.position, valueDepthMax)
  }

  #skipKey(): void {
    const cursor = this.#cursor
    const length = cursor.readByteLength()
    if (length > keyBytesMax) throw tooLong('A key')
    const start = cursor.position
    cursor.skipText(length)
    if (isForbiddenKey(cursor, start, cursor.position)) throw forbiddenKey()
  }

  #skipType(): void {
    const type = this.#cursor.readVarUint()
    if (type > 6) throw unknownContent('type', type)
    // Only an XML element and an XML hook have a name.
    if (type === 3 || type === 5) this.#skipKey()
  }

  #skipSubdocument(): void {
    this.isSubdocument = true
    this.#skipKey()
    // Yjs reads properties of the options at once: null or undefined in their place throws in every peer.
    skipAnyObject(this.#cursor, valueDepthMax, isForbiddenOption)
  }
}

/**
 * Yjs spreads the options over those of the new Y.Doc. An id among them replaces the true one, and one that is
 * undefined is drawn at random by each replica; a filter that is no function throws at the next deletion.
 */
function isForbiddenOption(cursor: ByteCursor, start: number, end: number): boolean {
  return (
    isForbiddenKey(cursor, start, end) ||
    spells('guid', cursor.bytes, start, end) ||
    spells('gcFilter', cursor.bytes, start, end)
  )
}

function unknownContent(what: string, found: number): ProtocolError {
  return new ProtocolError('unknown-content', `There is no kind ${found} of ${what}.`)
}

export function clockTooLarge(): ProtocolError {
  return new ProtocolError('clock-too-large', `A clock or a length reaches beyond ${clockMax}.`)
}

function tooLong(what: string): ProtocolError {
  return new ProtocolError('too-long', `${what} is too long.`)
}
