// deferred.ts — a promise with its two ends in hand, for what is promised in one place and kept in another.
export type Deferred = {
  readonly promise: Promise<void>
  readonly keep: () => void
  readonly fail: (error: Error) => void
}

export function deferred(): Deferred {
  let keep: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const promise = new Promise<void>((resolve, reject) => {
    keep = resolve
    fail = reject
  })
  // Whoever waits for it hears of a failure; nobody has to wait.
  promise.catch(() => undefined)
  return { promise, keep, fail }
}
