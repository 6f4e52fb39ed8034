// relay-host.ts — performs what the relay's machines ask for, and tells them what came of it: tenants on one store,
// with a Y.Doc where one is needed. Knows: the tenants' machines, the store's records, which link is on which
// connection. Must not know: real sockets, HTTP, clocks, timers; the simulator runs this very file.
import { largestDocumentMax, readRetryMs, sizesFor } from '../shared/limits.ts'
import type { Sizes } from '../shared/limits.ts'
import { documentStage } from '../shared/document-state.ts'
import type { Replacement } from '../shared/intents.ts'
import type { HistoryPlace } from '../shared/record-keys.ts'
import { Joins } from '../shared/joins.ts'
import { Overload } from '../shared/overload.ts'
import type { DocumentClass, OverloadMode } from '../shared/overload.ts'
import { RelayStore } from '../shared/relay-store.ts'
import type { LinkId, RoomEffect, RoomInput } from '../shared/room-words.ts'
import type { Store, WriteDurability } from '../shared/store.ts'
import { Tenant } from '../shared/tenant.ts'
import type { TenantEffect, TenantInput } from '../shared/tenant.ts'
import { piecesOfWhole } from '../shared/whole-update.ts'
import type { WorkspaceEffect, WorkspaceInput } from '../shared/workspace.ts'
import { Connections } from './connections.ts'
import { isDamage, noticeOfDamage } from './damage-notice.ts'
import type { ConnectionHost, GrantOf, HostConnection, HostSocket } from './host-connection.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import { DocumentReading } from './document-reading.ts'
import { LogPages } from './log-pages.ts'
import { LogViews } from './log-views.ts'
import { Meters } from './meters.ts'
import type { Notice, NoticeCode, Report } from './notice.ts'
import { Replacements } from './replacements.ts'
import { RoomWork } from './room-work.ts'
import type { LinkWork } from './room-work.ts'
import { WorkError } from './workshop.ts'
import type { Workshop } from './workshop.ts'

export type HostOptions = {
  readonly store: Store
  /** Where Y.Docs are worked on; closed with the relay. */
  readonly workshop: Workshop
  readonly durability: WriteDurability
  readonly now: () => number
  /** 16 random bytes. */
  readonly randomId: () => Uint8Array
  readonly wakeAt: (time: number) => void
  /** Calls back when it is time to write: what came until then is one batch. */
  readonly turnEnds: (then: () => void) => void
  readonly soon: (ms: number, then: () => void) => void
  readonly grantOf: GrantOf
  readonly report: Report
  /** How much a document matters when there is too much to do; without it all are `normal`. */
  readonly classOf?: ((tenant: string, document: string) => DocumentClass) | undefined
  /** Seconds, finer than `now`: what a commit takes is less than a millisecond on a good disk. */
  readonly stopwatch?: () => number
  /** Something of this tenant became durable. */
  readonly committed?: (tenant: string) => void
  /** Where it counts, if somebody looks. */
  readonly meters?: Meters
  /** How large documents and edits may be. */
  readonly sizes?: Sizes
}

/** A stop is not held up by a disk that refuses again and again. */
const closingRoundsMax = 3

type OpenTenant = {
  readonly name: string
  readonly machine: Tenant
  isTurnEnding: boolean
  /** By the stopwatch: since when a commit waits for the disk, however often it was tried. */
  writesSince: number | undefined
  isRefused: boolean
  /** What it knows may be of a store that is no more. */
  isOver: boolean
}

const noticeCodeOf = {
  digestDiffered: 'digest-differed',
  heldBackForgotten: 'held-back-forgotten',
  answerForgotten: 'answer-forgotten',
} as const satisfies Record<(RoomEffect & { readonly type: 'notice' })['what'], NoticeCode>

export type HostState = {
  readonly tenants: number
  readonly openDocuments: number
  readonly stockLinks: number
  readonly nativeLinks: number
  /** Appends that wait for the commit before them. */
  readonly waitingAppends: number
  readonly waitingBytes: number
  /** For how long the oldest commit has been waiting for the disk. */
  readonly lagSeconds: number
  /** The disk refused, and has not written since. */
  readonly isRefused: boolean
  readonly isAllCommitted: boolean
  readonly mode: OverloadMode
}

export class RelayHost {
  readonly meters: Meters
  /** What can be asked without opening a room. */
  readonly reading: DocumentReading
  readonly #options: HostOptions
  readonly #store: RelayStore
  readonly #key: Uint8Array
  readonly #sizes: Sizes
  readonly #pages: LogPages
  readonly #views: LogViews
  readonly #tenants = new Map<string, OpenTenant>()
  readonly #work: RoomWork
  readonly #connections: Connections
  #toRetry: { readonly at: number; readonly work: () => void }[] = []
  #lastRoom = 0
  readonly #writes = new Set<Promise<unknown>>()
  readonly #replacements = new Replacements()
  readonly #overload = new Overload()
  readonly #joins: Joins
  /** Since the last sample. */
  #slowestCommitSeconds = 0
  #isClosed = false

  private constructor(options: HostOptions, store: RelayStore, key: Uint8Array) {
    this.#options = options
    this.meters = options.meters ?? new Meters()
    this.#sizes = options.sizes ?? sizesFor(largestDocumentMax)
    this.#store = store
    this.#key = key
    this.#joins = new Joins(this.#overload, options.now())
    this.#pages = new LogPages(store)
    this.#views = new LogViews({
      store,
      workshop: options.workshop,
      reportUnusable: ({ tenant, document }, { label, update }) =>
        this.#fail({ code: 'update-unusable', tenant, document, facts: { label, bytes: update.length } }),
      reportGivenUp: ({ tenant, document }, cause) =>
        this.#fail({ code: 'document-given-up', tenant, document, cause }),
    })
    this.reading = new DocumentReading(store, this.#views)
    this.#work = new RoomWork(store, this.#pages, this.#views, this.meters)
    this.#connections = new Connections({
      meters: this.meters,
      durability: options.durability,
      sizes: this.#sizes,
      host: {
        now: options.now,
        wakeAt: options.wakeAt,
        happened: (tenant, document, input) => this.#happened(tenant, document, input),
        workspace: (tenant, input) => this.#askWorkspace(this.#tenantNamed(tenant), input),
        mode: () => this.#overload.word,
        grantOf: options.grantOf,
        met: (trace, peerTrace) => options.report({ code: 'socket-met', trace, facts: { peerTrace } }),
        isItsOwn: (tenant, replica, secret) => store.isItsOwn(tenant, replica, secret),
        unsayable: (trace, cause) => this.#fail({ code: 'unsayable', trace, cause }),
      },
      recheckFailed: (cause) => this.#fail({ code: 'recheck-failed', cause }),
    })
  }

  static async open(options: HostOptions): Promise<RelayHost> {
    const store = new RelayStore(options.store, options.durability, (damage) =>
      options.report(noticeOfDamage(damage)),
    )
    const key = await store.open(() => joined(options.randomId(), options.randomId()))
    return new RelayHost(options, store, key)
  }

  connectNative(socket: HostSocket, headers: RequestHeaders = {}): HostConnection {
    return this.#connections.connectNative(socket, headers)
  }

  connectStock(socket: HostSocket, document: string, grant: LiveGrant): HostConnection {
    return this.#connections.connectStock(socket, document, grant)
  }

  woke(): void {
    const now = this.#options.now()
    const due = this.#toRetry.filter(({ at }) => at <= now)
    this.#toRetry = this.#toRetry.filter(({ at }) => at > now)
    for (const { work } of due) work()
    this.#connections.woke(now)
    for (const tenant of this.#tenants.values()) this.#step(tenant, { type: 'woken' })
  }

  /** The document begins anew, with this content or with none. Settles when that is durable. [E1] */
  async replace(tenant: string, document: string, update?: Uint8Array): Promise<void> {
    const pieces = update === undefined ? [] : piecesOfWhole(update)
    await this.#replace(tenant, document, { stage: documentStage.live, pieces })
    this.#options.report({ code: 'document-replaced', tenant, document })
  }

  /** Its content goes, and its name answers that it is gone, until it is replaced. Settles when that is durable. [E1] */
  async purge(tenant: string, document: string): Promise<void> {
    await this.#replace(tenant, document, { stage: documentStage.purged, pieces: [] })
    this.#options.report({ code: 'document-purged', tenant, document })
  }

  /** For questions that are asked without a socket. */
  get connectionHost(): ConnectionHost {
    return this.#connections.host
  }

  /** Once a second, with how late this process came to what it had to do: then it is known what has to be put off. */
  look(loopLagMs: number): void {
    const { waitingBytes, lagSeconds, isRefused } = this.state
    const commitMs = Math.max(this.#slowestCommitSeconds, lagSeconds) * 1000
    this.#slowestCommitSeconds = 0
    const links = this.#connections.linkCount
    if (!this.#overload.sampled({ loopLagMs, waitingBytes, commitMs, links, isRefused })) return
    const facts = { loopLagMs, waitingBytes, commitMs, links }
    const { mode } = this.#overload
    this.#fail({ code: mode === 'normal' ? 'load-normal' : 'load-high', facts: { mode, ...facts } })
    this.#connections.modeChanged()
    const isHeld = this.#overload.isShed('bulk')
    for (const tenant of this.#tenants.values()) this.#askWorkspace(tenant, { type: 'held', isHeld })
  }

  /** What each socket may do is looked at again. */
  recheck(): Promise<void> {
    return this.#connections.recheck()
  }

  get openDocuments(): number {
    let count = 0
    for (const { machine } of this.#tenants.values()) count += machine.openDocuments
    return count
  }

  /** What waits where, for whoever watches over the relay. */
  get state(): HostState {
    let waitingAppends = 0
    let waitingBytes = 0
    let oldest: number | undefined
    let isRefused = false
    for (const tenant of this.#tenants.values()) {
      waitingAppends += tenant.machine.waiting
      waitingBytes += tenant.machine.waitingBytes
      isRefused ||= tenant.isRefused
      if (tenant.writesSince !== undefined) oldest = Math.min(oldest ?? Infinity, tenant.writesSince)
    }
    const stockLinks = this.#connections.stockLinkCount
    return {
      tenants: this.#tenants.size,
      openDocuments: this.openDocuments,
      stockLinks,
      nativeLinks: this.#connections.linkCount - stockLinks,
      waitingAppends,
      waitingBytes,
      lagSeconds: oldest === undefined ? 0 : this.#stopwatch() - oldest,
      isRefused,
      isAllCommitted: waitingAppends === 0 && oldest === undefined,
      mode: this.#overload.mode,
    }
  }

  /** The store may have lost what is known here: everyone is sent away, and what they come back to is read anew. */
  startAnew(): void {
    const reason = 'A part of the data was lost on the disk. Come back: what you have is wanted.'
    this.#connections.dismiss(reason, () => 0)
    for (const tenant of this.#tenants.values()) tenant.isOver = true
    this.#tenants.clear()
  }

  /** Commits what was accepted and tells its authors, sends everyone away, and lets go of the store. */
  async close(): Promise<void> {
    await this.commitAll()
    this.dismissAll(() => 0)
    await this.letGo()
  }

  /** Commits what was accepted until now and tells its authors. Takes as long as the disk does. */
  async commitAll(): Promise<void> {
    // What one write has made durable may leave the next one waiting.
    for (let round = 0; round < closingRoundsMax; round++) {
      for (const tenant of this.#tenants.values()) this.#step(tenant, { type: 'turnEnded' })
      if (this.#writes.size === 0) break
      await Promise.allSettled(this.#writes)
    }
  }

  /** Sends everyone away, and hears nothing more: what was not acknowledged its authors send again. */
  dismissAll(afterMs: () => number): void {
    this.#connections.dismiss('The relay is being stopped.', afterMs)
    this.#isClosed = true
    this.#replacements.close()
  }

  /** Of the disk, once everyone was sent away. */
  async letGo(): Promise<void> {
    await this.#options.workshop.close()
    await this.#options.store.close()
  }

  /** Of the store: seals and cursors are made with it, and names hidden in the journal. */
  get key(): Uint8Array {
    return this.#key
  }

  // Machines.

  #happened(tenant: string, document: string, input: RoomInput): void {
    this.#step(this.#tenantNamed(tenant), { type: 'happened', document, input })
  }

  /** What came of an effect: of a history that is no more meanwhile, nothing comes. [E1] */
  #performed(tenant: OpenTenant, { document, epoch }: HistoryPlace, input: RoomInput): void {
    this.#step(tenant, { type: 'performed', document, epoch, input })
  }

  #replace(tenant: string, document: string, by: Omit<Replacement, 'epoch'>): Promise<void> {
    const epoch = this.#options.randomId()
    return this.#replacements.ask((request) =>
      this.#step(this.#tenantNamed(tenant), {
        type: 'replaceAsked',
        document,
        request,
        by: { epoch, ...by },
      }),
    )
  }

  #tenantNamed(name: string): OpenTenant {
    const open = this.#tenants.get(name)
    if (open !== undefined) return open
    const machine = new Tenant({
      name,
      key: this.#key,
      nextRoom: () => ++this.#lastRoom,
      isJudged: () => false,
      documentBytesMax: this.#sizes.documentBytesMax,
      classOf: (document) => this.#options.classOf?.(name, document) ?? 'normal',
      overload: this.#overload,
      joins: this.#joins,
    })
    const tenant = {
      name,
      machine,
      isTurnEnding: false,
      writesSince: undefined,
      isRefused: false,
      isOver: false,
    }
    this.#tenants.set(name, tenant)
    this.#readTenant(tenant)
    if (this.#overload.isShed('bulk')) this.#askWorkspace(tenant, { type: 'held', isHeld: true })
    return tenant
  }

  #step(tenant: OpenTenant, input: TenantInput): void {
    if (this.#isClosed || tenant.isOver) return
    const effects = tenant.machine.step(input, this.#options.now())
    if (effects.length > 0)
      this.#connections.step(() => {
        for (const effect of effects) this.#perform(tenant, effect)
      })
    if (tenant.isTurnEnding || input.type === 'turnEnded' || !tenant.machine.hasToWrite) return
    tenant.isTurnEnding = true
    this.#options.turnEnds(() => {
      tenant.isTurnEnding = false
      this.#step(tenant, { type: 'turnEnded' })
    })
  }

  #perform(tenant: OpenTenant, effect: TenantEffect): void {
    switch (effect.type) {
      case 'write':
        return this.#write(tenant, effect)
      case 'readDocument':
        return this.#readDocument(tenant, effect.document)
      case 'forgetDocument':
        this.#views.forget({ tenant: tenant.name, document: effect.document })
        return undefined
      case 'perform': {
        const { document, epoch } = effect
        return this.#performForRoom(tenant, { tenant: tenant.name, document, epoch }, effect.effect)
      }
      case 'workspace':
        return this.#performForWorkspace(tenant, effect.effect)
      case 'replaced':
        return this.#replacements.done(effect.request)
      case 'cleanUp':
        return this.#cleanUp({ tenant: tenant.name, document: effect.document, epoch: effect.epoch })
      case 'wakeAt':
        return this.#options.wakeAt(effect.time)
      case 'sayReady':
        return this.#diskSaidReady(tenant, effect.ready)
      case 'holdSockets':
        return this.#connections.hold(effect.hold)
    }
  }

  #performForRoom(tenant: OpenTenant, history: HistoryPlace, effect: RoomEffect): void {
    const { document } = history
    switch (effect.type) {
      case 'tell':
        return this.#connections.owner(effect.link)?.told(effect.link, effect.message)
      case 'tellAll':
        for (const link of effect.links) this.#connections.owner(link)?.told(link, effect.message)
        return undefined
      case 'echo':
        return this.#connections.owner(effect.link)?.echoed(effect.link, effect.update)
      case 'stale':
        return this.#connections.owner(effect.link)?.stale?.()
      case 'close':
        return this.#connections.owner(effect.link)?.closed(effect)
      case 'readRows':
      case 'readPieces':
      case 'makeDifference':
        return this.#answerLink(tenant, history, effect)
      case 'gather':
        return this.#options.soon(effect.ms, () => this.#performed(tenant, history, { type: 'gathered' }))
      case 'goOn':
        return this.#performed(tenant, history, { type: 'wentOn', link: effect.link })
      case 'makeDigest':
        return this.#answer(tenant, history, this.#work.digest(history, effect.position), {
          type: 'digestFailed',
          position: effect.position,
        })
      case 'makeFold':
        return this.#answer(tenant, history, this.#work.fold(history, effect.through), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'dropFolded':
        return this.#answer(tenant, history, this.#work.dropFolded(history, effect), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'judge':
        return this.#performed(tenant, history, { type: 'judged', refusal: undefined })
      case 'notice':
        return this.#options.report({ code: noticeCodeOf[effect.what], tenant: tenant.name, document })
      default:
        throw new Error(`A tenant performs «${effect.type}» itself.`)
    }
  }

  #askWorkspace(tenant: OpenTenant, input: WorkspaceInput): void {
    this.#step(tenant, { type: 'workspace', input })
  }

  #performForWorkspace(tenant: OpenTenant, effect: Exclude<WorkspaceEffect, { type: 'wakeAt' }>): void {
    const { link } = effect
    switch (effect.type) {
      case 'tell':
        return this.#connections.owner(link)?.told(link, effect.message)
      case 'readChanges':
        return this.#answerWorkspace(tenant, link, async () => {
          const { after, through } = effect
          return {
            type: 'changesRead',
            link,
            ...(await this.#store.readChanges(tenant.name, after, through)),
          }
        })
      case 'learnRights':
        return this.#answerWorkspace(tenant, link, async () => {
          await this.#connections.owner(link)?.learnRights(effect.documents)
          return { type: 'rightsLearnt', link }
        })
    }
  }

  #answerWorkspace(tenant: OpenTenant, link: LinkId, work: () => Promise<WorkspaceInput>): void {
    work().then(
      (input) => this.#askWorkspace(tenant, input),
      (error: unknown) => {
        this.#fail({ code: 'link-unanswered', tenant: tenant.name, cause: error })
        this.#connections.owner(link)?.failed()
      },
    )
  }

  // The store.

  #diskSaidReady(tenant: OpenTenant, ready: boolean): void {
    tenant.isRefused = !ready
    const areOthersRefused = [...this.#tenants.values()].some((other) => other !== tenant && other.isRefused)
    if (!areOthersRefused) this.#options.report({ code: ready ? 'disk-writes' : 'disk-refuses' })
  }

  #readTenant(tenant: OpenTenant): void {
    const minted = this.#options.randomId()
    this.#store.readTenant(tenant.name).then(
      (read) => this.#step(tenant, { type: 'storeRead', ...read, minted }),
      (error: unknown) =>
        this.#again({ code: 'tenant-unreadable', tenant: tenant.name, cause: error }, () =>
          this.#readTenant(tenant),
        ),
    )
  }

  #write(tenant: OpenTenant, { commit }: TenantEffect & { type: 'write' }): void {
    const write = this.#store.write(tenant.name, commit)
    this.#writes.add(write)
    const began = this.#stopwatch()
    tenant.writesSince ??= began
    write
      .finally(() => this.#writes.delete(write))
      .then(
        (outcome) => {
          const isWritten = outcome === 'written'
          if (isWritten) {
            const seconds = this.#stopwatch() - began
            this.#slowestCommitSeconds = Math.max(this.#slowestCommitSeconds, seconds)
            this.meters.committed(seconds, commit.rows)
            if (commit.documents.length > 0) this.#options.committed?.(tenant.name)
            tenant.writesSince = undefined
          }
          this.#step(tenant, { type: isWritten ? 'written' : 'writeFailed' })
        },
        (error: unknown) => {
          this.meters.writesFailed++
          this.#fail({ code: 'write-failed', tenant: tenant.name, cause: error })
          this.#step(tenant, { type: 'writeFailed' })
        },
      )
  }

  #readDocument(tenant: OpenTenant, document: string): void {
    this.#store.readDocument({ tenant: tenant.name, document }).then(
      (loaded) => {
        if (loaded.hasHole) this.#options.report({ code: 'log-hole', tenant: tenant.name, document })
        const { epoch, foldedThrough } = loaded.document
        this.#pages.keep({ tenant: tenant.name, document, epoch }, foldedThrough, loaded.snapshot.pieces)
        this.#step(tenant, { type: 'documentRead', document, loaded })
      },
      (error: unknown) =>
        this.#again({ code: 'document-unreadable', tenant: tenant.name, document, cause: error }, () =>
          this.#readDocument(tenant, document),
        ),
    )
  }

  #answerLink(tenant: OpenTenant, history: HistoryPlace, effect: LinkWork): void {
    this.#work.forLink(history, effect).then(
      (input) => this.#performed(tenant, history, input),
      (error: unknown) => {
        const { document } = history
        const { link } = effect
        // What a Y.Doc cannot tell, the log itself can: there is more of it, and it does no harm.
        if (error instanceof WorkError)
          return this.#performed(tenant, history, { type: 'differenceFailed', link })
        const { trace } = this.#connections.owner(effect.link) ?? {}
        this.#fail({ code: 'link-unanswered', tenant: tenant.name, document, trace, cause: error })
        if (isDamage(error)) return this.#performed(tenant, history, { type: 'damaged' })
        return this.#connections.owner(link)?.failed()
      },
    )
  }

  #answer(tenant: OpenTenant, history: HistoryPlace, work: Promise<RoomInput>, failure: RoomInput): void {
    work.then(
      (input) => this.#performed(tenant, history, input),
      (error: unknown) => {
        this.#fail({ code: 'work-failed', tenant: tenant.name, document: history.document, cause: error })
        if (failure.type === 'foldEnded') this.meters.foldsFailed++
        this.#performed(tenant, history, failure)
        if (isDamage(error)) this.#performed(tenant, history, { type: 'damaged' })
      },
    )
  }

  #cleanUp(history: HistoryPlace): void {
    const { tenant, document } = history
    this.#store.dropHistory(history).catch((error: unknown) => {
      this.#again({ code: 'clean-up-failed', tenant, document, cause: error }, () => this.#cleanUp(history))
    })
  }

  /** Whoever waits for it waits a little longer: a store that fails may come back. */
  #again(notice: Notice, work: () => void): void {
    this.#fail(notice)
    const at = this.#options.now() + readRetryMs
    this.#toRetry.push({ at, work })
    this.#options.wakeAt(at)
  }

  #fail(notice: Notice): void {
    if (!this.#isClosed) this.#options.report(notice)
  }

  #stopwatch(): number {
    return this.#options.stopwatch?.() ?? this.#options.now() / 1000
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
