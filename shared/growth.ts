// growth.ts — when a document's log is worth folding, and which tail stays. Policy only: knows how much was written
// since the last fold. Must not know: how one folds. A fold costs a Y.Doc; not to fold costs every newcomer.
import { foldBytesMin, foldRowsMin, tailRowsMax } from './limits.ts'

export class Growth {
  /** The rows that the last fold has not taken. */
  #rows: { readonly position: number; readonly bytes: number }[] = []
  #bytes = 0
  #isFolding = false

  grew(position: number, bytes: number): void {
    this.#rows.push({ position, bytes })
    this.#bytes += bytes
  }

  get wantsFold(): boolean {
    return !this.#isFolding && (this.#rows.length >= foldRowsMin || this.#bytes >= foldBytesMin)
  }

  beginFold(): void {
    this.#isFolding = true
  }

  /** The position from which rows stay behind a fold, so that cursors of late are still served. */
  tailFrom(through: number): number {
    const folded = this.#rows.filter(({ position }) => position <= through)
    return folded.at(-(tailRowsMax + 1))?.position ?? 0
  }

  /** Until what it made superfluous is gone: a newer fold's pieces would go with it. */
  endFold(): void {
    this.#isFolding = false
  }

  get isFolding(): boolean {
    return this.#isFolding
  }

  folded(through: number): void {
    this.#rows = this.#rows.filter(({ position }) => position > through)
    this.#bytes = this.#rows.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
