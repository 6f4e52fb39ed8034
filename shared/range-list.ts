// range-list.ts — clock ranges in the order in which an update names them, client by client. Knows: that
// neighbours join. Must not know: whether they overlap, or what they are ranges of.

import { ClientGroups, numberAt } from './client-groups.ts'

/** From `from` up to, not including, `to`. */
export interface ClockRange {
  readonly client: number
  readonly from: number
  readonly to: number
}

export class RangeList extends ClientGroups implements Iterable<ClockRange> {
  #length = 0

  /** Number of ranges. */
  get length(): number {
    return this.#length
  }

  append(client: number, from: number, to: number): void {
    const { numbers } = this
    if (client === this.lastClient && numbers.at(-1) === from) {
      numbers[numbers.length - 1] = to
    } else {
      this.pushPair(client, from, to)
      this.#length += 1
    }
  }

  *[Symbol.iterator](): IterableIterator<ClockRange> {
    const { numbers } = this
    for (let header = 0; header < numbers.length; header = numberAt(numbers, header + 1)) {
      const client = numberAt(numbers, header)
      for (let index = header + 2; index < numberAt(numbers, header + 1); index += 2) {
        yield { client, from: numberAt(numbers, index), to: numberAt(numbers, index + 1) }
      }
    }
  }
}

/** What is read from a finished update and must stay as it is. */
export type ReadonlyRangeList = Omit<RangeList, 'append'>
