// replica-comparing.ts — when a document that came to rest is compared with the relay's, and what a difference leads
// to: first the state vectors decide, then all of it is fetched, and a third time it is only said. Knows: positions and
// times. Must not know: digests, links. State vectors prove nothing about deletes. [C1] [T1]
import { verdict as verdictWords } from './message.ts'
import type { Verdict } from './message.ts'
import { comparisonMsMin, quietMs } from './replica-limits.ts'
import { comparison } from './replica-records.ts'
import type { Comparison } from './replica-records.ts'

export type Remedy = 'none' | 'exchange' | 'fetchAll'

export class Comparing {
  #compared: Comparison = comparison.none
  /** Differences in a row. */
  #suspicion = 0
  #comparedAt: number | undefined
  #position: number | undefined
  #restsSince: number | undefined
  #isUrgent = false
  #isAsked = false

  get compared(): Comparison {
    return this.#compared
  }

  load(compared: Comparison): void {
    this.#compared = compared
  }

  /** Something came or went, or nobody listens. */
  disturb(): void {
    this.#restsSince = undefined
  }

  /** What was asked is answered no more. */
  cut(): void {
    this.disturb()
    this.#isUrgent ||= this.#isAsked
  }

  /** After state vectors decided, and after all was fetched, the next comparison waits for no minute. */
  hurry(): void {
    this.#isUrgent = true
    this.#position = undefined
  }

  /** When a digest is due at this position; undefined: it was compared. To be asked while the document rests. */
  dueAt(position: number, now: number): number | undefined {
    if (this.#position === position) return undefined
    this.#restsSince ??= now
    const rested = this.#restsSince + quietMs
    if (this.#isUrgent || this.#comparedAt === undefined) return rested
    return Math.max(rested, this.#comparedAt + comparisonMsMin)
  }

  began(now: number): void {
    this.#comparedAt = now
    this.#isUrgent = false
    this.#isAsked = true
    this.#restsSince = undefined
  }

  judged(verdict: Verdict, position: number): Remedy {
    this.#isAsked = false
    if (verdict === verdictWords.notNow) return 'none'
    this.#position = position
    if (verdict === verdictWords.equal) {
      this.#compared = comparison.equal
      this.#suspicion = 0
      return 'none'
    }
    this.#compared = comparison.different
    this.#suspicion += 1
    if (this.#suspicion === 1) return 'exchange'
    // Never a loop: from the third on it is said, and compared again when there is news.
    return this.#suspicion === 2 ? 'fetchAll' : 'none'
  }

  /** A person asks for another round. */
  forgive(): void {
    if (this.#suspicion > 1) this.#suspicion = 0
    this.#position = undefined
  }
}
