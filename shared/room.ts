// room.ts — the relay's half of one open document: who is there, what each may, and what follows of what happened. Updates
// coming in are intake.ts, answers answering.ts, deliveries feeding.ts. Knows: in which phase what means something
// (room-words.ts), links of both wires. Must not know: sockets, stores, Y.Docs, the time but for what is passed in. Whoever
// runs it performs the effects in order and reports what came of them; nothing leaves it that is not durable. [D1] [D2]
import { Answering } from './answering.ts'
import { Attendance } from './attendance.ts'
import type { Backlog } from './backlog.ts'
import { Claims } from './claims.ts'
import { Comparisons } from './comparisons.ts'
import { newDocument } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { reasonFor, shutTo } from './door.ts'
import { EarlyInputs } from './early-inputs.ts'
import type { EarlySize } from './early-size.ts'
import { Feeding } from './feeding.ts'
import { Growth } from './growth.ts'
import { Intake } from './intake.ts'
import type { Pushed } from './intake.ts'
import { comeAgainMs, toJudgeMax } from './limits.ts'
import { closedCode, entryKind, knowledgeKind, planKind, planReason } from './message.ts'
import type { ClosedCode, Message, PushEntry } from './message.ts'
import { exchange, planFor } from './plan.ts'
import type { Serving } from './plan.ts'
import { meanings } from './room-words.ts'
import type { Alone, Answer, Joining, LinkId, RoomEffect, RoomInput, RoomPhase } from './room-words.ts'
import type { Seals } from './seals.ts'
import { unreachable } from './unreachable.ts'
import { rightsOf, WritingRights } from './writing-rights.ts'

export type RoomOptions = {
  /** The number by which the relay addresses all links of this room, on every socket the same. */
  readonly room: number
  readonly seals: Seals
  /** Whether an application's rule looks at each edit before it enters the log. */
  readonly isJudged: boolean
  /** Of a snapshot and what was written since. */
  readonly documentBytesMax: number
  /** Of all rooms that wait for the same disk: what is said to them before they are read. */
  readonly earlySize: EarlySize
  /** Of all rooms that wait for the same disk: what waits for it. */
  readonly backlog: Backlog
}

/** Reading the document; being judged, with one edit out for a verdict; about to be replaced; otherwise open. */
type Phase =
  | { readonly is: 'loading'; readonly early: EarlyInputs }
  | { readonly is: 'open' }
  | { readonly is: 'judging'; readonly pushed: Pushed }
  | { readonly is: 'ending' }

const noSeal = new Uint8Array()

export class Room {
  readonly #options: RoomOptions
  #phase: Phase
  #epoch: Uint8Array = new Uint8Array()
  #state: DocumentState = newDocument
  #servedFrom = 0
  #hasHole = false
  readonly #claims = new Claims()
  readonly #attendance: Attendance
  readonly #rights: WritingRights
  readonly #feeding: Feeding
  readonly #growth: Growth
  readonly #answering: Answering
  readonly #intake: Intake
  readonly #comparisons: Comparisons
  readonly #toJudge: Pushed[] = []
  #effects: RoomEffect[] | undefined

  constructor(options: RoomOptions) {
    const { room, documentBytesMax, backlog } = options
    this.#options = options
    this.#phase = { is: 'loading', early: new EarlyInputs(options.earlySize) }
    const emit = (effect: RoomEffect) => this.#emit(effect)
    const claims = this.#claims
    const attendance = new Attendance(room, claims, emit)
    const answering = new Answering(room, attendance, backlog, emit)
    const growth = new Growth(documentBytesMax)
    const last = () => this.#feeding.last
    this.#attendance = attendance
    this.#rights = new WritingRights(room, attendance, emit)
    this.#answering = answering
    this.#growth = growth
    this.#feeding = new Feeding(room, emit)
    this.#intake = new Intake({ room, attendance, claims, answering, growth, last, emit })
    this.#comparisons = new Comparisons(room, emit)
  }

  get phase(): RoomPhase {
    return this.#phase.is
  }

  get #serving(): Serving {
    return {
      epoch: this.#epoch,
      last: this.#feeding.last,
      servedFrom: this.#servedFrom,
      hasHole: this.#hasHole,
      seals: this.#options.seals,
      stateVector: () => this.#intake.stateVector(),
    }
  }

  /** It may be forgotten when nobody is in it and all of it is on the disk, or nobody waits for it to be read. */
  get isIdle(): boolean {
    if (this.#phase.is === 'loading') return this.#phase.early.isEmpty
    return (
      this.#phase.is === 'open' &&
      this.#attendance.isEmpty &&
      this.#answering.isAllDurable &&
      !this.#growth.isFolding
    )
  }

  get isFolding(): boolean {
    return this.#growth.isFolding
  }

  step(input: RoomInput, now: number): readonly RoomEffect[] {
    const effects: RoomEffect[] = []
    this.#effects = effects
    switch (meanings[this.#phase.is][input.type]) {
      case 'take':
        this.#take(input, now)
        break
      case 'keep':
        this.#keep(input)
        break
      case 'pass':
        break
      case 'fault':
        throw new Error(`A room that is ${this.#phase.is} was told «${input.type}».`)
    }
    this.#intake.tellWhatIsMissing()
    this.#answering.tellWhatIsDue()
    this.#effects = undefined
    return effects
  }

  #take(input: RoomInput, now: number): void {
    switch (input.type) {
      case 'loaded':
        return this.#load(input, now)
      case 'joined':
        return this.#join(input)
      case 'left':
        return this.#leave(input.link, input.saidSo, now)
      case 'pushed':
        return this.#push(input.link, input.entries, input.alone)
      case 'updateCame':
        return this.#intake.updateCame(input)
      case 'filed':
        return this.#answering.filed(input.link, input.entries)
      case 'judged':
        return this.#judged(input.refusal)
      case 'committed':
        return this.#committed(input.positions, input.answers)
      case 'knew':
        return this.#feeding.knew(input.link, input.stateVector)
      case 'rowsRead':
        return this.#feeding.rowsRead(input.link, input.rows, input.isEnd)
      case 'piecesRead':
        return this.#feeding.piecesRead(input.link, input.through, input.pieces, input.next)
      case 'differenceMade':
        return this.#feeding.differenceMade(input.link, input.through, input.pieces)
      case 'differenceFailed':
        return this.#feeding.differenceFailed(input.link)
      case 'compareAsked':
        return this.#compare(input)
      case 'digestMade':
        return this.#comparisons.made(input)
      case 'digestFailed':
        return this.#comparisons.failed(input.position)
      case 'damaged':
        return this.#closeAll(
          closedCode.notNow,
          'A part of this document was lost on the disk. Come back: what you have is wanted. (damaged)',
        )
      case 'wentOn':
        return this.#feeding.wentOn(input.link)
      case 'filled':
        this.#attendance.filled(input.link, now)
        return this.#feeding.filled(input.link)
      case 'drained':
        this.#attendance.drained(input.link)
        return this.#feeding.drained(input.link)
      case 'rightsChanged':
        return this.#rights.changed(input.link, input.mayWrite)
      case 'presenceSaid':
        return this.#attendance.say(input.link, input.entries, input.isOpening, now)
      case 'presenceAsked':
        return this.#attendance.showPresent(input.link)
      case 'gathered':
        return this.#attendance.gathered()
      case 'woken':
        return this.#attendance.expire(now)
      case 'foldMade':
        return this.#validateFold(input)
      case 'foldEnded':
        this.#growth.endFold(input.succeeded)
        return this.#foldIfWorth()
      case 'foldValid':
        return this.#foldValid(input.through, input.servedFrom)
      case 'ending':
        this.#phase = { is: 'ending' }
        return undefined
      case 'ended':
        return this.#closeAll(input.code, reasonFor(input.code))
      default:
        return unreachable(input)
    }
  }

  // Reading the document.

  /** Whoever says more than is kept comes again, and says it then: nothing of it was promised. [B1] */
  #keep(input: RoomInput): void {
    if (this.#phase.is !== 'loading') throw new Error('Only what is being read has something to come.')
    if (this.#phase.early.keep(input) || !('link' in input)) return
    const reason = 'This document is still being read. Come back in a moment. (not-now)'
    this.#close(input.link, closedCode.notNow, reason, comeAgainMs)
  }

  #load(input: RoomInput & { type: 'loaded' }, now: number): void {
    if (this.#phase.is !== 'loading') throw new Error('A room was loaded twice.')
    const { early } = this.#phase
    const { document, rows } = input
    this.#epoch = document.epoch
    this.#state = document
    this.#servedFrom = document.servedFrom
    this.#hasHole = input.hasHole
    this.#growth.snapshotBytes = input.snapshot.pieces.reduce((sum, { length }) => sum + length, 0)
    for (const { update, position } of rows) this.#growth.grew(position, update.length)
    this.#intake.load(input)
    this.#answering.load(input.answers)
    this.#feeding.begin(document.last, document.foldedThrough, document.servedFrom)
    this.#phase = { is: 'open' }
    // The process before may have ended in the middle of a fold: what is cleared up must not meet a new one.
    if (document.foldedThrough > 0) this.#growth.beginFold()
    for (const before of early.take()) this.#take(before, now)
    if (document.foldedThrough === 0) return this.#foldIfWorth()
    this.#emit({ type: 'dropFolded', through: document.foldedThrough, servedFrom: document.servedFrom })
    return undefined
  }

  // Coming and going.

  #join(joining: Joining): void {
    const { knowledge, link, wire } = joining
    const shut = shutTo(wire, this.#state)
    if (shut !== undefined) return this.#close(link, shut, reasonFor(shut))
    const member = this.#attendance.enter(joining)
    this.#rights.entered(member)
    const plan =
      wire === 'stock' ? exchange(planReason.asked, this.#serving) : planFor(knowledge, this.#serving)
    this.#tell(link, {
      type: 'opened',
      link: member.number,
      room: this.#options.room,
      rights: rightsOf(member.mayWrite),
      epoch: this.#epoch,
      head: this.#feeding.last,
      // A stock client has no cursors.
      seal: wire === 'stock' ? noSeal : this.#options.seals.make(this.#epoch),
      plan,
    })
    if (wire === 'stock') this.#intake.noteAsked(link)
    // A stock client may never ask; it is fed from now on all the same.
    if (wire === 'stock' || plan.kind === planKind.atHead) this.#feeding.seatAtHead(link, wire)
    else if (plan.kind === planKind.whole) this.#feeding.seatForAll(link, wire)
    else if (plan.kind === planKind.exchange) this.#feeding.seatAsked(link, wire)
    else if (knowledge.kind === knowledgeKind.cursor) this.#feeding.seatBehind(link, wire, knowledge.position)
    if (plan.kind === planKind.exchange && knowledge.kind === knowledgeKind.content) {
      this.#feeding.knew(link, knowledge.stateVector)
    }
    this.#attendance.showPresent(link)
  }

  #leave(link: LinkId, saidSo: boolean, now: number): void {
    this.#attendance.leave(link, saidSo, now)
    this.#feeding.leave(link)
    this.#answering.leave(link)
    this.#comparisons.forget(link)
    this.#intake.leave(link)
    this.#foldIfWorth()
  }

  #compare({ link, position, digest }: RoomInput & { type: 'compareAsked' }): void {
    if (this.#attendance.member(link) === undefined) return
    this.#comparisons.ask(link, { position, digest }, this.#feeding.last)
  }

  // Updates coming in.

  #push(link: LinkId, entries: readonly PushEntry[], alone: Alone | undefined): void {
    const member = this.#attendance.member(link)
    if (member?.replica === undefined) return
    const { owner, replica } = member
    for (const entry of entries) {
      const pushed: Pushed = { wire: 'native', link, owner, replica, update: entry.update, entry, alone }
      const kept = this.#answering.find({ replica, counter: entry.counter, hash: entry.hash })
      if (kept !== undefined) this.#answering.wait(link, { is: 'refusal', answer: kept })
      else if (!member.mayWrite) this.#intake.refuseWriting(pushed)
      else if (this.#options.isJudged && entry.kind === entryKind.edit) this.#askForVerdict(pushed)
      else this.#intake.admit(pushed)
    }
  }

  #askForVerdict(pushed: Pushed): void {
    if (this.#toJudge.length >= toJudgeMax) {
      const reason =
        'More edits wait for a word of the application than may. Come back in a moment. (not-now)'
      return this.#close(pushed.link, closedCode.notNow, reason, comeAgainMs)
    }
    this.#toJudge.push(pushed)
    return this.#judgeNext()
  }

  #judgeNext(): void {
    if (this.#phase.is !== 'open') return
    const next = this.#toJudge.shift()
    if (next?.wire !== 'native') return
    this.#phase = { is: 'judging', pushed: next }
    this.#emit({ type: 'judge', link: next.link, entry: next.entry })
  }

  #judged(refusal: Answer | undefined): void {
    if (this.#phase.is !== 'judging') throw new Error('A verdict came for nothing.')
    const { pushed } = this.#phase
    this.#phase = { is: 'open' }
    // The right to write may have ended meanwhile; who left had it when it was judged.
    if (this.#attendance.member(pushed.link)?.mayWrite === false) this.#intake.refuseWriting(pushed)
    else if (refusal === undefined) this.#intake.admit(pushed)
    else this.#intake.refuse(pushed, refusal.code, refusal.reason)
    this.#judgeNext()
  }

  // The disk.

  #committed(positions: readonly number[], answers: number): void {
    const rows = this.#intake.committed(positions)
    this.#answering.becameDurable(rows.length + answers)
    this.#feeding.committed(rows)
    for (const { position, update } of rows) this.#growth.grew(position, update.length)
    this.#foldIfWorth()
  }

  #foldIfWorth(): void {
    if (!this.#growth.wantsFold(this.#attendance.isEmpty) || this.#phase.is === 'ending') return
    this.#growth.beginFold()
    this.#emit({ type: 'makeFold', through: this.#feeding.last })
  }

  /** The snapshot is on the disk, and counts from when the document's record says so. */
  #validateFold({ through, bytes }: RoomInput & { type: 'foldMade' }): void {
    this.#growth.made(bytes)
    const servedFrom = Math.max(this.#servedFrom, this.#growth.tailFrom(through))
    this.#emit({ type: 'validateFold', through, servedFrom, claims: this.#claims.ofReplicas() })
  }

  #foldValid(through: number, servedFrom: number): void {
    this.#growth.folded(through)
    this.#servedFrom = servedFrom
    this.#feeding.folded(through, servedFrom)
    this.#emit({ type: 'dropFolded', through, servedFrom })
  }

  /** The room is forgotten when they have left, and read anew when they are back. */
  #closeAll(code: ClosedCode, reason: string): void {
    for (const link of this.#attendance.links) this.#close(link, code, reason)
  }

  #close(link: LinkId, code: ClosedCode, reason: string, afterMs = 0): void {
    this.#emit({ type: 'close', link, code, reason, afterMs })
  }

  #tell(link: LinkId, message: Message): void {
    this.#emit({ type: 'tell', link, message })
  }

  #emit(effect: RoomEffect): void {
    if (this.#effects === undefined) throw new Error('A room asks for something between two steps.')
    this.#effects.push(effect)
  }
}
