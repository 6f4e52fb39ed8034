// replica-pushes.ts — pushes that have no answer yet. Knows: which counters each held, since when. Must not know: what
// an answer says.

export class Pushes {
  #open: { readonly counters: Set<number>; readonly since: number }[] = []

  get oldestSince(): number | undefined {
    return this.#open[0]?.since
  }

  opened(counters: readonly number[], now: number): void {
    this.#open.push({ counters: new Set(counters), since: now })
  }

  /** How many of the pushes have now all their answers. */
  answered(isAnswered: (counter: number) => boolean): number {
    for (const { counters } of this.#open) {
      for (const counter of counters) if (isAnswered(counter)) counters.delete(counter)
    }
    const before = this.#open.length
    this.#open = this.#open.filter(({ counters }) => counters.size > 0)
    return before - this.#open.length
  }

  /** The relay holds back what was pushed, and said so: that is an answer as far as the window goes. */
  forgetAll(): number {
    const count = this.#open.length
    this.#open = []
    return count
  }
}
