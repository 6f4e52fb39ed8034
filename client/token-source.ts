// token-source.ts — asks the application for tokens: one question at a time, and never in a storm. Knows: waits. Must not
// know: what a token says, what it is for.
import { waitMs } from '../shared/backoff.ts'

export type AskToken = () => Promise<string>

export class TokenSource {
  readonly #ask: AskToken | undefined
  readonly #given: (token: string) => void
  readonly #failed: (error: unknown) => void
  #failures = 0
  #isAsking = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ask: AskToken | undefined, given: (token: string) => void, failed: (error: unknown) => void) {
    this.#ask = ask
    this.#given = given
    this.#failed = failed
  }

  /** A token that was refused may be refused again: then the application is asked less and less often. */
  need(reason: 'missing' | 'refused' | 'expiring'): void {
    // Without accounts there is the empty one, which was given already: where it is refused there is no other.
    if (this.#ask === undefined) return
    if (reason === 'refused') this.#askLater()
    else void this.#askNow()
  }

  /** The last token was taken. */
  accepted(): void {
    this.#failures = 0
  }

  /** A person asks for another try. */
  hurry(): void {
    this.#failures = 0
    if (this.#timer === undefined) return
    this.stop()
    void this.#askNow()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #askLater(): void {
    this.stop()
    this.#failures += 1
    const after = waitMs(this.#failures, Math.random())
    this.#timer = setTimeout(() => void this.#askNow(), after)
  }

  async #askNow(): Promise<void> {
    this.#timer = undefined
    if (this.#isAsking || this.#ask === undefined) return
    this.#isAsking = true
    try {
      this.#given(await this.#ask())
    } catch (error) {
      this.#failed(error)
      this.#askLater()
    } finally {
      this.#isAsking = false
    }
  }
}
