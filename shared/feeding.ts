// feeding.ts — who stands where in a room's log, and how everyone gets further. Knows: links, durable positions,
// readers that are slow. Must not know: how rows are stored, what an update says, who may write. A link that is
// behind, for whatever reason, goes on from the log: joining late and reading slowly are one thing. [B1] [C2]
import { deliveryBytesMax, deliveryUpdatesMax } from './limits.ts'
import type { Message } from './message.ts'
import type { LinkId, RoomEffect, Row, Wire } from './room-words.ts'

type Progress =
  | { readonly is: 'fed' }
  /** Reads the log from where it stands through a position that was durable when it began to. */
  | { readonly is: 'behind'; readonly reads: number | undefined; readonly wantsWord: boolean }
  /** Receives the snapshot, from this piece on. */
  | { readonly is: 'receiving'; readonly index: number; readonly isReading: boolean }
  | { readonly is: 'asked' }
  | { readonly is: 'differing'; readonly stateVector: Uint8Array }
  /** Is handed what it lacks, piece by piece, as its socket takes them. */
  | {
      readonly is: 'handed'
      readonly pieces: readonly Uint8Array[]
      readonly next: number
      readonly through: number
    }

type Seat = {
  readonly link: LinkId
  readonly wire: Wire
  /** The last position that was handed to its socket. */
  at: number
  progress: Progress
  /** Its socket takes no more for now. */
  isFull: boolean
}

/** A page of the log as it is told to who stands before it. */
type Page = { readonly after: number; readonly through: number; readonly deliveries: readonly Message[] }

/** A row that has just become durable, with the link that it came from. */
export type FreshRow = Row & { readonly from: LinkId }

export class Feeding {
  readonly #room: number
  readonly #emit: (effect: RoomEffect) => void
  readonly #seats = new Map<LinkId, Seat>()
  #last = 0
  #foldedThrough = 0
  /** Rows up to here may be gone. */
  #goneThrough = 0
  /** What was made of pages that many read: the same messages to all of them, so that they are encoded once. */
  #pieces: WeakMap<Uint8Array, Message> | undefined
  #pages: WeakMap<readonly Row[], Page> | undefined

  constructor(room: number, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#emit = emit
  }

  /** The last durable position. Nothing past it is shown to anybody. [D2] */
  get last(): number {
    return this.#last
  }

  get foldedThrough(): number {
    return this.#foldedThrough
  }

  begin(last: number, foldedThrough: number, servedFrom: number): void {
    this.#last = last
    this.folded(foldedThrough, servedFrom)
  }

  folded(through: number, servedFrom: number): void {
    this.#foldedThrough = through
    // Only what a snapshot stands for is ever taken away; a hole raises what is served, and takes nothing.
    this.#goneThrough = Math.min(through, servedFrom)
  }

  seatAtHead(link: LinkId, wire: Wire): void {
    this.#seats.set(link, { link, wire, at: this.#last, progress: { is: 'fed' }, isFull: false })
  }

  seatBehind(link: LinkId, wire: Wire, at: number): void {
    const progress: Progress = { is: 'behind', reads: undefined, wantsWord: true }
    this.#goOn(this.#put({ link, wire, at, progress, isFull: false }))
  }

  /** Everything from the beginning: the snapshot, then the log. */
  seatForAll(link: LinkId, wire: Wire): void {
    this.#giveEverything(this.#put({ link, wire, at: 0, progress: { is: 'asked' }, isFull: false }))
  }

  /** It will be told what it lacks when it has said what it has. */
  seatAsked(link: LinkId, wire: Wire): void {
    this.#put({ link, wire, at: 0, progress: { is: 'asked' }, isFull: false })
  }

  leave(link: LinkId): void {
    this.#seats.delete(link)
  }

  knew(link: LinkId, stateVector: Uint8Array): void {
    const seat = this.#seats.get(link)
    if (seat === undefined) return
    // Who has nothing is given what lies on the disk: that needs no Y.Doc.
    if (isNothing(stateVector)) return this.#giveEverything(seat)
    seat.progress = { is: 'differing', stateVector }
    if (!seat.isFull) this.#emit({ type: 'makeDifference', link, stateVector, through: this.#last })
    return undefined
  }

  /** What it lacks cannot be told from what it has, which does no harm a second time. */
  differenceFailed(link: LinkId): void {
    const seat = this.#seats.get(link)
    if (seat?.progress.is === 'differing') this.#giveEverything(seat)
  }

  committed(rows: readonly FreshRow[]): void {
    const before = this.#last
    const last = rows.at(-1)
    if (last === undefined) return
    this.#last = last.position
    const author = authorOfAll(rows)
    const links: LinkId[] = []
    let own: LinkId | undefined
    for (const seat of this.#seats.values()) {
      if (seat.progress.is !== 'fed' || seat.at !== before) continue
      seat.at = last.position
      // The author of all of it needs only to know where it stands now. By link: a cloned profile has its twin's id.
      if (seat.link === author && seat.wire === 'native') own = seat.link
      else links.push(seat.link)
    }
    if (links.length > 0) {
      for (const message of this.#deliveries(before, last.position, rows))
        this.#emit({ type: 'tellAll', links, message })
    }
    if (own !== undefined)
      this.#tell(own, {
        type: 'delivery',
        room: this.#room,
        after: before,
        through: last.position,
        updates: [],
      })
  }

  rowsRead(link: LinkId, rows: readonly Row[], isEnd: boolean): void {
    const seat = this.#seats.get(link)
    if (seat?.progress.is !== 'behind' || seat.progress.reads === undefined) return
    const end = seat.progress.reads
    seat.progress = { ...seat.progress, reads: undefined }
    // A fold went over where it stands, and rows may have been taken away while they were read.
    if (seat.at < this.#goneThrough) return this.#goOn(seat)
    const through = isEnd ? end : (rows.at(-1)?.position ?? seat.at)
    if (through > seat.at) {
      for (const message of this.#deliveriesOf({ after: seat.at, through }, rows)) this.#tell(link, message)
      seat.at = through
    }
    this.#goOn(seat)
  }

  piecesRead(link: LinkId, through: number, pieces: readonly Uint8Array[], next: number | undefined): void {
    const seat = this.#seats.get(link)
    if (seat?.progress.is !== 'receiving' || !seat.progress.isReading) return
    if (through !== this.#foldedThrough) {
      // A newer snapshot has taken its place meanwhile; what was sent of the old one does no harm.
      seat.progress = { is: 'receiving', index: 0, isReading: false }
      return this.#goOn(seat)
    }
    for (const update of pieces) this.#tell(link, this.#pieceOf(update))
    if (next === undefined) {
      // A stock client takes the word for the end of everything.
      const wantsWord = seat.wire === 'stock'
      if (wantsWord) seat.at = through
      else this.#catchUp(seat, through)
      seat.progress = { is: 'behind', reads: undefined, wantsWord }
    } else {
      seat.progress = { is: 'receiving', index: next, isReading: false }
    }
    this.#goOn(seat)
    return undefined
  }

  differenceMade(link: LinkId, through: number, pieces: readonly Uint8Array[]): void {
    const seat = this.#seats.get(link)
    if (seat?.progress.is !== 'differing') return
    seat.progress = { is: 'handed', pieces, next: 0, through }
    this.#goOn(seat)
  }

  /** The turn that was asked for between two pieces. */
  wentOn(link: LinkId): void {
    const seat = this.#seats.get(link)
    if (seat?.progress.is === 'handed') this.#goOn(seat)
  }

  filled(link: LinkId): void {
    const seat = this.#seats.get(link)
    if (seat === undefined) return
    seat.isFull = true
    if (seat.progress.is === 'fed') seat.progress = { is: 'behind', reads: undefined, wantsWord: false }
  }

  drained(link: LinkId): void {
    const seat = this.#seats.get(link)
    if (seat === undefined || !seat.isFull) return
    seat.isFull = false
    if (seat.progress.is === 'differing') {
      this.knew(link, seat.progress.stateVector)
    } else {
      this.#goOn(seat)
    }
  }

  #put(seat: Seat): Seat {
    this.#seats.set(seat.link, seat)
    return seat
  }

  #giveEverything(seat: Seat): void {
    seat.at = 0
    seat.progress =
      this.#foldedThrough === 0
        ? { is: 'behind', reads: undefined, wantsWord: true }
        : { is: 'receiving', index: 0, isReading: false }
    this.#goOn(seat)
  }

  #goOn(seat: Seat): void {
    const { progress } = seat
    if (seat.isFull) return
    if (progress.is === 'handed') return this.#hand(seat, progress)
    if (progress.is === 'behind' && progress.reads === undefined && this.#isOvertaken(seat)) {
      seat.progress = { is: 'receiving', index: 0, isReading: false }
      return this.#goOn(seat)
    }
    if (progress.is === 'receiving' && !progress.isReading) {
      seat.progress = { ...progress, isReading: true }
      this.#emit({ type: 'readPieces', link: seat.link, through: this.#foldedThrough, index: progress.index })
    } else if (progress.is === 'behind' && progress.reads === undefined) {
      if (seat.at >= this.#last) {
        if (progress.wantsWord) this.#catchUp(seat, seat.at)
        seat.progress = { is: 'fed' }
      } else {
        seat.progress = { ...progress, reads: this.#last }
        this.#emit({ type: 'readRows', link: seat.link, after: seat.at, through: this.#last })
      }
    }
  }

  #deliveriesOf({ after, through }: Omit<Page, 'deliveries'>, rows: readonly Row[]): readonly Message[] {
    this.#pages ??= new WeakMap()
    const before = this.#pages.get(rows)
    if (before?.after === after && before.through === through) return before.deliveries
    const deliveries = this.#deliveries(after, through, rows)
    this.#pages.set(rows, { after, through, deliveries })
    return deliveries
  }

  #pieceOf(update: Uint8Array): Message {
    this.#pieces ??= new WeakMap()
    const before = this.#pieces.get(update)
    if (before !== undefined) return before
    const message: Message = { type: 'piece', room: this.#room, update }
    this.#pieces.set(update, message)
    return message
  }

  /** What it lacks is no longer in rows: it is given the snapshot, as a newcomer is. */
  #isOvertaken(seat: Seat): boolean {
    return seat.at < this.#goneThrough
  }

  #hand(seat: Seat, progress: Progress & { is: 'handed' }): void {
    const { pieces, next, through } = progress
    const update = pieces[next]
    if (update !== undefined) this.#tell(seat.link, { type: 'piece', room: this.#room, update })
    if (next + 1 < pieces.length) {
      seat.progress = { ...progress, next: next + 1 }
      this.#emit({ type: 'goOn', link: seat.link })
    } else {
      this.#catchUp(seat, through)
      seat.progress = { is: 'behind', reads: undefined, wantsWord: false }
      this.#goOn(seat)
    }
  }

  #catchUp(seat: Seat, through: number): void {
    seat.at = through
    this.#tell(seat.link, { type: 'caughtUp', room: this.#room, through })
  }

  /** One after the other these cover the whole range, each within the bounds of a message. */
  #deliveries(after: number, through: number, rows: readonly Row[]): readonly Message[] {
    const deliveries: Message[] = []
    let begin = after
    let updates: Uint8Array[] = []
    let bytes = 0
    for (const [index, { position, update }] of rows.entries()) {
      updates.push(update)
      bytes += update.length
      const next = rows[index + 1]
      const isFull =
        updates.length >= deliveryUpdatesMax || bytes + (next?.update.length ?? 0) > deliveryBytesMax
      if (next === undefined || !isFull) continue
      deliveries.push({ type: 'delivery', room: this.#room, after: begin, through: position, updates })
      begin = position
      updates = []
      bytes = 0
    }
    deliveries.push({ type: 'delivery', room: this.#room, after: begin, through, updates })
    return deliveries
  }

  #tell(link: LinkId, message: Message): void {
    this.#emit({ type: 'tell', link, message })
  }
}

/** The link from which all of these rows came. */
function authorOfAll(rows: readonly FreshRow[]): LinkId | undefined {
  const from = rows[0]?.from
  return rows.every((row) => row.from === from) ? from : undefined
}

/** A state vector of no clients. */
function isNothing(stateVector: Uint8Array): boolean {
  return stateVector.length === 1 && stateVector[0] === 0
}
