// asking.ts — asks for what may not be to be had now, a token or a store, until it is: one question at a time, and never in
// a storm. Knows: waits. Must not know: what it asks for. [L1]
import { waitMs } from '../shared/backoff.ts'

export class Asking<Answer> {
  readonly #ask: () => Promise<Answer>
  readonly #given: (answer: Answer) => void
  readonly #failed: (error: unknown, failures: number) => void
  #failures = 0
  #isAsking = false
  #isOver = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    ask: () => Promise<Answer>,
    given: (answer: Answer) => void,
    failed: (error: unknown, failures: number) => void,
  ) {
    this.#ask = ask
    this.#given = given
    this.#failed = failed
  }

  async now(): Promise<void> {
    this.#wait(undefined)
    if (this.#isAsking || this.#isOver) return
    this.#isAsking = true
    try {
      this.#given(await this.#ask())
    } catch (error) {
      this.later()
      this.#failed(error, this.#failures)
    } finally {
      this.#isAsking = false
    }
  }

  /** What was no good may be no good again: it is asked for less and less often. */
  later(): void {
    this.#failures += 1
    this.#wait(this.#isOver ? undefined : waitMs(this.#failures, Math.random()))
  }

  /** The last answer was good. */
  accepted(): void {
    this.#failures = 0
  }

  /** A person asks for another try. */
  hurry(): void {
    this.#failures = 0
    if (this.#timer !== undefined) void this.now()
  }

  stop(): void {
    this.#isOver = true
    this.#wait(undefined)
  }

  #wait(ms: number | undefined): void {
    clearTimeout(this.#timer)
    this.#timer = ms === undefined ? undefined : setTimeout(() => void this.now(), ms)
  }
}
