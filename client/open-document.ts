// open-document.ts — one document in this tab: its Y.Doc, and what its machine asks for. Knows: Yjs, the document's
// records, what a person typed and what Yjs derived. Must not know: sockets, other tabs, what the machine decides.
//
// Two lanes keep order. The store's: batches, and what is read to begin with, which no batch of this document may be
// under way for. The Y.Doc's: what is applied waits behind a Y.Doc that is being made anew, and for nothing else.
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { digestOf } from '../shared/document-digest.ts'
import { entryKind } from '../shared/message.ts'
import type { PresenceEntry } from '../shared/message.ts'
import type { Change, Made, NumberedRow, Plan } from '../shared/replica-batches.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import { foldOf, isWorthFolding } from '../shared/replica-folds.ts'
import { foldTailRows } from '../shared/replica-limits.ts'
import { rowKind } from '../shared/replica-records.ts'
import { isSameStatus } from '../shared/replica-status.ts'
import type { DocumentStatus } from '../shared/replica-status.ts'
import type { ShellDocumentEffect } from '../shared/replica-words.ts'
import { StoreError } from '../shared/store.ts'
import type { TabInput } from '../shared/tabs.ts'
import { unreachable } from '../shared/unreachable.ts'
import { beginning, shownStatus } from './document-status.ts'
import type { LeaderWord } from './document-status.ts'
import { Lane } from './lane.ts'
import { docOf, LiveDoc } from './live-doc.ts'
import { Observed } from './observed.ts'
import { patiently } from './patience.ts'
import { hearPresence, othersPresence, ownPresence, sayAgain } from './presence-words.ts'
import type { Loaded, Records, Written } from './records.ts'

export type DocumentHost = {
  readonly records: () => Records
  readonly isDurable: () => boolean
  readonly leads: () => boolean
  /** Edits of this document in the inbox. */
  readonly filed: (document: string) => number
  readonly readInbox: () => Promise<void>
  readonly tell: (document: string, input: OwnInput) => void
  readonly tellTab: (input: TabInput) => void
  readonly sayPresence: (document: string, entries: readonly PresenceEntry[]) => void
  /** What a store said when it refused; undefined: it took something. */
  readonly storeSaid: (error: StoreError | undefined) => void
  /** An edit is on the disk. */
  readonly kept: () => void
  readonly statusChanged: (document: OpenDocument) => void
}

type DocEffect = Exclude<ShellDocumentEffect, { readonly type: 'write' | 'settle' | 'tellStatus' }>

export class OpenDocument {
  readonly name: string
  readonly status: Observed<DocumentStatus> = new Observed(beginning)
  readonly loaded: Promise<void>
  /** Its machine has nothing left to do for it. */
  readonly forgotten: Promise<void>
  readonly #host: DocumentHost
  readonly #storeLane = new Lane()
  readonly #docLane = new Lane()
  readonly #rebuilt = new Set<(doc: Y.Doc) => void>()
  readonly #plans = new Map<number, Plan>()
  #tellLoaded: () => void = () => undefined
  #tellForgotten: () => void = () => undefined
  #live: LiveDoc
  #isKept = false
  #isForgotten = false
  /** Rows that the relay had not answered when they were read here, or written. */
  #unanswered = 0
  /** Typed before the rows were there. */
  #early: Uint8Array[] = []
  #own: DocumentStatus = beginning
  #leader: LeaderWord | undefined
  #written = 0
  #told = 0
  /** Answered since the last fold, which made so many bytes of what was before. */
  #rowsToFold = 0
  #foldedBytes = 0
  #isFolding = false

  constructor(name: string, host: DocumentHost) {
    this.name = name
    this.#host = host
    this.loaded = new Promise((resolve) => {
      this.#tellLoaded = resolve
    })
    this.forgotten = new Promise((resolve) => {
      this.#tellForgotten = resolve
    })
    this.#live = this.#madeLive(undefined, [])
  }

  get doc(): Y.Doc {
    return this.#live.doc
  }

  get awareness(): Awareness {
    return this.#live.awareness
  }

  onRebuilt(listener: (doc: Y.Doc) => void): () => void {
    this.#rebuilt.add(listener)
    return () => void this.#rebuilt.delete(listener)
  }

  /** Whether what is typed from now on is an edit, and who types is here. */
  get isKept(): boolean {
    return this.#isKept
  }

  keep(isKept: boolean): void {
    if (this.#isKept === isKept) return
    // Said while it still is to be heard.
    if (!isKept) this.#live.awareness.setLocalState(null)
    this.#isKept = isKept
    // Who comes back to it may say again who they are: bindings set a field of what is there.
    if (isKept && this.#live.awareness.getLocalState() === null) this.#live.awareness.setLocalState({})
  }

  /** Nothing of it is needed any more. */
  forget(): void {
    this.#isForgotten = true
    this.#isKept = false
    this.#live.awareness.destroy()
    this.#tellForgotten()
  }

  /**
   * Lets go of a store in memory, for the disk that has opened at last. What waits here, or is typed from now on, is told
   * when that one is read. A client id that another replica owns is left behind with its Y.Doc.
   */
  async leaveStore(isOtherReplica: boolean): Promise<void> {
    do await this.#storeLane.run(() => Promise.resolve())
    while (this.#own.inMemory > 0 && !this.#isForgotten)
    await this.#docLane.run(() => (isOtherReplica ? this.#rebuild() : undefined))
    const { rows } = await this.#host.records().load(this.name)
    this.#live.made = undefined
    const edits = rows.filter((row) => isPending(row) && row.row.entry === entryKind.edit)
    this.#early.unshift(...updatesOf(edits))
    this.#own = beginning
    this.#written = 0
    this.#told = 0
    this.#plans.clear()
    this.showStatus()
  }

  // What the machine asks for.

  load(): void {
    void this.#storeLane.run(async () => {
      const loaded = await this.#read(() => this.#host.records().load(this.name))
      if (loaded !== undefined) await this.#docLane.run(() => this.#take(loaded))
    })
  }

  perform(effect: ShellDocumentEffect): void {
    switch (effect.type) {
      case 'tellStatus':
        this.#own = effect.status
        // What a leader said before this tab led is of the past.
        if (this.#own.phase !== 'following') this.#leader = undefined
        this.showStatus()
        return
      case 'write':
        void this.#storeLane.run(() => this.#write(effect.ticket, effect.changes))
        return
      case 'settle':
        void this.#storeLane.run(() => this.#settle(effect.ticket))
        return
      default:
        void this.#docLane.run(() => this.#performForDoc(effect))
    }
  }

  /** For the tab's machine: what other tabs wrote. */
  async readRows(after: number): Promise<void> {
    const { name: document } = this
    try {
      const { head, rows } = await this.#host.records().load(document, after)
      this.#host.tellTab({ type: 'rowsRead', document, after, rows, head })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#host.tellTab({ type: 'readFailed', document })
    }
  }

  hear(entries: readonly PresenceEntry[]): void {
    hearPresence(this.#live.awareness, entries, this.#live)
  }

  sayPresence(): void {
    this.#host.sayPresence(this.name, ownPresence(this.#live.awareness))
  }

  leaderSaid(word: LeaderWord | undefined): void {
    this.#leader = word
    this.showStatus()
  }

  /** Nothing that was typed here is in memory alone. */
  get isStored(): boolean {
    return this.#own.inMemory === 0 && this.#early.length === 0
  }

  /** For tabs that follow: how far this one is, and with which rows. */
  get word(): LeaderWord {
    return { status: this.#own, last: this.#told }
  }

  /** The machine knows all rows up to this one. */
  hasTold(last: number): void {
    this.#told = Math.max(this.#told, last)
  }

  showStatus(): void {
    const sources = {
      own: this.#own,
      early: this.#early.length,
      leader: this.#leader,
      written: this.#written,
      unanswered: this.#unanswered,
      isDurable: this.#host.isDurable(),
      filed: this.#host.filed(this.name),
    }
    const shown = shownStatus(sources)
    const before = this.status.current
    if (isSameStatus(shown, before)) return
    this.status.set(shown)
    this.#host.statusChanged(this)
    // On a new link nobody has heard yet who is here.
    if (isLinked(shown) && !isLinked(before) && this.#isKept) sayAgain(this.#live.awareness)
  }

  // The store.

  #read<Answer>(read: () => Promise<Answer>): Promise<Answer | undefined> {
    return patiently(read, () => !this.#isForgotten, this.#host.storeSaid)
  }

  async #write(ticket: number, changes: readonly Change[]): Promise<void> {
    const planned = (plan: Plan): void => void this.#plans.set(ticket, plan)
    this.#tellWritten(ticket, await this.#host.records().write(this.name, changes, planned))
    for (const change of changes) this.#rowsToFold += answeredIn(change)
    this.#foldIfMany()
  }

  async #settle(ticket: number): Promise<void> {
    const plan = this.#plans.get(ticket)
    if (plan !== undefined) this.#tellWritten(ticket, await this.#host.records().settle(plan))
  }

  #tellWritten(ticket: number, written: Written): void {
    const { name: document } = this
    switch (written.is) {
      case 'stored': {
        const { sequences, filed, head } = written.plan
        this.#plans.delete(ticket)
        this.#unanswered += sequences.length
        this.#written = Math.max(this.#written, ...sequences.map((sequence) => sequence ?? 0))
        this.#host.storeSaid(undefined)
        if (sequences.length > 0) this.#host.kept()
        this.#host.tell(document, { type: 'stored', ticket, sequences, filed, head })
        this.#host.tellTab({ type: 'committed', document, after: written.after, head })
        return
      }
      case 'failed':
        if (written.error !== undefined) this.#host.storeSaid(written.error)
        this.#host.tell(document, { type: 'storeFailed', ticket, outcome: written.outcome })
        return
      case 'fenced':
        this.#host.tellTab({ type: 'fenced' })
        return
      default:
        unreachable(written)
    }
  }

  #foldIfMany(): void {
    const isWorthWhile = isWorthFolding(this.#rowsToFold, this.#foldedBytes)
    if (isWorthWhile && !this.#isFolding && this.#host.leads()) void this.#fold()
  }

  /** Makes one row of many, in the background: it is planned on what the store holds, as every batch is. */
  async #fold(): Promise<void> {
    this.#isFolding = true
    const rowsMax = 2 * this.#rowsToFold + foldTailRows
    this.#rowsToFold = 0
    try {
      const records = this.#host.records()
      const { head, rows } = await records.foldable(this.name, rowsMax)
      const fold = foldOf(rows.map(({ sequence, row: { kind } }) => ({ sequence, kind })))
      if (fold === undefined || !this.#host.leads()) return
      const { through, removed } = fold
      const folded = new Set([...removed, through])
      const doc = docOf(updatesOf(rows.filter(({ sequence }) => folded.has(sequence))))
      const snapshot = Y.encodeStateAsUpdate(doc)
      doc.destroy()
      this.#foldedBytes = snapshot.length
      await records.write(this.name, [
        { type: 'fold', generation: head.generation, through, removed, snapshot },
      ])
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#host.storeSaid(error)
    } finally {
      this.#isFolding = false
    }
  }

  // The Y.Doc.

  #take({ head, place, rows }: Loaded): undefined {
    if (this.#isForgotten) return
    const { name: document } = this
    const live = this.#live
    const isFirst = live.made === undefined
    const made = live.made ?? { epoch: head.epoch, generation: head.generation }
    if (isFirst) {
      live.apply(updatesOf(rows))
      live.made = made
      const firstPending = rows.findIndex(isPending)
      this.#rowsToFold = firstPending === -1 ? rows.length : firstPending
      this.#foldedBytes = rows.find(({ row: { kind } }) => kind === rowKind.snapshot)?.row.update.length ?? 0
      this.#host.tellTab({ type: 'documentLoaded', document, head })
    }
    const pending = rows.filter(isPending).map(({ sequence, row }) => ({
      sequence,
      counter: row.counter,
      kind: row.entry,
      update: row.update,
    }))
    this.#unanswered = pending.length
    const filed = this.#host.filed(document)
    const leads = this.#host.leads()
    this.#host.tell(document, { type: 'loaded', leads, head, place, pending, filed })
    this.#foldIfMany()
    if (!isFirst) return
    for (const update of this.#early.splice(0)) this.#host.tell(document, { type: 'edited', update, made })
    this.showStatus()
    this.#tellLoaded()
  }

  #performForDoc(effect: DocEffect): Promise<void> | undefined {
    switch (effect.type) {
      case 'applyToDoc':
        this.#live.apply(effect.updates)
        return undefined
      case 'rebuildDoc':
        return this.#rebuild()
      case 'makeStateVector':
        return this.#withConfirmed((doc) => {
          const stateVector = Y.encodeStateVector(doc)
          return { type: 'stateVectorMade', request: effect.request, stateVector }
        })
      case 'makeDifference':
        return this.#withConfirmed((doc) => {
          const update = Y.encodeStateAsUpdate(doc, effect.stateVector)
          return { type: 'differenceMade', request: effect.request, update }
        })
      case 'makeDigest':
        return this.#withConfirmed((doc) => {
          return { type: 'digestMade', request: effect.request, digest: digestOf(doc) }
        })
      default:
        return unreachable(effect)
    }
  }

  /** What the relay is known to have: neither pending nor kept. */
  async #withConfirmed(inputFrom: (doc: Y.Doc) => OwnInput): Promise<void> {
    const loaded = await this.#read(() => this.#host.records().load(this.name))
    if (loaded === undefined) return
    const confirmed = loaded.rows.filter(
      ({ row: { kind } }) => kind === rowKind.confirmed || kind === rowKind.snapshot,
    )
    const doc = docOf(updatesOf(confirmed))
    this.#host.tell(this.name, inputFrom(doc))
    doc.destroy()
  }

  async #rebuild(): Promise<void> {
    // Which edit was refused is told before its words go. [R1]
    await this.#read(() => this.#host.readInbox())
    const loaded = await this.#read(() => this.#host.records().load(this.name))
    if (loaded === undefined) return
    const { epoch, generation } = loaded.head
    const before = this.#live
    const presence = before.awareness.getLocalState()
    // Said while it still is to be heard: others would see two of this person until the old one expires. [P1]
    before.awareness.setLocalState(null)
    this.#live = this.#madeLive({ epoch, generation }, loaded.rows)
    this.#live.awareness.setLocalState(presence)
    this.hear(othersPresence(before.awareness))
    before.awareness.destroy()
    for (const listener of this.#rebuilt) listener(this.#live.doc)
  }

  #madeLive(made: Made | undefined, rows: readonly NumberedRow[]): LiveDoc {
    return new LiveDoc(this.name, made, updatesOf(rows), {
      updated: (live, update, isDerived) => this.#updated(live, update, isDerived),
      presenceChanged: (live) => {
        if (live === this.#live && this.#isKept) this.sayPresence()
      },
    })
  }

  #updated({ made }: LiveDoc, update: Uint8Array, isDerived: boolean): void {
    if (!this.#isKept) return
    if (made !== undefined) {
      this.#host.tell(this.name, { type: isDerived ? 'derived' : 'edited', update, made })
    } else if (!isDerived) {
      this.#early.push(update)
      this.showStatus()
    }
  }
}

function isLinked({ phase }: DocumentStatus): boolean {
  return phase === 'catchingUp' || phase === 'live'
}

function isPending({ row: { kind } }: NumberedRow): boolean {
  return kind === rowKind.pending
}

/** Rows that a fold may take from now on. */
function answeredIn(change: Change): number {
  if (change.type === 'acknowledge') return change.entries.length
  return 'updates' in change ? change.updates.length : 0
}

function updatesOf(rows: readonly NumberedRow[]): Uint8Array[] {
  return rows.map(({ row }) => row.update)
}
