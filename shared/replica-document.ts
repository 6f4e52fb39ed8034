// replica-document.ts — one document on a device. Knows: what is in memory, on the disk, on its way, answered; which Y.Doc
// the rows are of. Going up is replica-pushing.ts, coming down replica-link.ts, the order of batches replica-writing.ts.
// Must not know: sockets, stores, Y.Docs (updates are bytes), the time but for what is passed in. It throws for nothing
// that a peer or the world did. [D3] [T1] [R1] [E1]
import { equalBytes } from './equal-bytes.ts'
import { entryKind } from './message.ts'
import type { EntryKind } from './message.ts'
import { isFenced, isOfHistory } from './replica-batches.ts'
import type { Made } from './replica-batches.ts'
import { meanings } from './replica-document-words.ts'
import type { DocumentEffect, DocumentInput, PhaseName } from './replica-document-words.ts'
import { unansweredMsMax } from './replica-limits.ts'
import { DocumentLink } from './replica-link.ts'
import { OutboxEntry } from './replica-outbox.ts'
import { isKeptByRelay, Pushing } from './replica-pushing.ts'
import { comparison, rowKind } from './replica-records.ts'
import type { Cursor } from './replica-records.ts'
import { isSameStatus } from './replica-status.ts'
import type { DocumentStatus, WaitReason } from './replica-status.ts'
import { Writing } from './replica-writing.ts'
import type { Task } from './replica-writing.ts'
import { unreachable } from './unreachable.ts'

export type DocumentOptions = {
  /** Shared by all documents of the device. */
  readonly nextRowless: () => number
}

type Role = 'loading' | 'following' | 'leading'

export class ReplicaDocument {
  readonly #writing = new Writing()
  readonly #pushing: Pushing
  readonly #link: DocumentLink
  #role: Role = 'loading'
  #isSocketReady = false
  #isWatched = false
  /** Of the rows, and so of the Y.Doc. */
  #made: Made = { epoch: new Uint8Array(), generation: 0 }
  /** What the document's first epoch was, if it got it while this tab had it open. */
  #first: Made | undefined
  #filed = 0
  #toSayFiled: { readonly counter: number; readonly hash: Uint8Array }[] = []
  #requests = 0
  #status: DocumentStatus | undefined
  #effects: DocumentEffect[] = []

  constructor({ nextRowless }: DocumentOptions) {
    const emit = (effect: DocumentEffect): void => void this.#effects.push(effect)
    const write = (task: Task): void => this.#add(task)
    const nextRequest = (): number => (this.#requests += 1)
    const repaired = (): void => this.#link.repaired()
    const unconfirmed = (): readonly OutboxEntry[] => this.#writing.unconfirmed
    this.#pushing = new Pushing({ emit, write, nextRequest, nextRowless, unconfirmed, repaired })
    this.#link = new DocumentLink({
      emit,
      write,
      nextRequest,
      apply: (updates) => this.#apply(updates),
      letGo: () => this.#pushing.stop(),
      giveBack: (stateVector) => this.#pushing.giveBack(stateVector),
      isReplacing: () => this.#writing.has('replace'),
    })
  }

  get phase(): PhaseName {
    return this.#role === 'leading' ? this.#link.phase.is : this.#role
  }

  /** Nothing is left to do for it: it is on the disk as far as the relay has told, and the relay has all of it. */
  get isAtRest(): boolean {
    return this.#link.isAtHead && this.#isQuiet
  }

  get epoch(): Uint8Array {
    return this.#made.epoch
  }

  /** Why the relay does not let it be opened. */
  get closedFor(): WaitReason | undefined {
    const { phase } = this.#link
    return phase.is === 'closed' ? phase.reason : undefined
  }

  /** The relay has it no more, or not for this one: it leaves, or has left, the device. */
  get isTakenAway(): boolean {
    return this.closedFor === 'gone' || (this.closedFor === 'forbidden' && this.#pushing.outbox.isEmpty)
  }

  /** Nothing of it is on this device. */
  get isBlank(): boolean {
    return this.#made.epoch.length === 0 && this.#isQuiet
  }

  get position(): number {
    return this.#link.position
  }

  /** Somebody looks at it: there is a Y.Doc that can be compared. One that is only fetched has none. */
  watch(isWatched: boolean): void {
    this.#isWatched = isWatched
    this.#link.watch(isWatched)
  }

  step(input: DocumentInput, now: number): readonly DocumentEffect[] {
    return [...this.hear(input, now), ...this.goOn(now)]
  }

  /** One of several: what comes of all of them is done by `goOn`, and what they bring to the disk goes there together. */
  hear(input: DocumentInput, now: number): readonly DocumentEffect[] {
    this.#effects = []
    if (meanings[this.phase][input.type] === 'take') this.#take(input, now)
    return this.#effects
  }

  goOn(now: number): readonly DocumentEffect[] {
    this.#effects = []
    this.#goOn(now)
    return this.#effects
  }

  #take(input: DocumentInput, now: number): void {
    switch (input.type) {
      case 'loaded':
        return this.#load(input)
      case 'edited':
        return this.#edit(input.update, entryKind.edit, input.made, now)
      case 'derived':
        return this.#edit(input.update, entryKind.derived, input.made, now)
      case 'rowsRead':
        return this.#readRows(input)
      case 'stored':
        return this.#stored(input)
      case 'storeFailed':
        return this.#storeFailed(input, now)
      case 'discarded':
        this.#filed = Math.max(0, this.#filed - 1)
        return undefined
      case 'socketReady':
        this.#isSocketReady = true
        if (this.#role === 'leading') this.#link.socketReady()
        return undefined
      case 'linkLost':
        this.#isSocketReady = false
        this.#link.socketLost()
        return this.#pushing.stop()
      case 'pushGranted':
        return this.#pushing.granted(this.#mayPush, now)
      case 'stateVectorMade':
        return this.#link.stateVectorMade(input.request, input.stateVector)
      case 'differenceMade':
        return this.#pushing.differenceMade(input.request, input.update)
      case 'digestMade':
        return this.#link.digestMade(input.request, input.digest, this.#isQuiet)
      case 'steppedDown':
        return this.#stepDown(now)
      case 'retried':
        this.#writing.retry(now)
        this.#pushing.forgive()
        return this.#link.resume()
      case 'woken':
        return this.#woken(now)
      case 'opened':
        this.#link.opened(input, now)
        return this.#sayFiled()
      case 'piece':
        return this.#link.piece(input)
      case 'delivery':
        return this.#link.delivery(input, now)
      case 'caughtUp':
        return this.#link.caughtUp(input, now)
      case 'ack':
        return this.#pushing.acknowledged(input, now)
      case 'refused':
        return this.#pushing.refused(input, now)
      case 'missing':
        return this.#pushing.missing(input, now)
      case 'compared':
        return this.#link.compared(input, now)
      case 'rights':
        return this.#link.setRights(input.rights)
      case 'closed':
        return this.#link.closed(input, now)
      default:
        return unreachable(input)
    }
  }

  // The store.

  #load({ leads, head, place, pending, filed }: DocumentInput & { type: 'loaded' }): void {
    const wasLoaded = this.#role !== 'loading'
    const made = { epoch: head.epoch, generation: head.generation }
    if (wasLoaded && made.generation !== this.#made.generation) this.#rebuild(made)
    this.#made = made
    this.#filed = filed
    this.#link.load(head.epoch, place)
    this.#role = leads ? 'leading' : 'following'
    if (!leads) return
    const entries = pending.map(({ sequence, counter, kind, update }) => {
      return new OutboxEntry(update, kind, made, { sequence, counter: counter === 0 ? sequence : counter })
    })
    this.#pushing.load(entries, place.lastSaved)
    if (this.#isSocketReady) this.#link.socketReady()
  }

  #edit(update: Uint8Array, kind: EntryKind, made: Made, now: number): void {
    const entry = new OutboxEntry(update, kind, this.#adopted(made))
    // Typed into a Y.Doc that is being made anew: the new one has to show it, unless its history is gone.
    const isOfOldDoc =
      entry.made.generation !== this.#made.generation || !equalBytes(entry.made.epoch, this.#made.epoch)
    if (isOfOldDoc && isOfHistory(entry.made, this.#made)) this.#apply([update])
    if (kind === entryKind.derived && this.#link.mayWrite === false) {
      this.#writing.add({ is: 'keep', entry, at: now })
      return
    }
    this.#pushing.outbox.add(entry)
    this.#writing.add({ is: 'append', entry, at: now })
    if (this.#writing.isRefusing) this.#goDirect([entry])
  }

  #readRows({ rows, head }: DocumentInput & { type: 'rowsRead' }): void {
    const { generation } = this.#made
    this.#follow(head)
    if (head.generation === generation) this.#apply(rows.map(({ row }) => row.update))
    if (this.#role !== 'leading') return
    for (const { sequence, row } of rows) {
      if (row.kind !== rowKind.pending || this.#pushing.outbox.holdsRow(sequence)) continue
      const counter = row.counter === 0 ? sequence : row.counter
      this.#pushing.outbox.add(new OutboxEntry(row.update, row.entry, this.#made, { sequence, counter }))
    }
  }

  #stored({ ticket, sequences, filed, head }: DocumentInput & { type: 'stored' }): void {
    const landed = this.#writing.landed(ticket)
    if (landed === undefined) return
    this.#filed += filed
    for (const [index, entry] of landed.appended.entries()) this.#landed(entry, sequences[index])
    for (const task of landed.tasks) {
      if (task.is !== 'refuse') continue
      const kept = task.refusals.filter(
        ({ entry, code }) => entry.kind === entryKind.edit && isKeptByRelay(code),
      )
      this.#toSayFiled.push(...kept.map(({ entry: { counter, hash } }) => ({ counter, hash })))
    }
    this.#follow(head)
    for (const task of landed.tasks) if (task.is === 'replace') this.#forgetOtherHistory(task.cursor)
    this.#sayFiled()
    if (this.#link.phase.is === 'unlinked' && this.#link.phase.reason === 'storeRefuses') this.#link.resume()
  }

  #landed(entry: OutboxEntry, sequence: number | undefined): void {
    const { outbox } = this.#pushing
    // Read as a row of another tab before its answer came: one of the two is enough.
    const isDouble = sequence !== undefined && outbox.holdsRow(sequence)
    if (sequence === undefined || isDouble || this.#role !== 'leading') {
      outbox.remove([entry])
      entry.sequence = sequence
    } else {
      outbox.landed(entry, sequence)
    }
  }

  #storeFailed({ ticket, outcome }: DocumentInput & { type: 'storeFailed' }, now: number): void {
    if (this.#writing.failed(ticket, outcome, now) && outcome === 'notApplied')
      this.#goDirect(this.#pushing.outbox.all)
    if (this.#writing.isFull && this.#role === 'leading') this.#link.pause('storeRefuses')
  }

  #goDirect(entries: readonly OutboxEntry[]): void {
    if (this.#role !== 'leading' || this.#writing.isInDoubt) return
    this.#pushing.goDirect(entries.filter(({ made }) => isOfHistory(made, this.#made)))
  }

  /**
   * What was pending in the history that is gone is in the inbox by the same batch. What no disk has yet goes there when
   * one takes it, and up to the relay no more; repairs were of that history, and are nobody's now. [E1] [D3]
   */
  #forgetOtherHistory(cursor: Cursor | undefined): void {
    const { outbox } = this.#pushing
    const { epoch } = this.#made
    const isOther = (made: Made) => cursor === undefined || !equalBytes(made.epoch, epoch)
    outbox.withdraw(outbox.all.filter(({ made }) => isOther(made)))
  }

  /**
   * What was deleted leaves the device, and what is pending of it goes to the inbox [E1] [D3]. What may not be read any
   * more leaves it when nobody looks at it and the relay has all of it. [S1]
   */
  #takeAway(now: number): void {
    const isKept = this.closedFor === 'forbidden' && (this.#isWatched || !this.#isQuiet)
    if (!this.isTakenAway || isKept || this.isBlank || this.#writing.has('replace')) return
    this.#link.forget()
    this.#writing.add({ is: 'replace', epoch: new Uint8Array(), cursor: undefined, updates: [], at: now })
  }

  #stepDown(now: number): void {
    if (this.#role !== 'leading') return
    this.#role = 'following'
    this.#isSocketReady = false
    this.#link.socketLost()
    this.#pushing.stop()
    const { outbox } = this.#pushing
    outbox.withdraw(outbox.all)
    // No disk knows the history that is shown, or that it is over: what comes next may be another one. [E1]
    const isOfNoDisk = this.#writing.has('adopt') || this.#writing.has('replace')
    for (const entry of this.#writing.stepDown(now)) outbox.add(entry)
    if (isOfNoDisk) this.#rebuild(this.#made)
  }

  // The Y.Doc.

  #follow({ epoch, generation }: Made): void {
    if (generation !== this.#made.generation) return this.#rebuild({ epoch, generation })
    if (equalBytes(epoch, this.#made.epoch)) return undefined
    // The first epoch. The Y.Doc stays, and goes on to say that it is of none.
    this.#first = { epoch, generation }
    this.#made = this.#first
    for (const entry of this.#pushing.outbox.all) entry.made = this.#adopted(entry.made)
    return undefined
  }

  #adopted(made: Made): Made {
    if (this.#first === undefined || made.epoch.length > 0) return made
    return made.generation === this.#first.generation ? this.#first : made
  }

  /** While another one is on its way, nothing may reach the old one: its history may be another. [E1] */
  #apply(updates: readonly Uint8Array[]): void {
    if (updates.length > 0 && !this.#writing.has('replace'))
      this.#effects.push({ type: 'applyToDoc', updates })
  }

  /** Without what was refused, and with what is on no disk yet. [R1] */
  #rebuild({ epoch, generation }: Made): void {
    this.#made = { epoch, generation }
    this.#effects.push({ type: 'rebuildDoc', made: this.#made })
    const inMemory = this.#pushing.outbox.all.filter(
      ({ sequence, made }) => sequence === undefined && isOfHistory(made, { epoch, generation }),
    )
    this.#apply([
      ...this.#writing.unstoredUpdates(),
      ...this.#link.shownAlready,
      ...inMemory.map(({ update }) => update),
    ])
  }

  // Going on.

  get #mayPush(): boolean {
    if (this.#role !== 'leading' || !this.#link.takesPushes || this.#writing.has('replace')) return false
    if (!this.#writing.has('adopt')) return true
    // A crash would forget which history this was pushed into, if its row is on the disk or on its way there. [E1]
    return this.#writing.isRefusing && !this.#writing.isUnderWay
  }

  get #isQuiet(): boolean {
    return this.#pushing.outbox.isEmpty && this.#writing.isEmpty && !this.#pushing.isRepairing
  }

  #woken(now: number): void {
    this.#link.woken(now)
    const since = this.#pushing.unansweredSince
    // An ack that was lost, or never came: opening again asks for it. [L1]
    if (since !== undefined && now - since >= unansweredMsMax) this.#link.reopen('cursor', now)
  }

  #sayFiled(): void {
    if (this.#toSayFiled.length === 0 || !this.#link.takesPushes) return
    this.#effects.push({ type: 'say', message: { type: 'filed', entries: this.#toSayFiled } })
    this.#toSayFiled = []
  }

  #add(task: Task): void {
    this.#writing.add(task)
  }

  #goOn(now: number): void {
    if (this.#role === 'loading') return
    this.#takeAway(now)
    const write = this.#writing.next(now)
    if (write !== undefined) this.#write(write)
    this.#pushing.ask(this.#mayPush)
    const compareAt = this.#link.compareIfQuiet(this.#isQuiet, now)
    this.#tellStatus()
    const { unansweredSince } = this.#pushing
    const times = [
      this.#writing.retryAt,
      compareAt,
      this.#link.wakesAt,
      unansweredSince === undefined ? undefined : unansweredSince + unansweredMsMax,
    ].filter((time) => time !== undefined)
    const earliest = times.length === 0 ? undefined : Math.min(...times)
    if (earliest !== undefined) this.#effects.push({ type: 'wakeAt', time: earliest })
  }

  #write(write: NonNullable<ReturnType<Writing['next']>>): void {
    if (write.is === 'settle') {
      this.#effects.push({ type: 'settle', ticket: write.ticket })
      return
    }
    const { ticket, changes } = write
    if (this.#role !== 'leading' && changes.some(isFenced))
      throw new Error('Only the tab that leads may write this.')
    this.#effects.push({ type: 'write', ticket, changes })
  }

  #tellStatus(): void {
    const status = this.#currentStatus()
    if (this.#status !== undefined && isSameStatus(this.#status, status)) return
    this.#status = status
    this.#effects.push({ type: 'tellStatus', status })
  }

  #currentStatus(): DocumentStatus {
    const { outbox } = this.#pushing
    const { compared } = this.#link.comparing
    // On its way to the inbox an edit is where it was: what no disk has taken yet, a crash would lose.
    const refused = this.#writing.refused.filter(({ kind }) => kind === entryKind.edit)
    const refusedInMemory = refused.filter(({ sequence }) => sequence === undefined).length
    const inMemory = outbox.inMemory + refusedInMemory
    const pending = outbox.pending + refused.length - refusedInMemory
    const { progress } = this.#link
    // The relay may end a catching up before the head that it told: the rest is on its way.
    const phase = progress === undefined ? this.phase : 'catchingUp'
    return {
      phase: phase === 'measuring' ? 'opening' : phase,
      inMemory,
      pending,
      refused: this.#filed,
      isSaved: this.#role === 'leading' && inMemory === 0 && pending === 0 && this.#filed === 0,
      isUpToDate: this.#link.isAtHead && compared === comparison.equal && this.#role === 'leading',
      differs: compared === comparison.different,
      lastSaved: this.#pushing.lastSaved,
      progress,
      waitingFor: this.#waitingFor(pending),
      mayWrite: this.#link.mayWrite,
    }
  }

  #waitingFor(pending: number): WaitReason | undefined {
    const { phase } = this.#link
    if (this.#role === 'following') return 'otherTab'
    if (phase.is === 'unlinked' || phase.is === 'closed') return phase.reason
    if (this.#writing.isRefusing) return 'storeRefuses'
    if (this.#pushing.isRepairing) return 'repairing'
    return pending > 0 ? 'answer' : undefined
  }
}
