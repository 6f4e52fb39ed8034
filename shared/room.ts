// room.ts — the relay's half of one open document: what may enter its log, who waits for which answer, who is
// there. Knows: the log's state, what is durable, links of both wires. Must not know: sockets, stores, Y.Docs, the
// time but for what is passed in. Whoever runs it performs the effects in order and reports what came of them;
// nothing of the document leaves it that is not durable. [D1] [D2]
import { Acks } from './acks.ts'
import { claimAll, isKnown, judge, takeUp } from './admission.ts'
import { Attendance } from './attendance.ts'
import { Claims, ownerNamed } from './claims.ts'
import type { Owner } from './claims.ts'
import { Comparisons } from './comparisons.ts'
import { counterRanges } from './counter-ranges.ts'
import { newDocument } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { reasonFor, shutTo } from './door.ts'
import { Feeding } from './feeding.ts'
import type { FreshRow } from './feeding.ts'
import { Growth } from './growth.ts'
import { HeldBack } from './held-back.ts'
import { KeptAnswers } from './kept-answers.ts'
import { answersMax, toJudgeMax } from './limits.ts'
import { LogState } from './log-state.ts'
import { closedCode, entryKind, knowledgeKind, planKind, planReason, refusedCode, right } from './message.ts'
import type { ClosedCode, Message, PushEntry, RefusedCode } from './message.ts'
import { exchange, planFor } from './plan.ts'
import type { Serving } from './plan.ts'
import { inLots } from './in-lots.ts'
import type { Alone, Answer, Joining, KeptAnswer, LinkId, RoomEffect, RoomInput } from './room-words.ts'
import type { Seals } from './seals.ts'
import { isEmptyUpdate } from './stock-wire.ts'
import { unreachable } from './unreachable.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts } from './update-reader.ts'
import { wholePartOf } from './whole-part.ts'

export type RoomOptions = {
  /** The number by which the relay addresses all links of this room, on every socket the same. */
  readonly room: number
  readonly seals: Seals
  /** Whether an application's rule looks at each edit before it enters the log. */
  readonly isJudged: boolean
  /** Of a snapshot and what was written since. */
  readonly documentBytesMax: number
}

/** Reading the document; being judged, with one edit out for a verdict; about to be replaced; otherwise open. */
type Phase =
  | { readonly is: 'loading'; readonly early: RoomInput[] }
  | { readonly is: 'open' }
  | { readonly is: 'judging'; readonly pushed: Pushed }
  | { readonly is: 'ending' }

/** An update on its way in. A stock client's has no counter: its answer is the echo. */
type Pushed = { readonly link: LinkId; readonly owner: Owner; readonly update: Uint8Array } & (
  | {
      readonly wire: 'native'
      readonly replica: Uint8Array
      readonly entry: PushEntry
      readonly alone: Alone | undefined
    }
  | { readonly wire: 'stock' }
)

const noSeal = new Uint8Array()

/** What is said when the disk has it. */
type Waiting =
  | { readonly is: 'ack'; readonly counter: number }
  | { readonly is: 'echo'; readonly update: Uint8Array }
  | { readonly is: 'refusal'; readonly answer: KeptAnswer }

export class Room {
  readonly #options: RoomOptions
  #phase: Phase = { is: 'loading', early: [] }
  #epoch: Uint8Array = new Uint8Array()
  #state: DocumentState = newDocument
  #servedFrom = 0
  #hasHole = false
  #log = new LogState()
  readonly #claims = new Claims()
  readonly #feeding: Feeding
  readonly #acks = new Acks<LinkId, Waiting>()
  readonly #answers = new KeptAnswers()
  readonly #heldBack = new HeldBack<Pushed>()
  readonly #attendance: Attendance
  readonly #comparisons: Comparisons
  /** Stock links that still have to say what they have: asked twice, they would say all of it twice. [B1] */
  #askedLinks: Set<LinkId> | undefined
  readonly #growth: Growth
  readonly #toJudge: Pushed[] = []
  /** Appended and not yet durable, in the order of the positions that they will have. */
  readonly #inFlight: { readonly update: Uint8Array; readonly from: LinkId }[] = []
  #effects: RoomEffect[] | undefined
  /** Whom to ask for what the log lacks, before this step ends. */
  #missedBy: Set<LinkId> | undefined

  constructor(options: RoomOptions) {
    this.#options = options
    const emit = (effect: RoomEffect) => this.#emit(effect)
    this.#growth = new Growth(options.documentBytesMax)
    this.#feeding = new Feeding(options.room, emit)
    this.#attendance = new Attendance(options.room, this.#claims, emit)
    this.#comparisons = new Comparisons(options.room, emit)
  }

  get #serving(): Serving {
    return {
      epoch: this.#epoch,
      last: this.#feeding.last,
      servedFrom: this.#servedFrom,
      hasHole: this.#hasHole,
      seals: this.#options.seals,
      stateVector: () => this.#log.stateVector(),
    }
  }

  /** It may be forgotten when nobody is in it and all of it is on the disk. */
  get isIdle(): boolean {
    return (
      this.#phase.is === 'open' &&
      this.#attendance.isEmpty &&
      this.#acks.isAllDurable &&
      !this.#growth.isFolding
    )
  }

  get isFolding(): boolean {
    return this.#growth.isFolding
  }

  step(input: RoomInput, now: number): readonly RoomEffect[] {
    if (this.#phase.is === 'ending' && isForTheLog(input)) return []
    const effects: RoomEffect[] = []
    this.#effects = effects
    if (this.#phase.is !== 'loading') this.#take(input, now)
    else if (input.type === 'loaded') this.#load(input, this.#phase.early, now)
    else this.#phase.early.push(input)
    this.#tellWhatIsMissing()
    this.#answerWhatIsDurable()
    this.#effects = undefined
    return effects
  }

  #take(input: RoomInput, now: number): void {
    switch (input.type) {
      case 'loaded':
        throw new Error('A room was loaded twice.')
      case 'joined':
        return this.#join(input)
      case 'left':
        return this.#leave(input.link, input.saidSo, now)
      case 'pushed':
        return this.#push(input.link, input.entries, input.alone)
      case 'updateCame':
        return this.#pushStock(input)
      case 'filed':
        return this.#forgetFiled(input)
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
        return this.#judgeByTheNewest(input.link, input.mayWrite)
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

  #load(input: RoomInput & { type: 'loaded' }, early: readonly RoomInput[], now: number): void {
    const { document, rows, answers } = input
    const { pieces, state } = input.snapshot
    this.#epoch = document.epoch
    this.#state = document
    this.#servedFrom = document.servedFrom
    this.#hasHole = input.hasHole
    for (const claim of input.claims)
      for (const client of claim.clients) this.#claims.claim(client, ownerNamed(claim.author))
    this.#log = state === undefined ? LogState.ofSnapshot(pieces) : LogState.fromBytes(state)
    this.#growth.snapshotBytes = pieces.reduce((sum, { length }) => sum + length, 0)
    for (const { update, author, position } of rows) {
      this.#growth.grew(position, update.length)
      const facts = readUpdate(update)
      if (this.#log.addIfWhole(facts) && author !== undefined) claimAll(facts, author, this.#claims)
    }
    for (const answer of answers) this.#answers.keep(answer)
    this.#feeding.begin(document.last, document.foldedThrough, document.servedFrom)
    this.#phase = { is: 'open' }
    // The process before may have ended in the middle of a fold: what is cleared up must not meet a new one.
    if (document.foldedThrough > 0) this.#growth.beginFold()
    for (const before of early) this.#take(before, now)
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
    // What still arrives on an older socket of the same replica is judged by the newer token: one answer for one edit. [R1]
    if (!member.mayWrite)
      for (const other of this.#attendance.linksOf(member.owner)) this.#changeRights(other, false)
    const plan =
      wire === 'stock' ? exchange(planReason.asked, this.#serving) : planFor(knowledge, this.#serving)
    this.#tell(link, {
      type: 'opened',
      link: member.number,
      room: this.#options.room,
      rights: member.mayWrite ? right.read + right.write : right.read,
      epoch: this.#epoch,
      head: this.#feeding.last,
      // A stock client has no cursors.
      seal: wire === 'stock' ? noSeal : this.#options.seals.make(this.#epoch),
      plan,
    })
    if (wire === 'stock') this.#noteAsked(link)
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
    this.#acks.forget(link)
    this.#comparisons.forget(link)
    this.#askedLinks?.delete(link)
    this.#foldIfWorth()
  }

  /** An older socket of a replica never may more than its newest: what arrives on it late gets the same answer. [R1] */
  #judgeByTheNewest(link: LinkId, mayWrite: boolean): void {
    const member = this.#attendance.member(link)
    if (member === undefined) return
    const links = this.#attendance.linksOf(member.owner)
    const newest = links.at(-1)
    if (link === newest && !mayWrite) for (const each of links) this.#changeRights(each, false)
    else if (link === newest || !mayWrite || this.#mayWrite(newest)) this.#changeRights(link, mayWrite)
  }

  #mayWrite(link: LinkId | undefined): boolean {
    return link !== undefined && this.#attendance.member(link)?.mayWrite === true
  }

  #changeRights(link: LinkId, mayWrite: boolean): void {
    if (!this.#attendance.allowWriting(link, mayWrite)) return
    const rights = mayWrite ? right.read + right.write : right.read
    this.#tell(link, { type: 'rights', room: this.#options.room, rights })
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
      const kept = this.#answers.find({ replica, counter: entry.counter, hash: entry.hash })
      if (kept !== undefined) this.#waitFor(link, { is: 'refusal', answer: kept })
      else if (!member.mayWrite) this.#refuseWriting(pushed)
      else if (this.#options.isJudged && entry.kind === entryKind.edit) this.#askForVerdict(pushed)
      else this.#admit(pushed)
    }
  }

  /** What is in the log from a time when it might be written was not refused, whoever lost the answer. [D3] */
  #refuseWriting(pushed: Pushed): void {
    if (isKnown(pushed.update, this.#log)) return this.#waitFor(pushed.link, answerTo(pushed))
    return this.#refuse(pushed, refusedCode.readOnly, 'This document may be read, not written.')
  }

  #pushStock({ link, update, wasAsked }: RoomInput & { type: 'updateCame' }): void {
    if (wasAsked) this.#askedLinks?.delete(link)
    const member = this.#attendance.member(link)
    if (member === undefined || isEmptyUpdate(update)) return
    // Who was asked and still has gaps has no more: to ask again would be to ask for ever.
    this.#admit({ wire: 'stock', link, owner: member.owner, update }, wasAsked)
  }

  #admit(pushed: Pushed, wasAsked = false): void {
    const kind = pushed.wire === 'native' ? pushed.entry.kind : entryKind.repair
    const candidate = { kind, update: pushed.update, author: pushed.owner }
    const verdict = judge(candidate, this.#log, this.#claims)
    // Before anything is held back: who wrote it may be gone when what it builds on comes.
    if ((verdict.is === 'new' || verdict.is === 'gap') && this.#isStockReader(pushed))
      return this.#close(
        pushed.link,
        refusedCode.readOnly,
        'This document may be read, not written. (read-only)',
      )
    switch (verdict.is) {
      case 'known':
        return this.#waitFor(pushed.link, answerTo(pushed))
      case 'gap':
        // Of who was asked, and may have nothing else to say: what of it is whole enters without the rest.
        if (wasAsked && pushed.wire === 'stock')
          for (const update of wholePartOf(pushed.update, this.#log)) this.#admit({ ...pushed, update })
        return isAlone(pushed)
          ? this.#askForMissing(pushed.link)
          : this.#holdBack(pushed, verdict.lacks, wasAsked)
      case 'refused':
        return this.#refuse(pushed, verdict.code, verdict.reason)
      case 'new':
        if (this.#isStale(pushed)) return this.#emit({ type: 'stale', link: pushed.link })
        // Whoever only deletes makes room.
        if (hasContent(verdict.facts) && this.#growth.isTooMuch(pushed.update.length))
          return this.#refuse(
            pushed,
            refusedCode.tooLarge,
            'This document is as large as documents may be here.',
          )
        takeUp(verdict.facts, candidate, this.#log, this.#claims)
        this.#append(pushed, kind)
        for (const held of this.#heldBack.takeThoseFor(verdict.facts)) this.#admit(held, true)
        return undefined
      default:
        return unreachable(verdict)
    }
  }

  /** A native one is refused entry by entry. */
  #isStockReader({ wire, link }: Pushed): boolean {
    return wire === 'stock' && this.#attendance.member(link)?.mayWrite === false
  }

  #append(pushed: Pushed, kind: PushEntry['kind']): void {
    const { update, link } = pushed
    this.#acks.appended()
    this.#inFlight.push({ update, from: link })
    const author = pushed.wire === 'native' && kind === entryKind.edit ? pushed.replica : undefined
    this.#emit({ type: 'append', update, kind, author })
    // A stock author hears of it by the delivery itself.
    if (pushed.wire === 'native') this.#waitFor(link, answerTo(pushed))
  }

  /** Asked for when it is first held back: each answer to `missing` brings all that its sender has. */
  #holdBack(pushed: Pushed, lacks: number, wasAsked: boolean): void {
    // What came in a frame is a view of it: what stays must not keep the whole frame alive.
    const kept = { ...pushed, update: pushed.update.slice() }
    if (this.#heldBack.hold({ pushed: kept, lacks }))
      this.#emit({ type: 'notice', what: 'heldBackForgotten' })
    if (wasAsked || this.#askedLinks?.has(pushed.link) === true) return
    if (pushed.wire === 'stock') this.#noteAsked(pushed.link)
    this.#askForMissing(pushed.link)
  }

  #noteAsked(link: LinkId): void {
    this.#askedLinks ??= new Set()
    this.#askedLinks.add(link)
  }

  #askForMissing(link: LinkId): void {
    this.#missedBy ??= new Set()
    this.#missedBy.add(link)
  }

  /** Once for all that came together: of many clients a state vector is long. [B1] */
  #tellWhatIsMissing(): void {
    const links = this.#missedBy
    if (links === undefined) return
    this.#missedBy = undefined
    const stateVector = this.#log.stateVector()
    for (const link of links) this.#tell(link, { type: 'missing', room: this.#options.room, stateVector })
  }

  #isStale(pushed: Pushed): boolean {
    const onlyAt = pushed.wire === 'native' ? pushed.alone?.onlyAt : undefined
    return onlyAt !== undefined && (this.#feeding.last !== onlyAt || this.#inFlight.length > 0)
  }

  /** Only a refusal of this very edit is kept: where all writing is refused, it is found again. */
  #refuse(pushed: Pushed, code: RefusedCode, reason: string): void {
    if (pushed.wire === 'stock') return this.#close(pushed.link, code, reason)
    const { counter, hash, kind } = pushed.entry
    const answer: KeptAnswer = { replica: pushed.replica, counter, hash, code, reason }
    if (kind === entryKind.edit && code !== refusedCode.readOnly) {
      const forgotten = this.#answers.keep(answer)
      this.#acks.appended()
      this.#emit({ type: 'keepAnswer', answer })
      if (forgotten !== undefined) {
        this.#emit({ type: 'notice', what: 'answerForgotten' })
        this.#emit({ type: 'forgetAnswers', ids: [forgotten] })
      }
    }
    return this.#waitFor(pushed.link, { is: 'refusal', answer })
  }

  #forgetFiled({ link, entries }: RoomInput & { type: 'filed' }): void {
    const replica = this.#attendance.member(link)?.replica
    if (replica === undefined) return
    const filed = entries
      .map(({ counter, hash }) => ({ replica, counter, hash }))
      .filter((id) => this.#answers.forget(id))
    if (filed.length > 0) this.#emit({ type: 'forgetAnswers', ids: filed })
  }

  // Being judged.

  #askForVerdict(pushed: Pushed): void {
    if (this.#toJudge.length >= toJudgeMax)
      return this.#close(pushed.link, closedCode.tooLarge, 'Too much waits here.')
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
    if (this.#phase.is === 'ending') return
    if (this.#phase.is !== 'judging') throw new Error('A verdict came for nothing.')
    const { pushed } = this.#phase
    this.#phase = { is: 'open' }
    // The right to write may have ended meanwhile; who left had it when it was judged.
    if (this.#attendance.member(pushed.link)?.mayWrite === false) this.#refuseWriting(pushed)
    else if (refusal === undefined) this.#admit(pushed)
    else this.#refuse(pushed, refusal.code, refusal.reason)
    this.#judgeNext()
  }

  // The disk.

  #committed(positions: readonly number[], answers: number): void {
    // At once: taken one by one, a burst that waits is moved up once for each of its rows.
    const appended = this.#inFlight.splice(0, positions.length)
    const rows: FreshRow[] = positions.map((position, index) => {
      const row = appended[index]
      if (row === undefined) throw new Error('More was committed than was appended.')
      return { position, ...row }
    })
    this.#acks.becameDurable(rows.length + answers)
    this.#feeding.committed(rows)
    for (const { position, update } of rows) this.#growth.grew(position, update.length)
    this.#foldIfWorth()
  }

  #foldIfWorth(): void {
    if (!this.#growth.wantsFold(this.#attendance.isEmpty) || this.#phase.is === 'ending') return
    this.#growth.beginFold()
    this.#emit({ type: 'makeFold', through: this.#feeding.last })
  }

  #answerWhatIsDurable(): void {
    const due = this.#acks.take()
    if (due.length === 0) return
    const counters = new Map<LinkId, number[]>()
    for (const { link, answer } of due) {
      const member = this.#attendance.member(link)
      if (member === undefined) continue
      if (answer.is === 'echo') {
        this.#emit({ type: 'echo', link, update: answer.update })
      } else if (answer.is === 'refusal') {
        // A refusal of all writing speaks for what has no answer yet: the acks before it come before it. [D3]
        this.#acknowledge(link, counters.get(link) ?? [])
        counters.delete(link)
        this.#tellRefusal(link, answer.answer)
      } else {
        const before = counters.get(link)
        if (before === undefined) counters.set(link, [answer.counter])
        else before.push(answer.counter)
      }
    }
    for (const [link, all] of counters) this.#acknowledge(link, all)
  }

  #acknowledge(link: LinkId, counters: readonly number[]): void {
    for (const ranges of inLots(counterRanges(counters), answersMax)) {
      this.#tell(link, { type: 'ack', room: this.#options.room, ranges })
    }
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

  #waitFor(link: LinkId, answer: Waiting): void {
    this.#acks.wait(link, answer)
  }

  #tellRefusal(link: LinkId, { counter, hash, code, reason }: KeptAnswer): void {
    this.#tell(link, {
      type: 'refused',
      room: this.#options.room,
      entries: [{ counter, hash, code, reason }],
    })
  }

  /** The room is forgotten when they have left, and read anew when they are back. */
  #closeAll(code: ClosedCode, reason: string): void {
    for (const link of this.#attendance.links) this.#close(link, code, reason)
  }

  #close(link: LinkId, code: ClosedCode | RefusedCode, reason: string): void {
    this.#emit({ type: 'close', link, code, reason, afterMs: 0 })
  }

  #tell(link: LinkId, message: Message): void {
    this.#emit({ type: 'tell', link, message })
  }

  #emit(effect: RoomEffect): void {
    if (this.#effects === undefined) throw new Error('A room asks for something between two steps.')
    this.#effects.push(effect)
  }
}

/** What comes of it is for the log or for the record of answers, both of a history that is about to be no more. [E1] */
function isForTheLog({ type }: RoomInput): boolean {
  return type === 'pushed' || type === 'updateCame' || type === 'filed'
}

function answerTo(pushed: Pushed): Waiting {
  return pushed.wire === 'native'
    ? { is: 'ack', counter: pushed.entry.counter }
    : { is: 'echo', update: pushed.update }
}

function isAlone(pushed: Pushed): boolean {
  return pushed.wire === 'native' && pushed.alone !== undefined
}

function hasContent({ structs }: UpdateFacts): boolean {
  return !structs.everyRun(() => false)
}
