// turns.ts — when what came in goes to the disk: at once where little happens, and never more often than the pace. A
// sync costs the same for one edit as for fifty, so under load the edits of some milliseconds share one. Knows: time.
// Must not know: what is written.

/** One picture of a screen: who reads sees nothing sooner. At a thousand keys a second it halves what a key costs. */
const paceMs = 16

export class Turns {
  #last = Number.NEGATIVE_INFINITY

  readonly end = (then: () => void): void => {
    const wait = this.#last + paceMs - performance.now()
    if (wait <= 0) setImmediate(() => this.#turn(then))
    else setTimeout(() => this.#turn(then), wait)
  }

  #turn(then: () => void): void {
    this.#last = performance.now()
    then()
  }
}
