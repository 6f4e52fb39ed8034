// retired-histories.ts — histories that were replaced or purged: what lies under them may go when nobody writes there
// any more. Knows: documents and epochs. Must not know: how it is removed. A fold that was being made may still put
// pieces under its old epoch, which revive nothing, and which the removal has to come after. [E1]

type Epoch = Uint8Array

export class RetiredHistories {
  readonly #folding = new Set<string>()

  /** Whether it may be removed now. */
  retire(document: string, epoch: Epoch, isFolding: boolean): boolean {
    if (isFolding) this.#folding.add(nameOf(document, epoch))
    return !isFolding
  }

  /** Whether that was what its removal waited for. */
  foldEnded(document: string, epoch: Epoch): boolean {
    return this.#folding.delete(nameOf(document, epoch))
  }
}

function nameOf(document: string, epoch: Epoch): string {
  return `${epoch.join(',')} ${document}`
}
