// document-status.ts — what a person is told of one document in this tab: the tab's own machine, or, where another tab
// talks to the relay, what that one said, as far as it covers what was written here. [T1]
import type { DocumentStatus } from '../shared/replica-status.ts'

export type LeaderWord = {
  readonly status: DocumentStatus
  /** The row up to which the leader has read. */
  readonly last: number
}

export type Sources = {
  /** Of the tab's own machine. */
  readonly own: DocumentStatus
  /** Typed before the store was read. */
  readonly early: number
  readonly leader: LeaderWord | undefined
  /** The last row that this tab wrote. */
  readonly written: number
  /** Rows that were not answered when this tab read or wrote them; only the leader hears of answers. */
  readonly unanswered: number
  /** Whether the store outlives the program. */
  readonly isDurable: boolean
  /** Edits of it in the inbox. */
  readonly filed: number
}

/** Before anything is known: also what a server renders. */
export const beginning: DocumentStatus = {
  phase: 'loading',
  inMemory: 0,
  pending: 0,
  refused: 0,
  isSaved: false,
  isUpToDate: false,
  differs: false,
  lastSaved: undefined,
  progress: undefined,
  waitingFor: undefined,
  mayWrite: undefined,
}

export function shownStatus(sources: Sources): DocumentStatus {
  const { own, early, isDurable, filed } = sources
  const told = own.phase === 'following' ? followersStatus(sources) : own
  const inMemory = told.inMemory + early
  // The inbox may have been read before the machine hears of it, or after.
  const refused = Math.max(told.refused, filed)
  const isSaved = told.isSaved && early === 0 && refused === 0
  // Memory is no disk, whatever is kept there.
  if (!isDurable) return { ...told, inMemory: inMemory + told.pending, pending: 0, refused, isSaved }
  return { ...told, inMemory, refused, isSaved }
}

function followersStatus({ own, leader, written, unanswered }: Sources): DocumentStatus {
  if (leader === undefined) return { ...own, pending: unanswered }
  const { status, last } = leader
  const { inMemory, refused } = own
  // What the leader has in its memory alone is its own to tell.
  if (last >= written) return { ...status, inMemory, refused, isSaved: status.isSaved && inMemory === 0 }
  return { ...status, inMemory, refused, pending: Math.max(1, status.pending), isSaved: false }
}
