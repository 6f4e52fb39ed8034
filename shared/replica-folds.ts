// replica-folds.ts — which rows of a document a fold may replace by a snapshot of them. Policy only. Never past the
// first pending row: what the relay has not answered keeps its own row and id; and a tail stays for slower tabs.
import { rowWorthBytes } from './limits.ts'
import { foldRowsMin, foldTailRows } from './replica-limits.ts'
import { rowKind } from './replica-records.ts'
import type { RowKind } from './replica-records.ts'

export type FoldableRow = { readonly sequence: number; readonly kind: RowKind }

/** The snapshot takes the place of row `through`; the others go. */
export type Fold = { readonly through: number; readonly removed: readonly number[] }

/** A fold reads what the last one made: however large a document gets, all its folds together cost as much as its rows. */
export function isWorthFolding(rows: number, foldedBytes: number): boolean {
  return rows >= Math.max(foldRowsMin + foldTailRows, foldedBytes / rowWorthBytes)
}

export function foldOf(rows: readonly FoldableRow[]): Fold | undefined {
  const firstPending = rows.findIndex(({ kind }) => kind === rowKind.pending)
  const end = Math.min(firstPending === -1 ? rows.length : firstPending, rows.length - foldTailRows)
  // What is kept is not the relay's: it must not get into what is compared with the relay.
  const folded = rows.slice(0, Math.max(0, end)).filter(({ kind }) => kind !== rowKind.kept)
  const last = folded.at(-1)
  if (last === undefined || folded.length < foldRowsMin) return undefined
  return { through: last.sequence, removed: folded.slice(0, -1).map(({ sequence }) => sequence) }
}
