// replica-listing.ts — a full list of the relay's documents while it comes in, and what is on this device and not on it.
// Knows: names. Must not know: how they are stored. That the relay does not name a document is no proof that it may go:
// the relay may have been restored from before it. So it is only to be looked at: the relay's answer to opening it
// decides. [S1] [C2]
import type { MessageOf } from './message.ts'
import { listedMax } from './replica-limits.ts'
import type { ToFetch } from './replica-records.ts'
import type { HeldDocument } from './replica-words.ts'

/** What is stored at once. */
export type List = { readonly documents: readonly ToFetch[]; readonly cursor: Uint8Array | undefined }

export class Listing {
  #listed: Set<string> | undefined
  /** A list that came to its end, and the cursor that may be stored with what it does not name. */
  #ended: { readonly listed: ReadonlySet<string>; readonly cursor: Uint8Array } | undefined

  /** Returns whether a full list has come to its end. */
  hear({ full, more, documents, cursor }: MessageOf<'changed'>): boolean {
    if (!full) return false
    this.#listed ??= new Set()
    // Past it nothing is looked at: all stays. [B1]
    for (const { document } of documents) if (this.#listed.size <= listedMax) this.#listed.add(document)
    if (more) return false
    this.#ended = { listed: this.#listed, cursor }
    this.#listed = undefined
    return true
  }

  /** What was never the relay's is nobody's to take away. */
  unlisted(held: readonly HeldDocument[]): List | undefined {
    if (this.#ended === undefined) return undefined
    const { listed, cursor } = this.#ended
    this.#ended = undefined
    const isTooLong = listed.size > listedMax
    const documents = held
      .filter(({ document, epoch }) => !isTooLong && epoch.length > 0 && !listed.has(document))
      .map(({ document, epoch }) => ({ document, epoch, position: 0 }))
    return { documents, cursor }
  }

  /** Parts of an answer that nobody will end. */
  cut(): void {
    this.#listed = undefined
  }

  forget(): void {
    this.#listed = undefined
    this.#ended = undefined
  }
}
