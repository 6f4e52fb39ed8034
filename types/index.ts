// index.ts — what an application imports as `syncline/types`: kinds of values that Yjs does not have, and what it does not tell. Any Y.Doc
// will do.
export { counter } from './counter.ts'
export type { Counter } from './counter.ts'
export { CounterError } from './counter-error.ts'
export type { CounterErrorCode } from './counter-error.ts'
export { removedSince, unseenWords } from './unseen-words.ts'
export type { CharacterId, CharacterRange, UnseenRun, UnseenWords } from './unseen-words.ts'
