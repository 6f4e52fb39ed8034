// growth.ts — when a document's log is worth folding, and which tail stays. Policy only: knows how much was written
// since the last fold, and what that one weighs. Must not know: how one folds. A fold costs a Y.Doc and writes the whole
// snapshot anew; not to fold costs every newcomer.
import { foldBytesMin, foldRowsMin, rowWorthBytes, tailRowsMax } from './limits.ts'

/** When nobody is there a fold is in nobody's way, and whoever comes next is given a document without a tail. */
const restShare = 8

/** By how much a document may be larger until it is folded. */
const unfoldedShare = 1.25

export class Growth {
  readonly #documentBytesMax: number
  /** The rows that the last fold has not taken. */
  #rows: { readonly position: number; readonly bytes: number }[] = []
  #bytes = 0
  #isFolding = false
  /** Of the last fold. */
  snapshotBytes = 0
  #madeBytes = 0
  /** After a fold that failed: how many rows there have to be for another. */
  #rowsAgain = 0

  constructor(documentBytesMax: number) {
    this.#documentBytesMax = documentBytesMax
  }

  grew(position: number, bytes: number): void {
    this.#rows.push({ position, bytes })
    this.#bytes += bytes
  }

  /**
   * Whether so many bytes more are too many. What was written since the last fold may be gone after the next one, so a
   * document may be larger by a part until then.
   */
  isTooMuch(bytes: number): boolean {
    const written = this.snapshotBytes + this.#bytes + bytes
    return this.snapshotBytes > this.#documentBytesMax || written > this.#documentBytesMax * unfoldedShare
  }

  /** It would be too large, if much of it were not to be gone after a fold. */
  get #isCrowded(): boolean {
    const written = this.snapshotBytes + this.#bytes
    return (
      written > this.#documentBytesMax && this.#bytes > this.#documentBytesMax * (unfoldedShare - 1) * 0.5
    )
  }

  wantsFold(isAtRest: boolean): boolean {
    if (this.#isFolding || this.#rows.length === 0 || this.#rows.length < this.#rowsAgain) return false
    if (this.#isCrowded) return true
    const share = isAtRest ? restShare : 1
    const rowsDue = Math.max(foldRowsMin, this.snapshotBytes / rowWorthBytes)
    const bytesDue = Math.max(foldBytesMin, this.snapshotBytes / 2)
    return this.#rows.length * share >= rowsDue || this.#bytes * share >= bytesDue
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
  endFold(succeeded: boolean): void {
    this.#isFolding = false
    this.#rowsAgain = succeeded ? 0 : this.#rows.length + foldRowsMin
  }

  get isFolding(): boolean {
    return this.#isFolding
  }

  /** A snapshot that takes the place of these rows when the document's record says so. */
  made(bytes: number): void {
    this.#madeBytes = bytes
  }

  folded(through: number): void {
    this.snapshotBytes = this.#madeBytes
    this.#rows = this.#rows.filter(({ position }) => position > through)
    this.#bytes = this.#rows.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
