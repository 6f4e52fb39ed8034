// id-ranges.ts — a growing set of ids, kept as sorted clock ranges per client that neither touch nor overlap.
// Knows: how ranges join, and how to take in many at once. Must not know: what the ids mean. A client's ranges
// lie in one flat array of numbers, from and to in turn.

import { numberAt } from './client-groups.ts'
import { RangeList, type ReadonlyRangeList } from './range-list.ts'

/** Above this many, ranges are merged in one pass: inserting each one moves all that lie behind it. */
const insertedOneByOneMax = 8

export class IdRanges {
  #bounds: Map<number, number[]> | undefined
  #length = 0

  /** Number of ranges. */
  get length(): number {
    return this.#length
  }

  /** Number of clients that have ranges. */
  get clientCount(): number {
    return this.#bounds?.size ?? 0
  }

  hasAll(ranges: ReadonlyRangeList): boolean {
    return ranges.everyClient((client, added, start, end) => {
      const bounds = this.#bounds?.get(client)
      if (bounds === undefined) return false
      for (let index = start; index < end; index += 2) {
        if (!covers(bounds, numberAt(added, index), numberAt(added, index + 1))) return false
      }
      return true
    })
  }

  add(ranges: ReadonlyRangeList): void {
    if (ranges.length === 0) return
    const all = this.#bounds ?? new Map<number, number[]>()
    this.#bounds = all
    ranges.everyClient((client, added, start, end) => {
      let bounds = all.get(client)
      this.#length -= (bounds?.length ?? 0) / 2
      bounds = unionOf(bounds ?? [], added, start, end)
      all.set(client, bounds)
      this.#length += bounds.length / 2
      return true
    })
  }

  /** What `length` would be after `add`. */
  lengthWith(ranges: ReadonlyRangeList): number {
    let length = this.#length
    ranges.everyClient((client, added, start, end) => {
      const bounds = this.#bounds?.get(client) ?? []
      length += (unionOf(bounds.slice(), added, start, end).length - bounds.length) / 2
      return true
    })
    return length
  }

  /** Everything in the set, clients falling as Yjs orders them. */
  toRangeList(): RangeList {
    const list = new RangeList()
    const all = [...(this.#bounds ?? [])].toSorted(([one], [other]) => other - one)
    for (const [client, bounds] of all) {
      for (let index = 0; index < bounds.length; index += 2) {
        list.append(client, numberAt(bounds, index), numberAt(bounds, index + 1))
      }
    }
    return list
  }
}

/** Index of the first pair that ends at `clock` or later, counted in numbers. */
function firstEndingFrom(bounds: readonly number[], clock: number): number {
  let low = 0
  let high = bounds.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberAt(bounds, middle * 2 + 1) < clock) low = middle + 1
    else high = middle
  }
  return low * 2
}

function covers(bounds: readonly number[], from: number, to: number): boolean {
  const index = firstEndingFrom(bounds, to)
  return index < bounds.length && numberAt(bounds, index) <= from
}

/** `bounds` with the pairs of `added` from `start` to `end`, which rise, in it; may be `bounds` itself, changed. */
function unionOf(bounds: number[], added: readonly number[], start: number, end: number): number[] {
  if (end - start > insertedOneByOneMax * 2) return mergedInOnePass(bounds, added.slice(start, end))
  for (let index = start; index < end; index += 2) {
    insert(bounds, numberAt(added, index), numberAt(added, index + 1))
  }
  return bounds
}

function insert(bounds: number[], from: number, to: number): void {
  const first = firstEndingFrom(bounds, from)
  let behind = first
  while (behind < bounds.length && numberAt(bounds, behind) <= to) behind += 2
  if (behind === first) {
    bounds.splice(first, 0, from, to)
    return
  }
  const joinedFrom = Math.min(from, numberAt(bounds, first))
  const joinedTo = Math.max(to, numberAt(bounds, behind - 1))
  bounds.splice(first, behind - first, joinedFrom, joinedTo)
}

/** Both rise; what comes out neither touches nor overlaps. */
function mergedInOnePass(left: readonly number[], right: readonly number[]): number[] {
  const merged: number[] = []
  let leftIndex = 0
  let rightIndex = 0
  while (leftIndex < left.length || rightIndex < right.length) {
    const leftFrom = left[leftIndex] ?? Number.POSITIVE_INFINITY
    const rightFrom = right[rightIndex] ?? Number.POSITIVE_INFINITY
    const isLeft = leftFrom <= rightFrom
    const from = isLeft ? leftFrom : rightFrom
    const to = isLeft ? numberAt(left, leftIndex + 1) : numberAt(right, rightIndex + 1)
    if (isLeft) leftIndex += 2
    else rightIndex += 2
    const last = merged.length - 1
    if (last > 0 && from <= numberAt(merged, last)) merged[last] = Math.max(numberAt(merged, last), to)
    else merged.push(from, to)
  }
  return merged
}
