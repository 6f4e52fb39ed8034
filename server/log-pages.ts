// log-pages.ts — pages of logs and snapshots as they lie on the disk, read once for all who ask for the same: who comes
// after a restart comes with everyone else. Knows: how much is kept. Must not know: links, rooms, what a page says.
import type { HistoryPlace } from '../shared/record-keys.ts'
import type { RelayStore } from '../shared/relay-store.ts'

type RowsPage = Awaited<ReturnType<RelayStore['readRows']>>
type PiecesPage = Awaited<ReturnType<RelayStore['readPieces']>>
type Kept<Page> = { readonly page: Promise<Page>; bytes: number }

/** Of rows, and of pieces. */
const keptBytesMax = 4 * 1024 * 1024
/** What an update costs beside its bytes. */
const updateOverheadBytes = 200

export class LogPages {
  readonly #store: RelayStore
  readonly #rows = new Shelf<RowsPage>(({ rows }) => rows.map(({ update }) => update))
  readonly #pieces = new Shelf<PiecesPage>(({ pieces }) => pieces)

  constructor(store: RelayStore) {
    this.#store = store
  }

  rows(history: HistoryPlace, after: number, through: number): Promise<RowsPage> {
    return this.#rows.page(nameOf(history, after, through), () =>
      this.#store.readRows(history, after, through),
    )
  }

  pieces(history: HistoryPlace, through: number, index: number): Promise<PiecesPage> {
    return this.#pieces.page(nameOf(history, through, index), () =>
      this.#store.readPieces(history, through, index),
    )
  }
}

class Shelf<Page> {
  readonly #updatesOf: (page: Page) => readonly Uint8Array[]
  /** The one that was asked for longest ago first. */
  readonly #kept = new Map<string, Kept<Page>>()
  #bytes = 0

  constructor(updatesOf: (page: Page) => readonly Uint8Array[]) {
    this.#updatesOf = updatesOf
  }

  page(name: string, read: () => Promise<Page>): Promise<Page> {
    const before = this.#kept.get(name)
    const kept = before ?? { page: read(), bytes: 0 }
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    if (before === undefined) this.#measure(name, kept)
    return kept.page
  }

  #measure(name: string, kept: Kept<Page>): void {
    kept.page.then(
      (page) => {
        if (this.#kept.get(name) !== kept) return
        for (const { length } of this.#updatesOf(page)) kept.bytes += length + updateOverheadBytes
        this.#bytes += kept.bytes
        this.#makeRoom()
      },
      // Whoever asked is told; the next one tries again.
      () => this.#kept.delete(name),
    )
  }

  #makeRoom(): void {
    for (const [name, { bytes }] of this.#kept) {
      if (this.#bytes <= keptBytesMax) return
      this.#kept.delete(name)
      this.#bytes -= bytes
    }
  }
}

function nameOf({ tenant, document, epoch }: HistoryPlace, ...what: readonly (string | number)[]): string {
  return JSON.stringify([tenant, document, [...epoch], ...what])
}
