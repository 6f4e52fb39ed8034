// room.ts — one open document on the relay: its links, and the order «commit, then deliver» [D1] [D2].
// Knows: the stock wire's rules of conversation. Must not know: sockets, HTTP, LevelDB's keys.
import { mergedUpdatesMax, stockChunkBytesMax } from '../shared/limits.ts'
import { LogState } from '../shared/log-state.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { emptyUpdate, encodeStep1, encodeStep2, encodeUpdate, isEmptyUpdate } from '../shared/stock-wire.ts'
import type { StockMessage } from '../shared/stock-wire.ts'
import { readUpdate } from '../shared/update-reader.ts'
import type { UpdateFacts } from '../shared/update-reader.ts'
import { DocumentView, differenceOf, isReadableStateVector, mergeUpdates } from './document-view.ts'

/** The part of the log that a room works with. */
export type RoomLog = {
  readonly append: (append: { document: string; update: Uint8Array }) => void
  readonly read: (document: string) => AsyncIterable<Uint8Array>
}

/** The part of a link that a room works with. */
export type RoomLink = {
  readonly send: (frame: Uint8Array) => void
  readonly deliver: (frames: readonly Uint8Array[]) => void
  readonly stream: (frames: AsyncIterable<Uint8Array>) => Promise<void>
  /** So much of what it sent waits for the disk, or does so no longer. */
  readonly uncommitted: (bytes: number) => void
}

export class Room {
  readonly document: string
  readonly #log: RoomLog
  readonly #links = new Set<RoomLink>()
  readonly #state = new LogState()
  readonly #view: DocumentView
  readonly #loaded: Promise<void>
  /** Whose appends have not been committed, in their order. */
  readonly #inFlight: { readonly link: RoomLink; readonly bytes: number }[] = []
  /** What is stored and cannot be used yet, so that it is not stored once more each time it is brought. */
  readonly #incomplete = new Set<string>()

  constructor(document: string, log: RoomLog, report: (sentence: string) => void) {
    this.document = document
    this.#log = log
    this.#view = new DocumentView((update, reason) =>
      report(
        `An update of ${update.length} bytes in «${document}» cannot be used and is left out: ${reason}`,
      ),
    )
    this.#loaded = this.#load()
  }

  /** A room may go when nobody is in it and all that it was told is on the disk. */
  get idle(): boolean {
    return this.#links.size === 0 && this.#inFlight.length === 0
  }

  /** The relay speaks first, and never before it knows the document: an empty answer would be taken for the truth. */
  async join(link: RoomLink): Promise<void> {
    this.#links.add(link)
    await this.#loaded
    link.send(encodeStep1(this.#view.stateVector()))
  }

  leave(link: RoomLink): void {
    this.#links.delete(link)
  }

  receive(link: RoomLink, message: StockMessage): void | Promise<void> {
    switch (message.type) {
      case 'step1':
        return this.#answer(link, message.stateVector)
      case 'step2':
      case 'update':
        return this.#accept(link, message)
      case 'awareness':
      case 'queryAwareness':
      case 'unknown':
        return undefined
    }
  }

  committed(updates: readonly Uint8Array[]): void {
    for (const { link, bytes } of this.#inFlight.splice(0, updates.length)) link.uncommitted(-bytes)
    for (const update of updates) this.#view.follow(update)
    const frames = updates.map(encodeUpdate)
    // The author too: for clients of 4.x the echo is the acknowledgement.
    for (const link of this.#links) link.deliver(frames)
  }

  destroy(): void {
    this.#view.destroy()
  }

  async #load(): Promise<void> {
    for await (const update of this.#log.read(this.document)) {
      this.#view.follow(update)
      const facts = factsOf(update)
      if (facts !== undefined) this.#note(update, facts)
    }
  }

  #accept(link: RoomLink, { type, update }: StockMessage & { type: 'step2' | 'update' }): void {
    if (isEmptyUpdate(update)) return
    const facts = readUpdate(update)
    // A step 2 repeats every deletion of the document; kept each time, the log would grow by being looked at.
    if (this.#inFlight.length === 0 && this.#has(update, facts)) return link.send(encodeUpdate(update))
    if (type === 'update' && this.#state.gapOf(facts) !== undefined) {
      // It came before what it builds on, which its author has.
      link.send(encodeStep1(this.#state.stateVector()))
    }
    this.#note(update, facts)
    this.#inFlight.push({ link, bytes: update.length })
    link.uncommitted(update.length)
    this.#log.append({ document: this.document, update })
    return undefined
  }

  #has(update: Uint8Array, facts: UpdateFacts): boolean {
    return this.#state.addsNothing(facts) || this.#incomplete.has(keyOf(update))
  }

  #note(update: Uint8Array, facts: UpdateFacts): void {
    if (this.#state.gapOf(facts) === undefined) this.#state.add(facts)
    else this.#incomplete.add(keyOf(update))
  }

  async #answer(link: RoomLink, stateVector: Uint8Array): Promise<void> {
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
      const isFull = piece.length === mergedUpdatesMax || bytes + update.length > stockChunkBytesMax
      if (isFull && piece.length > 0) {
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

/** Of a row nothing is asked that is asked at the door: an older version may have let it in. */
function factsOf(row: Uint8Array): UpdateFacts | undefined {
  try {
    return readUpdate(row)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function keyOf(update: Uint8Array): string {
  return Buffer.from(update).toString('base64')
}
