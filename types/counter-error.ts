// counter-error.ts — why a counter does not count: one class, one code each.

export type CounterErrorCode =
  /** What was to be added is no whole number. */
  | 'not-an-integer'
  /** Beyond ±(2^53 − 1) numbers are not exact. */
  | 'too-large'
  /** The map that was to hold it is in no Y.Doc yet. */
  | 'not-in-a-document'

export class CounterError extends Error {
  override readonly name = 'CounterError'
  readonly code: CounterErrorCode

  constructor(code: CounterErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
