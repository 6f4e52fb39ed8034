// asking.ts — asks for what may not be to be had now, a token or a store, until it is: one question at a time, and never in
// a storm. Knows: waits. Must not know: what it asks for. [L1]
import { waitMs } from '../shared/backoff.ts'
import { SynclineError } from './syncline-error.ts'

export class Asking<Answer> {
  readonly #ask: () => Promise<Answer>
  readonly #given: (answer: Answer) => void
  readonly #failed: (error: unknown, failures: number) => void
  readonly #answerMsMax: number | undefined
  #failures = 0
  /** Ends with an answer: what the questions of it say later does not count. */
  #round = 0
  #isAsking = false
  #isOver = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #patience: ReturnType<typeof setTimeout> | undefined

  /** `answerMsMax`: beyond it it is asked again, and the first answer counts. Undefined: it may be asked for but once. */
  constructor(
    ask: () => Promise<Answer>,
    given: (answer: Answer) => void,
    failed: (error: unknown, failures: number) => void,
    answerMsMax?: number,
  ) {
    this.#ask = ask
    this.#given = given
    this.#failed = failed
    this.#answerMsMax = answerMsMax
  }

  async now(): Promise<void> {
    this.#wait(undefined)
    if (!this.#isAsking && !this.#isOver) await this.#question()
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
    else if (this.#isAsking && this.#answerMsMax !== undefined) void this.#question()
  }

  stop(): void {
    this.#isOver = true
    this.#settle()
  }

  async #question(): Promise<void> {
    const round = this.#round
    this.#settle()
    this.#isAsking = true
    if (this.#answerMsMax !== undefined)
      this.#patience = setTimeout(() => {
        this.#fail(round, new SynclineError('no-answer', 'There was no answer. It is asked again.'))
      }, this.#answerMsMax)
    let answer: Answer
    try {
      answer = await this.#ask()
    } catch (error) {
      return this.#fail(round, error)
    }
    if (round !== this.#round) return undefined
    this.#round += 1
    this.#settle()
    return this.#given(answer)
  }

  #fail(round: number, error: unknown): void {
    if (round !== this.#round || !this.#isAsking) return
    this.#settle()
    this.later()
    this.#failed(error, this.#failures)
  }

  #settle(): void {
    this.#isAsking = false
    clearTimeout(this.#patience)
    this.#wait(undefined)
  }

  #wait(ms: number | undefined): void {
    clearTimeout(this.#timer)
    this.#timer = ms === undefined ? undefined : setTimeout(() => void this.now(), ms)
  }
}
