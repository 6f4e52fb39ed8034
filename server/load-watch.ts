// load-watch.ts — how late this process comes to what it has to do, looked at once a second. Knows: when a tick was due.
// Must not know: timers, what follows from it.

/** Between two ticks; whoever has timers calls `ticked` so often. */
export const tickMs = 100
const ticksALook = 10

export class LoadWatch {
  readonly #now: () => number
  readonly #look: (latestMs: number) => void
  #dueAt: number
  #latestMs = 0
  #ticks = 0

  constructor(now: () => number, look: (latestMs: number) => void) {
    this.#now = now
    this.#look = look
    this.#dueAt = now() + tickMs
  }

  ticked(): void {
    const now = this.#now()
    this.#latestMs = Math.max(this.#latestMs, now - this.#dueAt)
    this.#dueAt = now + tickMs
    this.#ticks += 1
    if (this.#ticks < ticksALook) return
    this.#look(Math.round(this.#latestMs))
    this.#latestMs = 0
    this.#ticks = 0
  }
}
