// pace.ts — how fast somebody may go: so much a second, with a second's worth at once. Knows: numbers. Must not know:
// what is counted, and what follows for who goes faster. [B1]

export class Pace {
  readonly #perSecond: number
  /** What may be spent now; below zero, what has to be earned first. */
  #left: number
  #at: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = nowMs
  }

  /** How many milliseconds it takes to earn what is spent with this; 0: it was there. */
  spend(amount: number, nowMs: number): number {
    this.#earn(nowMs)
    this.#left -= amount
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / this.#perSecond) * 1000)
  }

  /** Nothing of the past is owed any more. */
  isFull(nowMs: number): boolean {
    this.#earn(nowMs)
    return this.#left === this.#perSecond
  }

  #earn(nowMs: number): void {
    const earned = ((nowMs - this.#at) / 1000) * this.#perSecond
    this.#left = Math.min(this.#perSecond, this.#left + earned)
    this.#at = nowMs
  }
}
