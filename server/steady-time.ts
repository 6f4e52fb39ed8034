// steady-time.ts — the time by which the relay's machines wait: the wall clock, but never set back. Whoever waits until a
// moment would wait an hour longer where the clock of the machine is set back by one. [L1] Must not know: who waits.

/** So much more slowly it goes until a wall clock that was set back has caught up: who waits waits a tenth longer. */
const slowness = 0.1

export class SteadyTime {
  readonly #wallNow: () => number
  /** Goes on whatever becomes of the wall clock. */
  readonly #stopwatch: () => number
  /** What the stopwatch said last, and by how much it was behind. */
  #ran: number
  #offset: number

  constructor(wallNow: () => number = () => Date.now(), stopwatch: () => number = () => performance.now()) {
    this.#wallNow = wallNow
    this.#stopwatch = stopwatch
    this.#ran = stopwatch()
    this.#offset = wallNow() - this.#ran
  }

  /** Where the wall clock is set forward, or the machine slept, it follows at once. */
  readonly now = (): number => {
    const ran = this.#stopwatch()
    const slowed = this.#offset - (ran - this.#ran) * slowness
    this.#offset = Math.max(slowed, this.#wallNow() - ran)
    this.#ran = ran
    return Math.floor(ran + this.#offset)
  }

  /** A moment of the wall clock, such as the end of a token. */
  readonly of = (wallTime: number): number => wallTime + (this.now() - this.#wallNow())
}
