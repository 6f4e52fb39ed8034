// log-pages.ts — pages of logs and snapshots as they lie on the disk, read once for all who ask for the same: who comes
// after a restart comes with everyone else. Rows are joined: keys that were typed one by one weigh half as much together.
// Knows: how much is kept. Must not know: links, rooms, what a page says.
import { deliveryBytesMax, deliveryUpdatesMax } from '../shared/limits.ts'
import type { HistoryPlace } from '../shared/record-keys.ts'
import type { RelayStore } from '../shared/relay-store.ts'
import { joinedOf } from '../shared/update-joiner.ts'

type RowsPage = Awaited<ReturnType<RelayStore['readRows']>>
type PiecesPage = Awaited<ReturnType<RelayStore['readPieces']>>
type Kept<Page> = { readonly page: Promise<Page>; bytes: number }

const rowBytesMax = 2 * 1024 * 1024
/** All pieces of a large document: who joins reads one after the other, and everyone from the first. */
const pieceBytesMax = 8 * 1024 * 1024
/** A joined row is no larger: who reads it applies it at once. */
const joinedBytesMax = 64 * 1024
/** What an update costs beside its bytes. */
const updateOverheadBytes = 200

export class LogPages {
  readonly #store: RelayStore
  #rows = rowShelf()
  #pieces = pieceShelf()

  constructor(store: RelayStore) {
    this.#store = store
  }

  /** What was read of the store may be on no disk any more, and other rows may take its positions. */
  startAnew(): void {
    this.#rows = rowShelf()
    this.#pieces = pieceShelf()
  }

  rows(history: HistoryPlace, after: number, through: number): Promise<RowsPage> {
    return this.#rows.page(nameOf(history, after, through), async () =>
      joined(await this.#store.readRows(history, after, through)),
    )
  }

  pieces(history: HistoryPlace, through: number, index: number): Promise<PiecesPage> {
    return this.#pieces.page(nameOf(history, through, index), () =>
      this.#store.readPieces(history, through, index),
    )
  }

  /** What was read to open a document is what its first readers ask for. */
  keep(history: HistoryPlace, through: number, pieces: readonly Uint8Array[]): void {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    // Otherwise it is more than one page.
    if (pieces.length === 0 || pieces.length > deliveryUpdatesMax || bytes >= deliveryBytesMax) return
    const page = { pieces: [...pieces], next: undefined }
    void this.#pieces.page(nameOf(history, through, 0), () => Promise.resolve(page))
  }
}

function rowShelf(): Shelf<RowsPage> {
  return new Shelf(rowBytesMax, ({ rows }) => rows.map(({ update }) => update))
}

function pieceShelf(): Shelf<PiecesPage> {
  return new Shelf(pieceBytesMax, ({ pieces }) => pieces)
}

/** Each stands where the last one stood that it is made of. */
function joined({ rows, isEnd }: RowsPage): RowsPage {
  const updates = rows.map(({ update }) => update)
  let end = 0
  const fewer = joinedOf(updates, joinedBytesMax).flatMap(({ update, count }) => {
    end += count
    return rows.slice(end - 1, end).map(({ position }) => ({ position, update }))
  })
  return { rows: fewer, isEnd }
}

class Shelf<Page> {
  readonly #bytesMax: number
  readonly #updatesOf: (page: Page) => readonly Uint8Array[]
  /** The one that was asked for longest ago first. */
  readonly #kept = new Map<string, Kept<Page>>()
  #bytes = 0

  constructor(bytesMax: number, updatesOf: (page: Page) => readonly Uint8Array[]) {
    this.#bytesMax = bytesMax
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
      () => {
        if (this.#kept.get(name) === kept) this.#kept.delete(name)
      },
    )
  }

  #makeRoom(): void {
    for (const [name, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#bytesMax) return
      this.#kept.delete(name)
      this.#bytes -= bytes
    }
  }
}

function nameOf({ tenant, document, epoch }: HistoryPlace, ...what: readonly (string | number)[]): string {
  return JSON.stringify([tenant, document, [...epoch], ...what])
}
