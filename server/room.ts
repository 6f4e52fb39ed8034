// room.ts — one open document on the relay: its links, and the order «commit, then deliver» [D1] [D2].
// Knows: the stock wire's rules of conversation. Must not know: sockets, HTTP, LevelDB's keys.
import { mergedUpdatesMax, stockChunkBytesMax } from '../shared/limits.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { emptyUpdate, encodeStep1, encodeStep2, encodeUpdate, isEmptyUpdate } from '../shared/stock-wire.ts'
import type { StockMessage } from '../shared/stock-wire.ts'
import {
  DocumentView,
  differenceOf,
  isReadableStateVector,
  isReadableUpdate,
  mergeUpdates,
} from './document-view.ts'
import type { Link } from './link.ts'

/** The part of the log that a room works with. */
export type RoomLog = {
  readonly append: (append: { document: string; update: Uint8Array }) => void
  readonly read: (document: string) => AsyncIterable<Uint8Array>
}

export class Room {
  readonly document: string
  readonly #log: RoomLog
  readonly #links = new Set<Link>()
  readonly #view = new DocumentView()
  readonly #loaded: Promise<void>
  #uncommitted = 0

  constructor(document: string, log: RoomLog) {
    this.document = document
    this.#log = log
    this.#loaded = this.#load()
  }

  /** A room may go when nobody is in it and all that it was told is on the disk. */
  get idle(): boolean {
    return this.#links.size === 0 && this.#uncommitted === 0
  }

  /** The relay speaks first, and never before it knows the document: an empty answer would be taken for the truth. */
  async join(link: Link): Promise<void> {
    this.#links.add(link)
    await this.#loaded
    link.send(encodeStep1(this.#view.stateVector()))
  }

  leave(link: Link): void {
    this.#links.delete(link)
  }

  async receive(link: Link, message: StockMessage): Promise<void> {
    switch (message.type) {
      case 'step1':
        return this.#answer(link, message.stateVector)
      case 'step2':
        return this.#acceptStep2(link, message.update)
      case 'update':
        return this.#accept(message.update)
      case 'awareness':
      case 'queryAwareness':
      case 'unknown':
        return
    }
  }

  committed(updates: readonly Uint8Array[]): void {
    this.#uncommitted -= updates.length
    for (const update of updates) this.#view.follow(update)
    const frames = updates.map(encodeUpdate)
    // The author too: for clients of 4.x the echo is the acknowledgement.
    for (const link of this.#links) link.deliver(frames)
  }

  destroy(): void {
    this.#view.destroy()
  }

  async #load(): Promise<void> {
    for await (const update of this.#log.read(this.document)) this.#view.follow(update)
  }

  #accept(update: Uint8Array): void {
    if (isEmptyUpdate(update)) return
    if (!isReadableUpdate(update))
      throw new ProtocolError('truncated', 'This update is not one that Yjs can read.')
    this.#uncommitted++
    this.#log.append({ document: this.document, update })
  }

  /** A step 2 repeats every deletion of the document; kept each time, the log would grow by being looked at. */
  #acceptStep2(link: Link, update: Uint8Array): void {
    if (!isEmptyUpdate(update) && isReadableUpdate(update) && this.#view.contains(update)) {
      link.send(encodeUpdate(update))
    } else {
      this.#accept(update)
    }
  }

  async #answer(link: Link, stateVector: Uint8Array): Promise<void> {
    if (!isReadableStateVector(stateVector)) {
      throw new ProtocolError('truncated', 'This state vector is not one that Yjs can read.')
    }
    const missing = this.#view.missing(stateVector)
    if (missing.length <= stockChunkBytesMax) return link.send(encodeStep2(missing))
    await link.stream(this.#pieces(stateVector))
    link.send(encodeStep2(emptyUpdate))
  }

  /** The log in causal order, in pieces of a bearable size, without what the replica has. */
  async *#pieces(stateVector: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    let piece: Uint8Array[] = []
    let bytes = 0
    for await (const update of this.#log.read(this.document)) {
      if (piece.length === mergedUpdatesMax || bytes + update.length > stockChunkBytesMax) {
        yield encodeUpdate(differenceOf(mergeUpdates(piece), stateVector))
        piece = []
        bytes = 0
      }
      piece.push(update)
      bytes += update.length
    }
    if (piece.length > 0) yield encodeUpdate(differenceOf(mergeUpdates(piece), stateVector))
  }
}
