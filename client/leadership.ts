// leadership.ts — which of the tabs that share a store leads: the one that holds a Web Lock. Knows: the lock. Must not
// know: terms (a lock can be held by a tab that is frozen; the term in the store is what fences it), channels.

export class Leadership {
  readonly #locks: LockManager
  readonly #name: string
  readonly #won: () => void
  #wish: AbortController | undefined
  #release: (() => void) | undefined

  constructor(locks: LockManager, name: string, won: () => void) {
    this.#locks = locks
    this.#name = name
    this.#won = won
  }

  /** Stands in line, if it does not yet. */
  seek(): void {
    if (this.#wish !== undefined) return
    const wish = new AbortController()
    this.#wish = wish
    const held = () =>
      new Promise<void>((resolve) => {
        this.#release = resolve
        this.#won()
      })
    this.#locks.request(this.#name, { signal: wish.signal }, held).catch((error: unknown) => {
      if (!wish.signal.aborted) throw error
    })
  }

  /** Lets it go, or leaves the line. */
  release(): void {
    this.#wish?.abort()
    this.#wish = undefined
    this.#release?.()
    this.#release = undefined
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
