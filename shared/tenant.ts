// tenant.ts — one tenant at the relay: the order of its commits, one at a time on the disk, and its open rooms.
// Knows: positions, branches, what waits for the disk and what is being written. Must not know: sockets, keys, what
// an update says. Here acks and deliveries get their only cause: `written`. [D1] [D2]
import type { Commit, CommittedRow } from './commit.ts'
import { waitingBytesMax, writeRetryMs } from './limits.ts'
import { Room } from './room.ts'
import type { DocumentState, KeptAnswer, PushId, RoomEffect, RoomInput } from './room-words.ts'
import { Branches, Seals } from './seals.ts'
import type { Branch } from './seals.ts'
import { unreachable } from './unreachable.ts'

export type TenantInput =
  /** The store was read: where the log stands, and the branch that this opening minted. */
  | {
      readonly type: 'storeRead'
      readonly head: number
      readonly branches: readonly Branch[]
      readonly minted: Uint8Array
    }
  | { readonly type: 'happened'; readonly document: string; readonly input: RoomInput }
  | {
      readonly type: 'documentRead'
      readonly document: string
      readonly loaded: RoomInput & { readonly type: 'loaded' }
    }
  /** Nothing more comes in this turn: what waits is one batch. */
  | { readonly type: 'turnEnded' }
  | { readonly type: 'written' }
  | { readonly type: 'writeFailed' }
  | { readonly type: 'woken' }

export type TenantEffect =
  | { readonly type: 'write'; readonly commit: Commit }
  | { readonly type: 'readDocument'; readonly document: string }
  /** Nobody is in its room any more. */
  | { readonly type: 'forgetDocument'; readonly document: string }
  | { readonly type: 'perform'; readonly document: string; readonly effect: RoomEffect }
  /** Stop reading from sockets, or go on: too much waits for the disk. [B1] */
  | { readonly type: 'holdSockets'; readonly hold: boolean }
  /** Whether acks can be given: the disk writes. */
  | { readonly type: 'sayReady'; readonly ready: boolean }
  | { readonly type: 'wakeAt'; readonly time: number }

export type TenantOptions = {
  readonly name: string
  /** What seals are made with. */
  readonly key: Uint8Array
  /** Gives numbers to rooms, different ones within the relay's process. */
  readonly nextRoom: () => number
  readonly isJudged: (document: string) => boolean
}

type OpenDocument = { readonly room: Room; state: DocumentState; wakesAt: number }

/** A write of a room that waits for the disk, in the order in which rooms asked. */
type Intent = { readonly document: string } & (
  | { readonly is: 'append'; readonly effect: RoomEffect & { readonly type: 'append' } }
  | { readonly is: 'keep'; readonly answer: KeptAnswer }
  | { readonly is: 'forget'; readonly ids: readonly PushId[] }
  | { readonly is: 'fold'; readonly through: number; readonly servedFrom: number }
)

type Disk =
  | { readonly is: 'idle' }
  | { readonly is: 'writing'; readonly commit: Commit; readonly intents: readonly Intent[] }
  | {
      readonly is: 'refusing'
      readonly commit: Commit
      readonly intents: readonly Intent[]
      readonly retryAt: number
    }

const firstEpoch = new Uint8Array(16)

export class Tenant {
  readonly #options: TenantOptions
  #early: TenantInput[] | undefined = []
  #branches = new Branches([], () => this.#head)
  /** The last position that is durable. */
  #head = 0
  #disk: Disk = { is: 'idle' }
  #waiting: Intent[] = []
  #waitingBytes = 0
  #holdsSockets = false
  readonly #documents = new Map<string, OpenDocument>()
  #effects: TenantEffect[] = []

  constructor(options: TenantOptions) {
    this.#options = options
  }

  get head(): number {
    return this.#head
  }

  /** Something waits, and the disk is free: the end of the turn is worth telling. */
  get hasToWrite(): boolean {
    return this.#waiting.length > 0 && this.#disk.is === 'idle'
  }

  epochOf(document: string): Uint8Array {
    return this.#documents.get(document)?.state.epoch ?? firstEpoch
  }

  get openDocuments(): number {
    return this.#documents.size
  }

  step(input: TenantInput, now: number): readonly TenantEffect[] {
    this.#effects = []
    if (this.#early === undefined || input.type === 'storeRead') this.#take(input, now)
    else if (input.type === 'written' || input.type === 'writeFailed' || input.type === 'woken')
      this.#take(input, now)
    else this.#early.push(input)
    return this.#effects
  }

  #take(input: TenantInput, now: number): void {
    switch (input.type) {
      case 'storeRead':
        return this.#storeRead(input)
      case 'happened':
        return this.#happened(input.document, input.input, now)
      case 'documentRead':
        return this.#documentRead(input.document, input.loaded, now)
      case 'turnEnded':
        return this.#writeWhatWaits()
      case 'written':
        return this.#written(now)
      case 'writeFailed':
        return this.#writeFailed(now)
      case 'woken':
        return this.#woken(now)
      default:
        return unreachable(input)
    }
  }

  // The log.

  /** No cursor is given before its branch is on the disk: after a crash it would be nobody's. */
  #storeRead({ head, branches, minted }: TenantInput & { type: 'storeRead' }): void {
    this.#head = head
    const branch = { id: minted, first: head + 1 }
    this.#branches = new Branches([...branches, branch], () => this.#head)
    this.#write({ headWas: head, head, branch, rows: [], documents: [], keep: [], forget: [] }, [])
  }

  #writeWhatWaits(): void {
    if (this.#disk.is !== 'idle' || this.#waiting.length === 0) return
    const intents = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    this.#write(this.#commitOf(intents), intents)
  }

  #write(commit: Commit, intents: readonly Intent[]): void {
    this.#disk = { is: 'writing', commit, intents }
    this.#emit({ type: 'write', commit })
  }

  #commitOf(intents: readonly Intent[]): Commit {
    const rows: CommittedRow[] = []
    const before = new Map<string, DocumentState>()
    const after = new Map<string, DocumentState>()
    const keep: Commit['keep'][number][] = []
    const forget: Commit['forget'][number][] = []
    let head = this.#head
    for (const intent of intents) {
      const { document } = intent
      const state = after.get(document) ?? this.#open(document).state
      before.set(document, before.get(document) ?? state)
      const { epoch } = state
      switch (intent.is) {
        case 'append': {
          const { update, kind, author } = intent.effect
          head++
          rows.push({ document, epoch, position: head, previous: state.last, kind, author, update })
          after.set(document, { ...state, last: head })
          break
        }
        case 'fold':
          after.set(document, { ...state, foldedThrough: intent.through, servedFrom: intent.servedFrom })
          break
        case 'keep':
          keep.push({ document, epoch, answer: intent.answer })
          break
        case 'forget':
          for (const id of intent.ids) forget.push({ document, epoch, id })
          break
        default:
          unreachable(intent)
      }
    }
    const documents = [...after].map(([document, state]) => {
      return { document, state, lastWas: before.get(document)?.last ?? 0 }
    })
    return { headWas: this.#head, head, branch: undefined, rows, documents, keep, forget }
  }

  #written(now: number): void {
    if (this.#disk.is === 'idle') throw new Error('Something was written that was not asked for.')
    const { commit, intents } = this.#disk
    if (this.#disk.is === 'refusing') this.#emit({ type: 'sayReady', ready: true })
    this.#disk = { is: 'idle' }
    this.#head = commit.head
    for (const { document, state } of commit.documents) this.#open(document).state = state
    if (commit.branch !== undefined) this.#opened(now)
    this.#tellRooms(commit, intents, now)
    this.#letGoOfSockets()
    this.#writeWhatWaits()
  }

  #opened(now: number): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const input of early) this.#take(input, now)
  }

  #tellRooms(commit: Commit, intents: readonly Intent[], now: number): void {
    const positions = new Map<string, number[]>()
    for (const { document, position } of commit.rows) {
      const before = positions.get(document)
      if (before === undefined) positions.set(document, [position])
      else before.push(position)
    }
    const answers = new Map<string, number>()
    for (const { document } of commit.keep) answers.set(document, (answers.get(document) ?? 0) + 1)
    for (const document of new Set(intents.map((intent) => intent.document))) {
      const durable = { positions: positions.get(document) ?? [], answers: answers.get(document) ?? 0 }
      this.#step(document, { type: 'committed', ...durable }, now)
    }
    for (const intent of intents) {
      if (intent.is !== 'fold') continue
      const { document, through, servedFrom } = intent
      this.#step(document, { type: 'foldValid', through, servedFrom }, now)
    }
  }

  /** Nothing was promised, so nothing is taken back: the same batch is tried until the disk takes it. */
  #writeFailed(now: number): void {
    if (this.#disk.is === 'idle') throw new Error('A write failed that was not asked for.')
    if (this.#disk.is === 'writing') this.#emit({ type: 'sayReady', ready: false })
    const { commit, intents } = this.#disk
    const retryAt = now + writeRetryMs
    this.#disk = { is: 'refusing', commit, intents, retryAt }
    this.#emit({ type: 'wakeAt', time: retryAt })
  }

  #woken(now: number): void {
    if (this.#disk.is === 'refusing' && this.#disk.retryAt <= now) {
      this.#disk = { ...this.#disk, retryAt: Number.POSITIVE_INFINITY }
      this.#emit({ type: 'write', commit: this.#disk.commit })
    }
    for (const [document, { wakesAt }] of this.#documents) {
      if (wakesAt <= now) this.#step(document, { type: 'woken' }, now)
    }
  }

  // Rooms.

  #happened(document: string, input: RoomInput, now: number): void {
    if (!this.#documents.has(document)) {
      // What comes late from a socket that is gone opens nothing.
      if (input.type !== 'joined') return
      this.#openRoom(document)
    }
    this.#step(document, input, now)
  }

  #openRoom(document: string): void {
    const room = new Room({
      room: this.#options.nextRoom(),
      seals: new Seals(this.#options.key, this.#options.name, document, this.#branches),
      isJudged: this.#options.isJudged(document),
    })
    const state = { epoch: firstEpoch, servedFrom: 0, foldedThrough: 0, last: 0 }
    this.#documents.set(document, { room, state, wakesAt: Number.POSITIVE_INFINITY })
    this.#emit({ type: 'readDocument', document })
  }

  #documentRead(document: string, loaded: RoomInput & { type: 'loaded' }, now: number): void {
    this.#open(document).state = loaded.document
    this.#step(document, loaded, now)
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

  #closeIfIdle(document: string, { room }: OpenDocument): void {
    // Its answers and folds may still wait for the disk.
    const isAwaited = this.#waiting.some((intent) => intent.document === document)
    if (!room.isIdle || isAwaited || this.#isWriting(document)) return
    this.#documents.delete(document)
    this.#emit({ type: 'forgetDocument', document })
  }

  #isWriting(document: string): boolean {
    return this.#disk.is !== 'idle' && this.#disk.intents.some((intent) => intent.document === document)
  }

  #perform(document: string, open: OpenDocument, effect: RoomEffect): void {
    switch (effect.type) {
      case 'append':
        this.#waitingBytes += effect.update.length
        this.#waiting.push({ document, is: 'append', effect })
        return this.#holdSockets()
      case 'keepAnswer':
        this.#waiting.push({ document, is: 'keep', answer: effect.answer })
        return undefined
      case 'forgetAnswers':
        this.#waiting.push({ document, is: 'forget', ids: effect.ids })
        return undefined
      case 'validateFold':
        this.#waiting.push({ document, is: 'fold', through: effect.through, servedFrom: effect.servedFrom })
        return undefined
      case 'wakeAt':
        open.wakesAt = Math.min(open.wakesAt, effect.time)
        return this.#emit(effect)
      default:
        return this.#emit({ type: 'perform', document, effect })
    }
  }

  #holdSockets(): void {
    if (this.#holdsSockets || this.#waitingBytes <= waitingBytesMax) return
    this.#holdsSockets = true
    this.#emit({ type: 'holdSockets', hold: true })
  }

  #letGoOfSockets(): void {
    if (!this.#holdsSockets || this.#waitingBytes > waitingBytesMax) return
    this.#holdsSockets = false
    this.#emit({ type: 'holdSockets', hold: false })
  }

  #emit(effect: TenantEffect): void {
    this.#effects.push(effect)
  }
}
