// observed.ts — a value that one can read now and hear of when it changes: what every status is. Fits
// useSyncExternalStore as it is.

/** @example const stop = workspace.status.subscribe(() => render(workspace.status.current)) */
export interface Observable<Value> {
  readonly current: Value
  /** Calls back after each change, until what this returns is called. */
  readonly subscribe: (listener: () => void) => () => void
}

export class Observed<Value> implements Observable<Value> {
  readonly #listeners = new Set<() => void>()
  #current: Value

  constructor(current: Value) {
    this.#current = current
  }

  get current(): Value {
    return this.#current
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // One function subscribed twice is two subscriptions.
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  set(value: Value): void {
    this.#current = value
    for (const listener of this.#listeners) listener()
  }
}

/** Resolves when it holds, now or after one of the changes. */
export function until<Value>(observable: Observable<Value>, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return
      stop()
      resolve()
    }
    const stop = observable.subscribe(look)
    look()
  })
}
