// clock-ranges.ts — a growing set of one client's clocks, as sorted ranges that neither touch nor overlap. Knows: how
// ranges join. Must not know: whose they are, what they mean. From and to lie in turn, in chunks of numbers: a range
// costs the same however many there are, where one array would have to move all that lie behind it. [B1]
import { numberAt } from './client-groups.ts'
import type { RangeList } from './range-list.ts'

/** Numbers in a chunk; one that grows past this is halved. */
const chunkLengthMax = 1024

export class ClockRanges {
  /** None is empty. */
  readonly #chunks: number[][] = []
  #length = 0

  /** Number of ranges. */
  get length(): number {
    return this.#length
  }

  covers(from: number, to: number): boolean {
    const chunk = this.#chunks[this.#chunkEndingFrom(to)]
    return chunk !== undefined && numberAt(chunk, firstEndingFrom(chunk, to)) <= from
  }

  /** How many of these ranges touch or overlap this one. */
  countTouching(from: number, to: number): number {
    const at = this.#chunkEndingFrom(from)
    const chunk = this.#chunks[at]
    return chunk === undefined ? 0 : this.#countUntil(to, at, firstEndingFrom(chunk, from))
  }

  add(from: number, to: number): void {
    const at = this.#chunkEndingFrom(from)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return this.#append(from, to)
    const index = firstEndingFrom(chunk, from)
    const touching = this.#countUntil(to, at, index)
    if (touching === 0) return this.#insert(at, chunk, index, from, to)
    const last = touching === 1 ? 0 : this.#takeOutBehind(at, index, touching - 1)
    chunk[index] = Math.min(from, numberAt(chunk, index))
    chunk[index + 1] = Math.max(to, numberAt(chunk, index + 1), last)
    if (touching > 1) this.#joinSmall(at)
    return undefined
  }

  appendTo(list: RangeList, client: number): void {
    for (const chunk of this.#chunks) {
      for (let index = 0; index < chunk.length; index += 2) {
        list.append(client, numberAt(chunk, index), numberAt(chunk, index + 1))
      }
    }
  }

  /** Index of the first chunk with a range that ends at `clock` or later. */
  #chunkEndingFrom(clock: number): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const chunk = this.#chunkAt(middle)
      if (numberAt(chunk, chunk.length - 1) < clock) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many ranges from this place on begin at `clock` or earlier. */
  #countUntil(clock: number, at: number, index: number): number {
    let passed = -index
    for (const count = this.#chunks.length; at < count; at++) {
      const chunk = this.#chunkAt(at)
      if (numberAt(chunk, chunk.length - 2) > clock) return (passed + firstBeginningBehind(chunk, clock)) / 2
      passed += chunk.length
    }
    return passed / 2
  }

  #append(from: number, to: number): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || last.length >= chunkLengthMax) this.#chunks.push([from, to])
    else last.push(from, to)
    this.#length += 1
  }

  #insert(at: number, chunk: number[], index: number, from: number, to: number): void {
    chunk.splice(index, 0, from, to)
    this.#length += 1
    if (chunk.length > chunkLengthMax) {
      const half = chunkLengthMax / 2
      this.#chunks.splice(at, 1, chunk.slice(0, half), chunk.slice(half))
    }
  }

  /** Takes out so many ranges behind the one at `index`; returns where the last of them ends. */
  #takeOutBehind(at: number, index: number, count: number): number {
    const here = this.#chunkAt(at).splice(index + 2, count * 2)
    let end = here.at(-1) ?? 0
    let left = count * 2 - here.length
    let behind = at + 1
    while (left > 0) {
      const chunk = this.#chunkAt(behind)
      const taken = Math.min(left, chunk.length)
      end = numberAt(chunk, taken - 1)
      left -= taken
      if (taken === chunk.length) behind += 1
      else chunk.splice(0, taken)
    }
    this.#chunks.splice(at + 1, behind - at - 1)
    this.#length -= count
    return end
  }

  /** Chunks that shrank are put together, or many small ones would stay. */
  #joinSmall(at: number): void {
    for (const first of [at, at - 1]) {
      const chunk = this.#chunks[first]
      const next = this.#chunks[first + 1]
      if (chunk === undefined || next === undefined) continue
      if (chunk.length + next.length <= chunkLengthMax / 2) this.#chunks.splice(first, 2, chunk.concat(next))
    }
  }

  #chunkAt(at: number): number[] {
    const chunk = this.#chunks[at]
    if (chunk === undefined) throw new RangeError(`There is no chunk at ${at}.`)
    return chunk
  }
}

/** Index of the first pair that ends at `clock` or later, counted in numbers. */
function firstEndingFrom(chunk: readonly number[], clock: number): number {
  let low = 0
  let high = chunk.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberAt(chunk, middle * 2 + 1) < clock) low = middle + 1
    else high = middle
  }
  return low * 2
}

/** Index of the first pair that begins behind `clock`, counted in numbers. */
function firstBeginningBehind(chunk: readonly number[], clock: number): number {
  let low = 0
  let high = chunk.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberAt(chunk, middle * 2) <= clock) low = middle + 1
    else high = middle
  }
  return low * 2
}
