// room-work.ts — what a room asks for that takes time: pages of its log, differences, digests, folds. Knows: the store's
// records, the logs' Y.Docs. Must not know: the machines, who waits for it, what is done when it fails.
import type { HistoryPlace } from '../shared/record-keys.ts'
import type { RelayStore } from '../shared/relay-store.ts'
import type { RoomEffect, RoomInput } from '../shared/room-words.ts'
import { unreachable } from '../shared/unreachable.ts'
import type { LogPages } from './log-pages.ts'
import type { LogViews } from './log-views.ts'
import type { Meters } from './meters.ts'

export type LinkWork = RoomEffect & { readonly type: 'readRows' | 'readPieces' | 'makeDifference' }

export class RoomWork {
  readonly #store: RelayStore
  readonly #pages: LogPages
  readonly #views: LogViews
  readonly #meters: Meters

  constructor(store: RelayStore, pages: LogPages, views: LogViews, meters: Meters) {
    this.#store = store
    this.#pages = pages
    this.#views = views
    this.#meters = meters
  }

  async forLink(history: HistoryPlace, effect: LinkWork): Promise<RoomInput> {
    const { link, through } = effect
    switch (effect.type) {
      case 'readRows':
        return { type: 'rowsRead', link, ...(await this.#pages.rows(history, effect.after, through)) }
      case 'readPieces':
        return {
          type: 'piecesRead',
          link,
          through,
          ...(await this.#pages.pieces(history, through, effect.index)),
        }
      case 'makeDifference': {
        const pieces = await this.#views.difference(history, effect.stateVector, through)
        return { type: 'differenceMade', link, through, pieces }
      }
      default:
        return unreachable(effect)
    }
  }

  async digest(history: HistoryPlace, position: number): Promise<RoomInput> {
    return { type: 'digestMade', ...(await this.#views.digest(history, position)) }
  }

  async fold(history: HistoryPlace, through: number): Promise<RoomInput> {
    const snapshot = await this.#views.snapshot(history, through)
    await this.#store.writePieces(history, through, snapshot)
    this.#meters.foldsMade++
    return { type: 'foldMade', through, bytes: snapshot.pieces.reduce((sum, { length }) => sum + length, 0) }
  }

  /** What could not be removed is garbage, which the next fold takes along. */
  async dropFolded(
    history: HistoryPlace,
    { through, servedFrom }: RoomEffect & { type: 'dropFolded' },
  ): Promise<RoomInput> {
    await this.#store.dropFolded(history, through, servedFrom)
    return { type: 'foldEnded', succeeded: true }
  }
}
