// id-ranges.ts — a growing set of ids: clock ranges of many clients. Knows: whose ranges are whose, and what many of
// them come to. Must not know: what the ids mean, how the ranges of one client lie.

import { numberAt } from './client-groups.ts'
import { ClockRanges } from './clock-ranges.ts'
import { RangeList, type ReadonlyRangeList } from './range-list.ts'

export class IdRanges {
  #clients: Map<number, ClockRanges> | undefined
  #length = 0

  /** Number of ranges. */
  get length(): number {
    return this.#length
  }

  /** Number of clients that have ranges. */
  get clientCount(): number {
    return this.#clients?.size ?? 0
  }

  hasAll(ranges: ReadonlyRangeList): boolean {
    return ranges.everyClient((client, added, start, end) => {
      const known = this.#clients?.get(client)
      if (known === undefined) return false
      for (let index = start; index < end; index += 2) {
        if (!known.covers(numberAt(added, index), numberAt(added, index + 1))) return false
      }
      return true
    })
  }

  add(ranges: ReadonlyRangeList): void {
    if (ranges.length === 0) return
    const clients = this.#clients ?? new Map<number, ClockRanges>()
    this.#clients = clients
    ranges.everyClient((client, added, start, end) => {
      let known = clients.get(client)
      if (known === undefined) clients.set(client, (known = new ClockRanges()))
      this.#length -= known.length
      for (let index = start; index < end; index += 2) {
        known.add(numberAt(added, index), numberAt(added, index + 1))
      }
      this.#length += known.length
      return true
    })
  }

  /** What `length` would be after `add`, of ranges that rise and do not touch: each takes in what it touches. */
  lengthWith(ranges: ReadonlyRangeList): number {
    let length = this.#length + ranges.length
    ranges.everyClient((client, added, start, end) => {
      const known = this.#clients?.get(client)
      if (known === undefined) return true
      for (let index = start; index < end; index += 2) {
        length -= known.countTouching(numberAt(added, index), numberAt(added, index + 1))
      }
      return true
    })
    return length
  }

  /** Everything in the set, clients falling as Yjs orders them. */
  toRangeList(): RangeList {
    const list = new RangeList()
    const all = [...(this.#clients ?? [])].toSorted(([one], [other]) => other - one)
    for (const [client, known] of all) known.appendTo(list, client)
    return list
  }
}
