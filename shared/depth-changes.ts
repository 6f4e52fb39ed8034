// depth-changes.ts — how many types lie around each of the structs that one client has in one update. Knows: the clocks
// from which on it is another number than before. Must not know: structs, other clients, what a log holds.
import { numberAt } from './client-groups.ts'

export class DepthChanges {
  /** Pairs of a clock and the depth from there on, rising. */
  readonly #numbers: number[] = []

  /** `first` lies around what comes before the first change. */
  at(clock: number, first: number): number {
    let low = 0
    let high = this.#numbers.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if (numberAt(this.#numbers, middle * 2) <= clock) low = middle + 1
      else high = middle
    }
    return low === 0 ? first : numberAt(this.#numbers, low * 2 - 1)
  }

  last(first: number): number {
    return this.#numbers.at(-1) ?? first
  }

  add(clock: number, depth: number): void {
    this.#numbers.push(clock, depth)
  }

  every(visit: (clock: number, depth: number) => void): void {
    for (let index = 0; index < this.#numbers.length; index += 2) {
      visit(numberAt(this.#numbers, index), numberAt(this.#numbers, index + 1))
    }
  }
}
