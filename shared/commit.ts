// commit.ts — what one tenant writes at once: rows at their positions, and the records that belong with them. Types
// only. Must not know: keys, bytes on the disk (relay-records.ts does).
import type { EntryKind } from './message.ts'
import type { DocumentState, KeptAnswer, PushId } from './room-words.ts'

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

export type Commit = {
  /** Holds only if the head is still this. */
  readonly headWas: number
  readonly head: number
  /** Of an opening: its branch, and the first position it may give. */
  readonly branch: { readonly id: Uint8Array; readonly first: number } | undefined
  readonly rows: readonly CommittedRow[]
  readonly documents: readonly ChangedState[]
  readonly keep: readonly {
    readonly document: string
    readonly epoch: Uint8Array
    readonly answer: KeptAnswer
  }[]
  readonly forget: readonly { readonly document: string; readonly epoch: Uint8Array; readonly id: PushId }[]
}
