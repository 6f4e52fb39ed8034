// intake.ts — updates coming in to a room: into the log, held back for what they build on, or refused. Knows: what the log
// holds or is about to hold, whose the client ids are, who was asked for what it lacks. Must not know: how answers are
// said, how readers are fed; whether an application has a word in it. [D1] [C1] [R1]
import { isKnown, judge, claimAll, takeUp } from './admission.ts'
import type { Candidate } from './admission.ts'
import type { Answering, Waiting } from './answering.ts'
import type { Attendance } from './attendance.ts'
import { ownerNamed } from './claims.ts'
import type { Claims, Owner } from './claims.ts'
import type { FreshRow } from './feeding.ts'
import type { Growth } from './growth.ts'
import { HeldBack } from './held-back.ts'
import { LogState } from './log-state.ts'
import { entryKind, refusedCode } from './message.ts'
import type { PushEntry, RefusedCode } from './message.ts'
import type { Alone, KeptAnswer, LinkId, RoomEffect, RoomInput } from './room-words.ts'
import { isEmptyUpdate } from './stock-wire.ts'
import { unreachable } from './unreachable.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts } from './update-reader.ts'
import { wholePartOf } from './whole-part.ts'

/** An update on its way in. A stock client's has no counter: its answer is the echo. */
export type Pushed = { readonly link: LinkId; readonly owner: Owner; readonly update: Uint8Array } & (
  | {
      readonly wire: 'native'
      readonly replica: Uint8Array
      readonly entry: PushEntry
      readonly alone: Alone | undefined
    }
  | { readonly wire: 'stock' }
)

export type IntakeParts = {
  readonly room: number
  readonly attendance: Attendance
  readonly claims: Claims
  readonly answering: Answering
  readonly growth: Growth
  /** The last durable position. */
  readonly last: () => number
  readonly emit: (effect: RoomEffect) => void
}

/** To copy out of it would cost more than it weighs. */
const smallFrameBytes = 4096

const mayBeRead = 'This document may be read, not written. Ask for the right to write. (read-only)'

export class Intake {
  readonly #parts: IntakeParts
  #log = new LogState()
  readonly #heldBack = new HeldBack<Pushed>()
  /** Stock links that still have to say what they have: asked twice, they would say all of it twice. [B1] */
  #askedLinks: Set<LinkId> | undefined
  /** Appended and not yet durable, in the order of the positions that they will have. */
  readonly #inFlight: { readonly update: Uint8Array; readonly from: LinkId }[] = []
  /** Whom to ask for what the log lacks, before this step ends. */
  #missedBy: Set<LinkId> | undefined

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** Of all that was let in, durable or not yet. */
  stateVector(): Uint8Array {
    return this.#log.stateVector()
  }

  load({ snapshot, rows, claims }: RoomInput & { type: 'loaded' }): void {
    const known = this.#parts.claims
    for (const claim of claims)
      for (const client of claim.clients) known.claim(client, ownerNamed(claim.author))
    const { pieces, state } = snapshot
    this.#log = (state && LogState.fromBytes(state)) ?? LogState.ofSnapshot(pieces)
    for (const { update, author } of rows) {
      const facts = readUpdate(update)
      if (this.#log.addIfWhole(facts) && author !== undefined) claimAll(facts, author, known)
    }
  }

  /** What is in the log from a time when it might be written was not refused, whoever lost the answer. [D3] */
  refuseWriting(pushed: Pushed): void {
    if (isKnown(pushed.update, this.#log)) return this.#wait(pushed.link, answerTo(pushed))
    return this.refuse(pushed, refusedCode.readOnly, mayBeRead)
  }

  updateCame({ link, update, wasAsked }: RoomInput & { type: 'updateCame' }): void {
    if (wasAsked) this.#askedLinks?.delete(link)
    const member = this.#parts.attendance.member(link)
    if (member === undefined || isEmptyUpdate(update)) return
    // Who was asked and still has gaps has no more: to ask again would be to ask for ever.
    this.admit({ wire: 'stock', link, owner: member.owner, update }, wasAsked)
  }

  admit(pushed: Pushed, wasAsked = false): void {
    const { growth, claims } = this.#parts
    const kind = pushed.wire === 'native' ? pushed.entry.kind : entryKind.repair
    const candidate = { kind, update: pushed.update, author: pushed.owner }
    const verdict = judge(candidate, this.#log, claims)
    // Before anything is held back: who wrote it may be gone when what it builds on comes.
    if ((verdict.is === 'new' || verdict.is === 'gap') && this.#isStockReader(pushed))
      return this.refuse(pushed, refusedCode.readOnly, mayBeRead)
    switch (verdict.is) {
      case 'known':
        return this.#wait(pushed.link, answerTo(pushed))
      case 'gap':
        if (pushed.wire === 'stock' ? wasAsked : kind === entryKind.repair) this.#enterWholePart(pushed)
        return isAlone(pushed)
          ? this.#askForMissing(pushed.link)
          : this.#holdBack(pushed, verdict.lacks, wasAsked)
      case 'refused':
        return this.refuse(pushed, verdict.code, verdict.reason)
      case 'new':
        if (this.#isStale(pushed)) return this.#parts.emit({ type: 'stale', link: pushed.link })
        // Whoever only deletes makes room.
        if (hasContent(verdict.fresh) && growth.isTooMuch(verdict.fresh.bytes.length))
          return this.refuse(
            pushed,
            refusedCode.tooLarge,
            'This document is as large as documents may be here. Delete some of it, or begin another. (too-large)',
          )
        return this.#enter(pushed, candidate, verdict.fresh)
      default:
        return unreachable(verdict)
    }
  }

  #enter(pushed: Pushed, candidate: Candidate, fresh: UpdateFacts): void {
    takeUp(fresh, candidate, this.#log, this.#parts.claims)
    this.#append(pushed, candidate.kind, fresh.bytes)
    // A stock author hears of it by the delivery itself.
    if (pushed.wire === 'native') this.#wait(pushed.link, answerTo(pushed))
    for (const held of this.#heldBack.takeThoseFor(fresh)) this.admit(held, true)
  }

  /**
   * Of who was asked, and may have nothing else to say: what of it is whole enters without the rest. The rest waits, and
   * its author with it for the answer. [L1]
   */
  #enterWholePart(pushed: Pushed): void {
    const { growth, claims } = this.#parts
    for (const update of wholePartOf(pushed.update, this.#log)) {
      const candidate = { kind: entryKind.repair, update, author: pushed.owner }
      const verdict = judge(candidate, this.#log, claims)
      if (verdict.is !== 'new' || growth.isTooMuch(update.length)) continue
      this.#enter({ wire: 'stock', link: pushed.link, owner: pushed.owner, update }, candidate, verdict.fresh)
    }
  }

  /** Only a refusal of this very edit is kept: where all writing is refused, it is found again. */
  refuse(pushed: Pushed, code: RefusedCode, reason: string): void {
    const { link } = pushed
    if (pushed.wire === 'stock') return this.#parts.emit({ type: 'close', link, code, reason, afterMs: 0 })
    const { counter, hash, kind } = pushed.entry
    const answer: KeptAnswer = { replica: pushed.replica, counter, hash: hash.slice(), code, reason }
    if (kind === entryKind.edit && code !== refusedCode.readOnly) this.#parts.answering.keep(answer)
    return this.#wait(link, { is: 'refusal', answer })
  }

  /** A stock link is asked what it has. */
  noteAsked(link: LinkId): void {
    this.#askedLinks ??= new Set()
    this.#askedLinks.add(link)
  }

  leave(link: LinkId): void {
    this.#askedLinks?.delete(link)
  }

  /** The next of what was appended are durable, at these positions. */
  committed(positions: readonly number[]): FreshRow[] {
    // At once: taken one by one, a burst that waits is moved up once for each of its rows.
    const appended = this.#inFlight.splice(0, positions.length)
    return positions.map((position, index) => {
      const row = appended[index]
      if (row === undefined) throw new Error('More was committed than was appended.')
      return { position, ...row }
    })
  }

  /** Once for all that came together: of many clients a state vector is long. [B1] */
  tellWhatIsMissing(): void {
    const links = this.#missedBy
    if (links === undefined) return
    this.#missedBy = undefined
    const { room, emit } = this.#parts
    const stateVector = this.#log.stateVector()
    for (const link of links) emit({ type: 'tell', link, message: { type: 'missing', room, stateVector } })
  }

  /** A native one is refused entry by entry. */
  #isStockReader({ wire, link }: Pushed): boolean {
    return wire === 'stock' && this.#parts.attendance.member(link)?.mayWrite === false
  }

  #append(pushed: Pushed, kind: PushEntry['kind'], fresh: Uint8Array): void {
    const { link } = pushed
    const update = apart(fresh)
    this.#parts.answering.appended()
    this.#inFlight.push({ update, from: link })
    const author = pushed.wire === 'native' && kind === entryKind.edit ? pushed.replica : undefined
    this.#parts.emit({ type: 'append', update, kind, author })
  }

  /** Asked for when it is first held back: each answer to `missing` brings all that its sender has. */
  #holdBack(pushed: Pushed, lacks: number, wasAsked: boolean): void {
    if (this.#heldBack.hold({ pushed: withoutItsFrame(pushed), lacks }))
      this.#parts.emit({ type: 'notice', what: 'heldBackForgotten' })
    if (wasAsked || this.#askedLinks?.has(pushed.link) === true) return
    if (pushed.wire === 'stock') this.noteAsked(pushed.link)
    this.#askForMissing(pushed.link)
  }

  #askForMissing(link: LinkId): void {
    this.#missedBy ??= new Set()
    this.#missedBy.add(link)
  }

  #isStale(pushed: Pushed): boolean {
    const onlyAt = pushed.wire === 'native' ? pushed.alone?.onlyAt : undefined
    return onlyAt !== undefined && (this.#parts.last() !== onlyAt || this.#inFlight.length > 0)
  }

  #wait(link: LinkId, answer: Waiting): void {
    this.#parts.answering.wait(link, answer)
  }
}

function answerTo(pushed: Pushed): Waiting {
  return pushed.wire === 'native'
    ? { is: 'ack', counter: pushed.entry.counter }
    : { is: 'echo', update: apart(pushed.update) }
}

/** Of a frame of which it is most, or that is small, it may stay a part while it waits for the disk. */
function apart(update: Uint8Array): Uint8Array {
  return update.buffer.byteLength > 2 * update.length + smallFrameBytes ? update.slice() : update
}

/** What came in a frame is a view of it: what stays must not keep the whole frame alive. [B1] */
function withoutItsFrame(pushed: Pushed): Pushed {
  const update = pushed.update.slice()
  if (pushed.wire === 'stock') return { ...pushed, update }
  return { ...pushed, update, entry: { ...pushed.entry, hash: pushed.entry.hash.slice(), update } }
}

function isAlone(pushed: Pushed): boolean {
  return pushed.wire === 'native' && pushed.alone !== undefined
}

function hasContent({ structs }: UpdateFacts): boolean {
  return !structs.everyRun(() => false)
}
