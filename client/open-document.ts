// open-document.ts — one document in this tab: its Y.Doc, its status, and what its machine asks for. Knows: Yjs, what a person
// typed and what Yjs derived. Must not know: sockets, other tabs, what the machine decides, how rows are written.
//
// Two lanes keep order. The store's is that of its rows. The Y.Doc's: what is applied waits behind a Y.Doc that is being
// made anew, and for nothing else.
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { digestOf } from '../shared/document-digest.ts'
import { entryKind } from '../shared/message.ts'
import type { PresenceEntry } from '../shared/message.ts'
import type { Made, NumberedRow } from '../shared/replica-batches.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import { isSameStatus } from '../shared/replica-status.ts'
import type { DocumentStatus } from '../shared/replica-status.ts'
import type { ShellDocumentEffect } from '../shared/replica-words.ts'
import { unreachable } from '../shared/unreachable.ts'
import type { DeviceStore } from './device-store.ts'
import { DocumentRows } from './document-rows.ts'
import type { RowsHost } from './document-rows.ts'
import { beginning, shownStatus } from './document-status.ts'
import type { LeaderWord } from './document-status.ts'
import type { Inbox } from './inbox.ts'
import { Lane } from './lane.ts'
import { docOf, LiveDoc } from './live-doc.ts'
import type { LiveEvents, Prepare } from './live-doc.ts'
import { Observed } from './observed.ts'
import { hearPresence, othersPresence, ownPresence, sayAgain } from './presence-words.ts'
import { isConfirmed, isPending, updatesOf } from './records.ts'
import type { Loaded } from './records.ts'

export type DocumentHost = RowsHost & {
  readonly store: Pick<DeviceStore, 'isDurable'>
  readonly inbox: Pick<Inbox, 'countOf' | 'read'>
  readonly tab: { readonly sayPresence: (document: string, entries: readonly PresenceEntry[]) => void }
  readonly statusChanged: (document: OpenDocument) => void
  readonly prepare: Prepare | undefined
}

type DocEffect = Exclude<ShellDocumentEffect, { readonly type: 'write' | 'settle' | 'tellStatus' }>

export class OpenDocument {
  readonly name: string
  readonly status: Observed<DocumentStatus> = new Observed(beginning)
  readonly loaded: Promise<void>
  /** Its machine has nothing left to do for it. */
  readonly forgotten: Promise<void>
  /** How often an application has it open. */
  openings = 0
  readonly #host: DocumentHost
  readonly #docLane = new Lane()
  readonly #rebuilt = new Set<(doc: Y.Doc) => void>()
  #tellLoaded: () => void = () => undefined
  #tellForgotten: () => void = () => undefined
  #rows: DocumentRows
  #live: LiveDoc
  #isKept = false
  #isForgotten = false
  /** Typed before the rows were there. */
  #early: Uint8Array[] = []
  #own: DocumentStatus = beginning
  #leader: LeaderWord | undefined
  #told = 0

  constructor(name: string, host: DocumentHost) {
    this.name = name
    this.#host = host
    this.loaded = new Promise((resolve) => {
      this.#tellLoaded = resolve
    })
    this.forgotten = new Promise((resolve) => {
      this.#tellForgotten = resolve
    })
    this.#rows = this.#newRows()
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
    do await this.#rows.settled()
    while (this.#own.inMemory > 0 && !this.#isForgotten)
    await this.#docLane.run(() => (isOtherReplica ? this.#rebuild() : undefined))
    const { rows } = await this.#host.store.records.load(this.name)
    this.#live.made = undefined
    const edits = rows.filter((row) => isPending(row) && row.row.entry === entryKind.edit)
    this.#early.unshift(...updatesOf(edits))
    this.#rows = this.#newRows()
    this.#own = beginning
    this.#told = 0
    this.showStatus()
  }

  // What the machine asks for.

  load(): void {
    this.#rows.load((loaded) => this.#docLane.run(() => this.#take(loaded)))
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
        return this.#rows.write(effect.ticket, effect.changes)
      case 'settle':
        return this.#rows.settle(effect.ticket)
      default:
        void this.#docLane.run(() => this.#performForDoc(effect))
    }
  }

  /** For the tab's machine: what other tabs wrote. */
  readRows(after: number): Promise<void> {
    return this.#rows.readAfter(after)
  }

  hear(entries: readonly PresenceEntry[]): void {
    hearPresence(this.#live.awareness, entries, this.#live)
  }

  sayPresence(): void {
    this.#host.tab.sayPresence(this.name, ownPresence(this.#live.awareness))
  }

  leaderSaid(word: LeaderWord | undefined): void {
    this.#leader = word
    this.showStatus()
  }

  /** As the status says it. */
  get isAnswered(): boolean {
    return this.status.current.inMemory === 0 && this.status.current.pending === 0
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
      written: this.#rows.written,
      unanswered: this.#rows.unanswered,
      isDurable: this.#host.store.isDurable,
      filed: this.#host.inbox.countOf(this.name),
    }
    const shown = shownStatus(sources)
    const before = this.status.current
    if (isSameStatus(shown, before)) return
    this.status.set(shown)
    this.#host.statusChanged(this)
    // On a new link nobody has heard yet who is here.
    if (isLinked(shown) && !isLinked(before) && this.#isKept) sayAgain(this.#live.awareness)
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
      this.#rows.folding.begin(rows)
      this.#host.tab.step({ type: 'documentLoaded', document, head })
    }
    const pending = this.#rows.pendingIn(rows).map(({ sequence, row }) => ({
      sequence,
      counter: row.counter,
      kind: row.entry,
      update: row.update,
    }))
    const filed = this.#host.inbox.countOf(document)
    const leads = this.#host.tab.leads
    this.#host.tell(document, { type: 'loaded', leads, head, place, pending, filed })
    this.#rows.folding.foldIfMany()
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

  async #withConfirmed(inputFrom: (doc: Y.Doc) => OwnInput): Promise<void> {
    const loaded = await this.#rows.read()
    if (loaded === undefined) return
    const doc = docOf(updatesOf(loaded.rows.filter(isConfirmed)))
    this.#host.tell(this.name, inputFrom(doc))
    doc.destroy()
  }

  async #rebuild(): Promise<void> {
    // Which edit was refused is told before its words go. [R1]
    await this.#rows.patiently(() => this.#host.inbox.read())
    const loaded = await this.#rows.read()
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

  #newRows(): DocumentRows {
    return new DocumentRows(this.name, this.#host, () => !this.#isForgotten)
  }

  #madeLive(made: Made | undefined, rows: readonly NumberedRow[]): LiveDoc {
    const events: LiveEvents = {
      updated: (live, update, isDerived) => this.#updated(live, update, isDerived),
      presenceChanged: (live) => {
        if (live === this.#live && this.#isKept) this.sayPresence()
      },
    }
    return new LiveDoc(this.name, made, updatesOf(rows), events, this.#host.prepare)
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
