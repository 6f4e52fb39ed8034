// tenant.ts — one tenant at the relay: the order of its commits, one at a time on the disk, and its open rooms.
// Knows: positions, branches, what waits for the disk and what is being written. Must not know: sockets, keys, what
// an update says. Here acks and deliveries get their only cause: `written`. [D1] [D2]
import { Backlog } from './backlog.ts'
import type { Change, Commit } from './commit.ts'
import { Commits } from './commits.ts'
import { documentStage, newDocument } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { equalBytes } from './equal-bytes.ts'
import { reasonFor } from './door.ts'
import { EarlyAsks } from './early-asks.ts'
import { EarlySize } from './early-size.ts'
import type { Intent } from './intents.ts'
import type { Joins } from './joins.ts'
import { earlyInputBytesMax, earlyInputsMax } from './limits.ts'
import { closedCode } from './message.ts'
import type { DocumentClass, Overload } from './overload.ts'
import { RetiredHistories } from './retired-histories.ts'
import { Room } from './room.ts'
import type { Joining, RoomEffect, RoomInput } from './room-words.ts'
import { Branches, Seals } from './seals.ts'
import { meanings } from './tenant-words.ts'
import type { Asked, History, TenantEffect, TenantInput, TenantPhase } from './tenant-words.ts'
import { unreachable } from './unreachable.ts'
import { WorkspaceCursors } from './workspace-cursor.ts'
import { Workspace } from './workspace.ts'
import type { WorkspaceEffect } from './workspace.ts'

export type TenantOptions = {
  readonly name: string
  /** What seals are made with. */
  readonly key: Uint8Array
  /** Gives numbers to rooms, different ones within the relay's process. */
  readonly nextRoom: () => number
  readonly isJudged: (document: string) => boolean
  readonly documentBytesMax: number
  readonly classOf: (document: string) => DocumentClass
  /** Of the whole relay. */
  readonly overload: Overload
  readonly joins: Joins
}

type OpenDocument = {
  readonly room: Room
  state: DocumentState
  /** Of the room: the record has another one from the commit on that replaced the document. */
  epoch: Uint8Array
  isRead: boolean
  wakesAt: number
}

export class Tenant {
  readonly #options: TenantOptions
  #phase: TenantPhase = 'reading'
  #earlyAsks = new EarlyAsks()
  readonly #earlySize = new EarlySize({ countMax: earlyInputsMax, bytesMax: earlyInputBytesMax })
  readonly #branches = new Branches([], () => this.#head)
  /** The last position that is durable. */
  #head = 0
  readonly #backlog = new Backlog()
  readonly #commits = new Commits(this.#backlog, (effect) => this.#emit(effect))
  readonly #documents = new Map<string, OpenDocument>()
  /** One at a time for each document: the next one is of the history that this one begins. */
  readonly #replacements = new Map<string, readonly Asked[]>()
  readonly #retired = new RetiredHistories()
  readonly #workspace: Workspace
  #cleanUps: readonly History[] = []
  #effects: TenantEffect[] = []

  constructor(options: TenantOptions) {
    this.#options = options
    const { key, name } = options
    const cursors = new WorkspaceCursors(key, name, () => this.#branches)
    const emit = (effect: WorkspaceEffect) =>
      this.#emit(effect.type === 'wakeAt' ? effect : { type: 'workspace', effect })
    this.#workspace = new Workspace(cursors, () => this.#head, emit)
  }

  get phase(): TenantPhase {
    return this.#phase
  }

  get head(): number {
    return this.#head
  }

  /** Something waits, and the disk is free: the end of the turn is worth telling. */
  get hasToWrite(): boolean {
    return this.#commits.hasToWrite
  }

  /** Writes of rooms that wait for the commit before them. */
  get waiting(): number {
    return this.#commits.waitingCount
  }

  /** With what is being written, and with whoever waits for an answer. */
  get waitingBytes(): number {
    return this.#backlog.bytes
  }

  get openDocuments(): number {
    return this.#documents.size
  }

  get isFolding(): boolean {
    for (const { room } of this.#documents.values()) if (room.isFolding) return true
    return false
  }

  step(input: TenantInput, now: number): readonly TenantEffect[] {
    this.#effects = []
    switch (meanings[this.#phase][input.type]) {
      case 'take':
        this.#take(input, now)
        break
      case 'keep':
        if (input.type === 'workspace') this.#earlyAsks.keep(input.input)
        break
      case 'pass':
        break
      case 'fault':
        throw new Error(`A tenant that is ${this.#phase} was told «${input.type}».`)
    }
    const hold = this.#backlog.turned()
    if (hold !== undefined) this.#emit({ type: 'holdSockets', hold })
    return this.#effects
  }

  #take(input: TenantInput, now: number): void {
    switch (input.type) {
      case 'storeRead':
        return this.#storeRead(input)
      case 'happened':
        return this.#happened(input.document, input.input, now)
      case 'performed':
        return this.#performed(input, now)
      case 'documentRead':
        return this.#documentRead(input.document, input.loaded, now)
      case 'workspace':
        return this.#workspace.take(input.input, now)
      case 'replaceAsked':
        return this.#replace(input, now)
      case 'turnEnded':
        return this.#commits.write(this.#head, (document) => this.#open(document).state)
      case 'written':
        return this.#written(now)
      case 'writeFailed':
        return this.#commits.failed(now)
      case 'woken':
        return this.#woken(now)
      default:
        return unreachable(input)
    }
  }

  // The log.

  #storeRead({ head, branches, minted, cleanUps }: TenantInput & { type: 'storeRead' }): void {
    this.#head = head
    this.#cleanUps = cleanUps
    const branch = { id: minted, first: head + 1 }
    this.#branches.read([...branches, branch])
    this.#phase = 'branching'
    this.#commits.writeBranch(head, branch)
  }

  #written(now: number): void {
    const { commit, intents } = this.#commits.written()
    this.#head = commit.head
    for (const { document, state } of commit.documents) this.#open(document).state = state
    if (commit.branch !== undefined) this.#opened(now)
    this.#tellRooms(commit, intents, now)
    for (const intent of intents) if (intent.is === 'replace') this.#retire(intent, intents, now)
    this.#tellOfChanges(commit, now)
  }

  #opened(now: number): void {
    this.#phase = 'open'
    this.#workspace.opened()
    for (const history of this.#cleanUps) this.#emit({ type: 'cleanUp', ...history })
    this.#cleanUps = []
    for (const document of this.#documents.keys()) this.#emit({ type: 'readDocument', document })
    for (const input of this.#earlyAsks.all) this.#workspace.take(input, now)
    this.#earlyAsks = new EarlyAsks()
  }

  #tellRooms(commit: Commit, intents: readonly Intent[], now: number): void {
    const durable = new Map<string, { positions: number[]; answers: number }>()
    for (const { document } of intents)
      if (!durable.has(document)) durable.set(document, { positions: [], answers: 0 })
    for (const { document, position } of commit.rows) durable.get(document)?.positions.push(position)
    for (const { document } of commit.keep) {
      const kept = durable.get(document)
      if (kept !== undefined) kept.answers += 1
    }
    for (const [document, { positions, answers }] of durable)
      this.#step(document, { type: 'committed', positions, answers }, now)
    for (const intent of intents) {
      if (intent.is !== 'fold') continue
      const { document, through, servedFrom } = intent
      // Of a history that this very commit ended, nothing is left to be folded.
      if (!equalBytes(intent.epoch, this.#open(document).state.epoch)) continue
      this.#step(document, { type: 'foldValid', through, servedFrom }, now)
    }
  }

  #tellOfChanges({ documents }: Commit, now: number): void {
    const changes: Change[] = []
    for (const { document, state, lastWas } of documents) {
      const { epoch, last, stage } = state
      if (last !== lastWas) changes.push({ document, epoch, position: last, stage })
    }
    if (changes.length > 0) this.#workspace.committed(changes, now)
  }

  #woken(now: number): void {
    this.#commits.woken(now)
    for (const [document, { wakesAt }] of this.#documents) {
      if (wakesAt <= now) this.#step(document, { type: 'woken' }, now)
    }
    this.#workspace.take({ type: 'woken' }, now)
  }

  // Rooms.

  #happened(document: string, input: RoomInput, now: number): void {
    if (input.type === 'joined' && !this.#isLetIn(document, input, now)) return
    if (input.type === 'left') this.#options.joins.ended(input.link)
    // It is said again when there is time for it, and expires where there is none for long.
    if (input.type === 'presenceSaid' && this.#isShed(document)) return
    if (!this.#documents.has(document)) {
      // What comes late from a socket that is gone opens nothing.
      if (input.type !== 'joined') return
      this.#openRoom(document)
    }
    this.#step(document, input, now)
  }

  #isLetIn(document: string, joining: Joining, now: number): boolean {
    const { classOf, joins } = this.#options
    const afterMs = joins.ask(joining, classOf(document), now)
    if (afterMs === undefined) return true
    const code = closedCode.notNow
    const effect = { type: 'close', link: joining.link, code, reason: reasonFor(code), afterMs } as const
    this.#emit({ type: 'perform', document, epoch: newDocument.epoch, effect })
    return false
  }

  #isShed(document: string): boolean {
    const { overload, classOf } = this.#options
    return overload.mode !== 'normal' && overload.isShed(classOf(document))
  }

  #openRoom(document: string): void {
    const room = new Room({
      room: this.#options.nextRoom(),
      seals: new Seals(this.#options.key, this.#options.name, document, this.#branches),
      isJudged: this.#options.isJudged(document),
      documentBytesMax: this.#options.documentBytesMax,
      earlySize: this.#earlySize,
      backlog: this.#backlog,
    })
    const { epoch } = newDocument
    const wakesAt = Number.POSITIVE_INFINITY
    this.#documents.set(document, { room, state: newDocument, epoch, isRead: false, wakesAt })
    if (this.#phase === 'open') this.#emit({ type: 'readDocument', document })
  }

  #documentRead(document: string, loaded: RoomInput & { type: 'loaded' }, now: number): void {
    const open = this.#open(document)
    open.state = loaded.document
    open.epoch = loaded.document.epoch
    open.isRead = true
    this.#step(document, loaded, now)
    if (this.#replacements.has(document)) this.#beginReplacing(document, now)
  }

  /** What was asked of a history that is no more comes to nothing. [E1] */
  #performed({ document, epoch, input }: TenantInput & { type: 'performed' }, now: number): void {
    const open = this.#documents.get(document)
    if (open?.isRead === true && equalBytes(open.epoch, epoch)) return this.#step(document, input, now)
    // Which history is being read is not known yet: of a room before it, only that what is read may be worth nothing.
    if (open?.isRead === false && input.type === 'damaged') return this.#step(document, input, now)
    const isEndOfFold = input.type === 'foldMade' || input.type === 'foldEnded'
    if (isEndOfFold && this.#retired.foldEnded(document, epoch))
      this.#emit({ type: 'cleanUp', document, epoch })
    return undefined
  }

  // Replacing and purging.

  #replace(asked: Asked, now: number): void {
    const { document } = asked
    const before = this.#replacements.get(document) ?? []
    this.#replacements.set(document, [...before, asked])
    if (!this.#documents.has(document)) this.#openRoom(document)
    else if (before.length === 0 && this.#open(document).isRead) this.#beginReplacing(document, now)
  }

  /** From here on nothing enters its log; what is on its way to the disk is acknowledged still. */
  #beginReplacing(document: string, now: number): void {
    const [asked] = this.#replacements.get(document) ?? []
    if (asked === undefined) return
    this.#step(document, { type: 'ending' }, now)
    const { by } = asked
    this.#commits.add({ document, epoch: this.#open(document).epoch, is: 'replace', by })
  }

  /** Its links come back, and meet the new history. */
  #retire(
    { document, epoch, by }: Intent & { is: 'replace' },
    intents: readonly Intent[],
    now: number,
  ): void {
    const { room } = this.#open(document)
    const code = by.stage === documentStage.live ? closedCode.replaced : closedCode.gone
    this.#step(document, { type: 'ended', code }, now)
    this.#documents.delete(document)
    this.#emit({ type: 'forgetDocument', document })
    const isOfIt = (intent: Intent) => intent.document === document && equalBytes(intent.epoch, epoch)
    // A fold that waits, or waited, to count will not: nobody writes its pieces any more.
    const isFoldMade = [...intents, ...this.#commits.waiting].some(
      (intent) => isOfIt(intent) && intent.is === 'fold',
    )
    this.#commits.drop(isOfIt)
    if (this.#retired.retire(document, epoch, room.isFolding && !isFoldMade))
      this.#emit({ type: 'cleanUp', document, epoch })
    const [done, ...rest] = this.#replacements.get(document) ?? []
    if (done !== undefined) this.#emit({ type: 'replaced', request: done.request })
    if (rest.length === 0) this.#replacements.delete(document)
    else {
      this.#replacements.set(document, rest)
      this.#openRoom(document)
    }
  }

  #open(document: string): OpenDocument {
    const open = this.#documents.get(document)
    if (open === undefined) throw new Error('A room was closed with work to do.')
    return open
  }

  #step(document: string, input: RoomInput, now: number): void {
    const open = this.#documents.get(document)
    if (open === undefined) return
    if (input.type === 'woken') open.wakesAt = Number.POSITIVE_INFINITY
    for (const effect of open.room.step(input, now)) this.#perform(document, open, effect)
    this.#closeIfIdle(document, open)
  }

  #closeIfIdle(document: string, { room, isRead }: OpenDocument): void {
    if (!room.isIdle || this.#replacements.has(document)) return
    const isBeingRead = !isRead && this.#phase === 'open'
    if (isBeingRead) return
    // Its answers and folds may still wait for the disk.
    if (this.#commits.has((intent) => intent.document === document)) return
    this.#documents.delete(document)
    this.#emit({ type: 'forgetDocument', document })
  }

  #perform(document: string, open: OpenDocument, effect: RoomEffect): void {
    const { epoch } = open
    switch (effect.type) {
      case 'append':
        return this.#commits.add({ document, epoch, is: 'append', effect })
      case 'keepAnswer':
        return this.#commits.add({ document, epoch, is: 'keep', answer: effect.answer })
      case 'forgetAnswers':
        return this.#commits.add({ document, epoch, is: 'forget', ids: effect.ids })
      case 'validateFold': {
        const { through, servedFrom, claims } = effect
        return this.#commits.add({ document, epoch, is: 'fold', through, servedFrom, claims })
      }
      case 'wakeAt':
        open.wakesAt = Math.min(open.wakesAt, effect.time)
        return this.#emit(effect)
      case 'tell':
        this.#options.joins.told(effect.link, effect.message)
        return this.#emit({ type: 'perform', document, epoch, effect })
      default:
        return this.#emit({ type: 'perform', document, epoch, effect })
    }
  }

  #emit(effect: TenantEffect): void {
    this.#effects.push(effect)
  }
}
