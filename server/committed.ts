// committed.ts — what an application's `committed` is told. Types only.

/** A document with the last of its commits. Whoever wants its content reads it: there may be a newer one by then. */
export type CommittedDocument = {
  readonly tenant: string
  readonly document: string
  readonly position: number
  /** Its content is gone. */
  readonly isPurged: boolean
}

/**
 * Called with what was committed, at least once for each document and in the order of commits, one call at a time.
 * When it throws or rejects it is called again with the same documents, after a while, also after a restart. When it takes
 * longer than a minute that counts as having failed too: the call before may then still be under way.
 */
export type Committed = (documents: readonly CommittedDocument[]) => void | Promise<void>
