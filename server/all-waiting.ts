// all-waiting.ts — how much of all tenants together waits for the disk, and whether that is too much to read on. Knows: a sum.
// Must not know: tenants, what waits. Each tenant has a bound of its own, far below this one. [B1]
import { allWaitingBytesMax } from '../shared/limits.ts'

export class AllWaiting {
  readonly #hold: (on: boolean) => void
  #bytes = 0
  #isTooMuch = false

  constructor(hold: (on: boolean) => void) {
    this.#hold = hold
  }

  get bytes(): number {
    return this.#bytes
  }

  changedBy(bytes: number): void {
    this.#bytes += bytes
    const isTooMuch = this.#bytes > allWaitingBytesMax
    if (isTooMuch === this.#isTooMuch) return
    this.#isTooMuch = isTooMuch
    this.#hold(isTooMuch)
  }
}
