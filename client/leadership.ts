// leadership.ts — which of the tabs that share a store leads: the one that holds a Web Lock, until it answers nobody any more.
// Knows: the lock, how often the leader was asked in vain. Must not know: terms (a lock can be held by a tab that is frozen,
// or hangs; the term in the store is what fences it), channels, what an answer proves. [L1]
import { silencesMax } from '../shared/replica-limits.ts'

const askMs = 5_000

export type LeadershipEvents = {
  readonly won: () => void
  /** Another tab took the lead away. */
  readonly lost: () => void
  /** Is the leader there? To be answered by `heard`. */
  readonly asked: () => void
}

export class Leadership {
  readonly #locks: LockManager
  readonly #name: string
  readonly #events: LeadershipEvents
  readonly #watch: ReturnType<typeof setInterval>
  #silences = 0
  #wish: AbortController | undefined
  #release: (() => void) | undefined

  constructor(locks: LockManager, name: string, events: LeadershipEvents) {
    this.#locks = locks
    this.#name = name
    this.#events = events
    this.#watch = setInterval(() => this.#look(), askMs)
  }

  heard(): void {
    this.#silences = 0
  }

  /** Stands in line, if it does not yet. */
  seek(): void {
    if (this.#wish === undefined) this.#ask(false)
  }

  /** Each question gets its time: after a sleep of the device an answer may still be on its way. */
  #look(): void {
    if (!this.#isInLine) return
    this.#silences += 1
    if (this.#silences <= silencesMax) return this.#events.asked()
    this.#silences = 0
    this.release()
    this.#ask(true)
  }

  get #isInLine(): boolean {
    return this.#wish !== undefined && this.#release === undefined
  }

  #ask(steal: boolean): void {
    const wish = new AbortController()
    const { signal } = wish
    this.#wish = wish
    const held = () => {
      // Nobody can be stopped from stealing.
      if (signal.aborted) return undefined
      return new Promise<void>((resolve) => {
        this.#release = resolve
        this.#events.won()
      })
    }
    this.#locks.request(this.#name, steal ? { steal } : { signal }, held).catch((error: unknown) => {
      if (signal.aborted) return
      if (this.#isInLine) throw error
      this.release()
      this.#events.lost()
    })
  }

  /** Lets it go, or leaves the line. */
  release(): void {
    this.#wish?.abort()
    this.#wish = undefined
    this.#release?.()
    this.#release = undefined
  }

  close(): void {
    clearInterval(this.#watch)
    this.release()
  }
}

/** Holds a lock as long as this tab lives, so that others hear of its end. */
export function holdForLife(locks: LockManager, name: string): () => void {
  const life = new AbortController()
  const held = () => new Promise<void>((resolve) => life.signal.addEventListener('abort', () => resolve()))
  void locks.request(name, held)
  return () => life.abort()
}

/** Calls back when whoever holds the lock for life is gone. */
export function whenGone(locks: LockManager, name: string, tabOnGone: () => void): void {
  void locks.request(name, { mode: 'shared' }, tabOnGone)
}
