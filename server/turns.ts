// turns.ts — when what came in goes to the disk: at once where little happens, and never more often than the pace. A
// sync costs the same for one edit as for fifty, and a frame to a reader nearly so; under load the edits of some
// milliseconds share them. Knows: time, how busy this process is. Must not know: what is written.

/** One picture of a screen: who reads sees nothing sooner. At a thousand keys a second it halves what a key costs. */
const paceMs = 16

/** So long a busy process gathers, unless enough is there: a fifth less again for a key, and still too short to be seen. */
const picturesMax = 3

/** Worth a turn of its own: who sends so much at once waits for the answer before it sends more. */
const editsEnough = 64

/** Of its time that this process has something to do. */
const busyShare = 0.08
const lookEveryMs = 250

export class Turns {
  #last = Number.NEGATIVE_INFINITY
  readonly #busyShareSince: () => number
  #isBusy = false
  #lookedAt = performance.now()

  /** `busyShareSince`: of the time since it was asked last. */
  constructor(busyShareSince: () => number) {
    this.#busyShareSince = busyShareSince
  }

  /** `gathered`: how many edits wait for this turn. */
  readonly end = (then: () => void, gathered: () => number): void => {
    const wait = this.#last + paceMs - performance.now()
    if (wait <= 0) setImmediate(() => this.#turn(then))
    else this.#wait(wait, 1, then, gathered)
  }

  #wait(ms: number, pictures: number, then: () => void, gathered: () => number): void {
    setTimeout(() => {
      if (pictures < picturesMax && this.#isBusy && gathered() < editsEnough) {
        this.#wait(paceMs, pictures + 1, then, gathered)
      } else {
        this.#turn(then)
      }
    }, ms)
  }

  #turn(then: () => void): void {
    this.#last = performance.now()
    this.#look()
    then()
  }

  #look(): void {
    if (this.#last - this.#lookedAt < lookEveryMs) return
    this.#lookedAt = this.#last
    this.#isBusy = this.#busyShareSince() > busyShare
  }
}

/** Of this process. */
export function processBusyShare(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}
