// alarm.ts — one timer, always set to the time that was asked for last. Must not know: who is woken, and why.

/** Longer waits overflow in browsers and end at once. */
const waitMsMax = 2 ** 31 - 1

export class Alarm {
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ring: () => void) {
    this.#ring = ring
  }

  set(time: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#ring, Math.min(Math.max(0, time - Date.now()), waitMsMax))
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
