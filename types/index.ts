// index.ts — what an application imports as `syncline/types`: kinds of values that Yjs does not have. Any Y.Doc will do.
export { counter } from './counter.ts'
export type { Counter } from './counter.ts'
export { CounterError } from './counter-error.ts'
export type { CounterErrorCode } from './counter-error.ts'
