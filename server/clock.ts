// clock.ts — one timer for all that asked to be woken. Knows: when each asked for. Must not know: who, and why.

/** Machines ask to be woken for many things; they are all woken together, this often at most. */
const wakeMs = 250

/** A timer for longer than this would end at once. */
const timerMsMax = 2 ** 31 - 1

export class Clock {
  ring: () => void = () => undefined
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  /** Who asked for a later waking does not ask again because of an earlier one: all are kept, in steps of `wakeMs`. */
  readonly #steps = new Set<number>()
  #next = Number.POSITIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
  }

  wakeAt(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return
    const step = Math.ceil(Math.max(time, this.#now() + wakeMs) / wakeMs)
    if (this.#steps.has(step)) return
    this.#steps.add(step)
    if (step < this.#next) this.#wakeAt(step)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#steps.clear()
    this.#next = Number.POSITIVE_INFINITY
  }

  #wakeAt(step: number): void {
    clearTimeout(this.#timer)
    this.#next = step
    this.#timer = setTimeout(() => this.#timerOnEnd(), Math.min(step * wakeMs - this.#now(), timerMsMax))
  }

  #timerOnEnd(): void {
    const now = this.#now()
    let next = Number.POSITIVE_INFINITY
    for (const step of this.#steps) {
      if (step * wakeMs <= now) this.#steps.delete(step)
      else next = Math.min(next, step)
    }
    this.#next = Number.POSITIVE_INFINITY
    if (next !== Number.POSITIVE_INFINITY) this.#wakeAt(next)
    this.ring()
  }
}
