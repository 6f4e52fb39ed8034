// retries.ts — what the store failed at, and is tried again: a store that fails may come back, and whoever waits for it
// waits a little longer. Knows: when. Must not know: what.
import { readRetryMs } from '../shared/limits.ts'

type Retry = { readonly at: number; readonly work: () => void }

export class Retries {
  readonly #wakeAt: (time: number) => void
  #waiting: readonly Retry[] = []

  constructor(wakeAt: (time: number) => void) {
    this.#wakeAt = wakeAt
  }

  add(now: number, work: () => void): void {
    const at = now + readRetryMs
    this.#waiting = [...this.#waiting, { at, work }]
    this.#wakeAt(at)
  }

  woke(now: number): void {
    const due = this.#waiting.filter(({ at }) => at <= now)
    this.#waiting = this.#waiting.filter(({ at }) => at > now)
    for (const { work } of due) work()
  }
}
