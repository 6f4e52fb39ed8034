// kept-answers.ts — the refusals of one document, so that a re-send gets the same answer until its author has filed
// it. [R1] Knows: push ids. Must not know: why something was refused, the disk.
import { keptAnswersMax } from './limits.ts'
import type { KeptAnswer, PushId } from './room-words.ts'

export class KeptAnswers {
  #answers: Map<string, KeptAnswer> | undefined

  find(id: PushId): KeptAnswer | undefined {
    return this.#answers?.get(keyOf(id))
  }

  /** Returns the oldest one if it had to go for this one. */
  keep(answer: KeptAnswer): KeptAnswer | undefined {
    this.#answers ??= new Map()
    this.#answers.set(keyOf(answer), answer)
    if (this.#answers.size <= keptAnswersMax) return undefined
    for (const [key, oldest] of this.#answers) {
      this.#answers.delete(key)
      return oldest
    }
    return undefined
  }

  /** Returns whether there was one. */
  forget(id: PushId): boolean {
    return this.#answers?.delete(keyOf(id)) === true
  }

  get count(): number {
    return this.#answers?.size ?? 0
  }
}

function keyOf({ replica, counter, hash }: PushId): string {
  return `${replica.join('.')}/${counter}/${hash.join('.')}`
}
