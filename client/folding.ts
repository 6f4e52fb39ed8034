// folding.ts — many answered rows of one document made one, in the background, by the tab that leads. Knows: the records, how
// much there is to fold. Must not know: batches on their way; each fold is planned on what the store holds, as they are.
import * as Y from 'yjs'
import type { Change, NumberedRow } from '../shared/replica-batches.ts'
import { foldOf, isWorthFolding } from '../shared/replica-folds.ts'
import { foldTailRows } from '../shared/replica-limits.ts'
import { rowKind } from '../shared/replica-records.ts'
import { StoreError } from '../shared/store.ts'
import type { DeviceStore } from './device-store.ts'
import { docOf } from './live-doc.ts'
import { isPending, updatesOf } from './records.ts'

export type FoldingHost = {
  readonly store: Pick<DeviceStore, 'records' | 'said'>
  readonly tab: { readonly leads: boolean }
}

export class Folding {
  readonly #document: string
  readonly #host: FoldingHost
  /** Answered since the last fold, which made so many bytes of what was before. */
  #rows = 0
  #foldedBytes = 0
  #isUnderWay = false

  constructor(document: string, host: FoldingHost) {
    this.#document = document
    this.#host = host
  }

  /** What lies in the store to begin with. */
  begin(rows: readonly NumberedRow[]): void {
    const firstPending = rows.findIndex(isPending)
    this.#rows = firstPending === -1 ? rows.length : firstPending
    this.#foldedBytes = rows.find(({ row: { kind } }) => kind === rowKind.snapshot)?.row.update.length ?? 0
  }

  count(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'acknowledge') this.#rows += change.entries.length
      else if ('updates' in change) this.#rows += change.updates.length
    }
  }

  foldIfMany(): void {
    const isWorthWhile = isWorthFolding(this.#rows, this.#foldedBytes)
    if (isWorthWhile && !this.#isUnderWay && this.#host.tab.leads) void this.#fold()
  }

  async #fold(): Promise<void> {
    this.#isUnderWay = true
    const rowsMax = 2 * this.#rows + foldTailRows
    this.#rows = 0
    try {
      const { records } = this.#host.store
      const { head, rows } = await records.foldable(this.#document, rowsMax)
      const fold = foldOf(rows.map(({ sequence, row: { kind } }) => ({ sequence, kind })))
      if (fold === undefined || !this.#host.tab.leads) return
      const { through, removed } = fold
      const folded = new Set([...removed, through])
      const doc = docOf(updatesOf(rows.filter(({ sequence }) => folded.has(sequence))))
      const snapshot = Y.encodeStateAsUpdate(doc)
      doc.destroy()
      this.#foldedBytes = snapshot.length
      await records.write(this.#document, [
        { type: 'fold', generation: head.generation, through, removed, snapshot },
      ])
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#host.store.said(error)
    } finally {
      this.#isUnderWay = false
    }
  }
}
