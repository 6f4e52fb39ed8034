// workshop.ts — where Y.Docs are made of documents' logs and asked things: in this thread, or in one beside it. Types
// only. Whoever asks does one thing after the other: what a workshop holds may be gone when another has asked.

import type { Snapshot } from '../shared/room-words.ts'

/** A Y.Doc of one history of a document, and the position through which it holds the log. */
export type Held = { readonly epoch: string; readonly through: number }

export type ReadForm = 'update' | 'json'

export interface Workshop {
  held(name: string): Promise<Held | undefined>
  /** An empty Y.Doc, whatever was there. */
  begin(name: string, epoch: string): Promise<void>
  /** The next updates of its log, through a position. */
  take(name: string, updates: readonly Uint8Array[], through: number): Promise<void>
  difference(name: string, stateVector: Uint8Array): Promise<Uint8Array[]>
  snapshot(name: string): Promise<Snapshot>
  digest(name: string): Promise<Uint8Array>
  /** In one piece, for who has no use for several. */
  read(name: string, form: ReadForm): Promise<Uint8Array>
  drop(name: string): void
  close(): Promise<void>
}

export type WorkErrorCode =
  /** An update of the log cannot be applied; the Y.Doc is gone. */
  | 'update-unusable'
  /** All Y.Docs are gone with the thread that took too long. */
  | 'work-took-too-long'
  /** The thread came to an end, for lack of memory for one, and all Y.Docs with it. */
  | 'work-broke-off'
  /** There is no thread: for lack of files or memory at this moment, whatever it would have done. */
  | 'work-not-begun'
  /** The document was replaced while its old history was waited for. */
  | 'history-ended'
  /** It took too long or broke off before: it is not tried again. */
  | 'work-given-up'

export class WorkError extends Error {
  override readonly name = 'WorkError'
  readonly code: WorkErrorCode
  /** Which of the updates that were handed over it was, where that is known. */
  readonly index: number | undefined

  constructor(code: WorkErrorCode, message: string, index?: number) {
    super(message)
    this.code = code
    this.index = index
  }
}
