// replica-fetching.ts — documents that nobody looks at and that have to be brought up to date: those with unsent edits
// first, then what changed since. One after the other. Knows: the list. Must not know: links.
import type { ToFetch } from './replica-records.ts'
import { isAt } from './replica-workspace.ts'

export class Fetching {
  /** Edits of a tab that was closed: they must go up before anything comes down. */
  readonly #unsent = new Set<string>()
  readonly #listed = new Map<string, ToFetch>()
  readonly #unsentLater = new Set<string>()
  #listedLater: ToFetch[] = []
  #current: string | undefined

  get size(): number {
    return this.#unsent.size + this.#listed.size + this.#unsentLater.size + this.#listedLater.length
  }

  get current(): string | undefined {
    return this.#current
  }

  addUnsent(document: string): void {
    this.#unsent.add(document)
  }

  add(wanted: ToFetch): void {
    this.#listed.set(wanted.document, wanted)
  }

  /** The next one, which is not open anyway. */
  begin(isOpen: (document: string) => boolean): string | undefined {
    if (this.#current !== undefined) return undefined
    for (const document of [...this.#unsent, ...this.#listed.keys()]) {
      if (isOpen(document)) continue
      this.#current = document
      return document
    }
    return undefined
  }

  /** It came to rest there. Returns what is done with, if it was listed. */
  rested(document: string, epoch: Uint8Array, position: number): ToFetch | undefined {
    this.#unsent.delete(document)
    const listed = this.#listed.get(document)
    if (listed === undefined || !isAt(listed, epoch, position)) return undefined
    this.#listed.delete(document)
    return listed
  }

  /** It is not on this device any more, and not to be fetched. Returns what is done with, if it was listed. */
  dropped(document: string): ToFetch | undefined {
    this.#unsent.delete(document)
    const listed = this.#listed.get(document)
    this.#listed.delete(document)
    return listed
  }

  /** The relay does not let it be opened: the others first, and this one when `again` is said. */
  putOff(document: string): void {
    if (this.#unsent.delete(document)) this.#unsentLater.add(document)
    const listed = this.#listed.get(document)
    if (listed !== undefined) this.#listedLater.push(listed)
    this.#listed.delete(document)
  }

  /** With a new socket, a new token, or because somebody asks. */
  again(): void {
    for (const document of this.#unsentLater) this.#unsent.add(document)
    for (const listed of this.#listedLater) {
      if (!this.#listed.has(listed.document)) this.#listed.set(listed.document, listed)
    }
    this.#unsentLater.clear()
    this.#listedLater = []
  }

  /** It is not fetched any more: it is done, or put off, or somebody opened it. */
  release(document: string): void {
    if (this.#current === document) this.#current = undefined
  }

  clear(): void {
    this.#unsentLater.clear()
    this.#listedLater = []
    this.#unsent.clear()
    this.#listed.clear()
    this.#current = undefined
  }
}
