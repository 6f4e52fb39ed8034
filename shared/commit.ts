// commit.ts — what one tenant writes at once: rows at their positions, and the records that belong with them. Types
// only. Must not know: keys, bytes on the disk (relay-records.ts does).
import type { Claim } from './claims.ts'
import type { DocumentStage, DocumentState } from './document-state.ts'
import type { EntryKind } from './message.ts'
import type { KeptAnswer, PushId } from './room-words.ts'

export type CommittedRow = {
  readonly document: string
  readonly epoch: Uint8Array
  readonly position: number
  /** The position of the document's row before this one: a chain that shows a hole. */
  readonly previous: number
  readonly kind: EntryKind
  readonly author: Uint8Array | undefined
  readonly update: Uint8Array
}

export type ChangedState = {
  readonly document: string
  readonly state: DocumentState
  /** Where the index of changes had it. */
  readonly lastWas: number
}

/** One history of a document. */
type Of<Fact> = { readonly document: string; readonly epoch: Uint8Array } & Fact

/** What a history begins with: a snapshot, in pieces. */
export type Beginning = Of<{ readonly through: number; readonly pieces: readonly Uint8Array[] }>

/** What the index of changes says of a document. */
export type Change = Of<{ readonly position: number; readonly stage: DocumentStage }>

export type Commit = {
  /** Holds only if the head is still this. */
  readonly headWas: number
  readonly head: number
  /** Of an opening: its branch, and the first position it may give. */
  readonly branch: { readonly id: Uint8Array; readonly first: number } | undefined
  readonly rows: readonly CommittedRow[]
  readonly documents: readonly ChangedState[]
  readonly keep: readonly Of<{ readonly answer: KeptAnswer }>[]
  readonly forget: readonly Of<{ readonly id: PushId }>[]
  /** Whose the client ids are of the rows that a fold takes. */
  readonly claims: readonly Of<{ readonly claims: readonly Claim[] }>[]
  readonly begin: readonly Beginning[]
  /** Histories that are no more: what lies under them goes later. */
  readonly cleanUp: readonly Of<unknown>[]
}
