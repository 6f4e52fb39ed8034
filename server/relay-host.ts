// relay-host.ts — the relay without its sockets and its disk: tenants on one store, everyone who is connected, and how much
// there is to do. Knows: what happens on a link is told to its tenant; how it all begins and ends. Must not know: real
// sockets, HTTP, clocks, timers; the simulator runs this very file.
import { largestDocumentMax, sizesFor } from '../shared/limits.ts'
import { documentStage } from '../shared/document-state.ts'
import type { Replacement } from '../shared/intents.ts'
import { Joins } from '../shared/joins.ts'
import { Overload } from '../shared/overload.ts'
import type { OverloadMode } from '../shared/overload.ts'
import { RelayStore } from '../shared/relay-store.ts'
import { piecesOfWhole } from '../shared/whole-update.ts'
import { AllWaiting } from './all-waiting.ts'
import { Connections } from './connections.ts'
import { noticeOfDamage } from './damage-notice.ts'
import type { ConnectionHost, HostConnection, HostSocket } from './host-connection.ts'
import { HostedTenant } from './hosted-tenant.ts'
import type { HostParts } from './hosted-tenant.ts'
import type { HostOptions, HostState } from './host-options.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import { DocumentReading } from './document-reading.ts'
import { LogPages } from './log-pages.ts'
import { LogViews } from './log-views.ts'
import { Meters } from './meters.ts'
import type { Notice } from './notice.ts'
import { Replacements } from './replacements.ts'
import { Retries } from './retries.ts'
import { RoomWork } from './room-work.ts'
import { beingStopped, partWasLost } from './sentences.ts'

/** A stop is not held up by a disk that refuses again and again. */
const closingRoundsMax = 3

export class RelayHost {
  readonly meters: Meters
  /** What can be asked without opening a room. */
  readonly reading: DocumentReading
  /** Of the store: seals and cursors are made with it, and names hidden in the journal. */
  readonly key: Uint8Array
  readonly #options: HostOptions
  readonly #parts: HostParts
  readonly #tenants = new Map<string, HostedTenant>()
  readonly #connections: Connections
  readonly #retries: Retries
  readonly #replacements = new Replacements()
  readonly #overload = new Overload()
  readonly #waiting = new AllWaiting((on) => this.#connections.holdAll(on))
  #lastRoom = 0
  /** The journal has it that the disk refuses, and not yet that it writes. */
  #isRefusalTold = false
  #modeTold: OverloadMode = 'normal'
  #isClosed = false

  private constructor(options: HostOptions, store: RelayStore, key: Uint8Array, startedAgainAt: number) {
    this.#options = options
    this.key = key
    this.meters = options.meters ?? new Meters()
    const { meters } = this
    const sizes = options.sizes ?? sizesFor(largestDocumentMax)
    const pages = new LogPages(store)
    const views = new LogViews({
      store,
      workshop: options.workshop,
      reportUnusable: ({ tenant, document }, { label, update }) =>
        this.#fail({ code: 'update-unusable', tenant, document, facts: { label, bytes: update.length } }),
      reportGivenUp: ({ tenant, document }, cause) =>
        this.#fail({ code: 'document-given-up', tenant, document, cause }),
    })
    this.reading = new DocumentReading(store, views)
    this.#retries = new Retries(options.wakeAt)
    this.#connections = new Connections({
      meters,
      durability: options.durability,
      sizes,
      host: {
        now: options.now,
        wakeAt: options.wakeAt,
        happened: (tenant, document, input) =>
          this.#tenantNamed(tenant).step({ type: 'happened', document, input }),
        workspace: (tenant, input) => this.#tenantNamed(tenant).askWorkspace(input),
        mode: () => this.#overload.word,
        grantOf: options.grantOf,
        met: (trace, peerTrace) => options.report({ code: 'socket-met', trace, facts: { peerTrace } }),
        isItsOwn: (tenant, replica, secret) => store.isItsOwn(tenant, replica, secret),
        unsayable: (trace, cause) => this.#fail({ code: 'unsayable', trace, cause }),
      },
      recheckFailed: (cause) => this.#fail({ code: 'recheck-failed', cause }),
    })
    this.#parts = {
      options,
      store,
      key,
      sizes,
      meters,
      pages,
      views,
      work: new RoomWork(store, pages, views, meters),
      connections: this.#connections,
      retries: this.#retries,
      replacements: this.#replacements,
      waiting: this.#waiting,
      overload: this.#overload,
      joins: new Joins(this.#overload, startedAgainAt),
      nextRoom: () => ++this.#lastRoom,
      diskSaidReady: (tenant, ready) => this.#diskSaidReady(tenant, ready),
      diskWrote: () => this.#diskWrote(),
      headDiffers: (tenant) => {
        this.#fail({ code: 'head-differs', tenant })
        this.startAnew()
      },
      isClosed: () => this.#isClosed,
      fail: (notice) => this.#fail(notice),
    }
  }

  static async open(options: HostOptions): Promise<RelayHost> {
    const store = new RelayStore(options.store, options.durability, (damage) =>
      options.report(noticeOfDamage(damage)),
    )
    // Nobody comes back to a relay that was never there.
    let startedAgainAt = options.now()
    const key = await store.open(() => {
      startedAgainAt = Number.NEGATIVE_INFINITY
      return joined(options.randomId(), options.randomId())
    })
    return new RelayHost(options, store, key, startedAgainAt)
  }

  connectNative(socket: HostSocket, headers: RequestHeaders = {}): HostConnection {
    return this.#connections.connectNative(socket, headers)
  }

  connectStock(socket: HostSocket, document: string, grant: LiveGrant): HostConnection {
    return this.#connections.connectStock(socket, document, grant)
  }

  woke(): void {
    const now = this.#options.now()
    this.#retries.woke(now)
    this.#connections.woke(now)
    for (const tenant of this.#tenants.values()) tenant.step({ type: 'woken' })
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

  /**
   * Once a second, with how late this process came to what it had to do, and how much readers have not taken: then it is known
   * what has to be put off.
   */
  look(loopLagMs: number, unsentBytes: number): void {
    const { waitingBytes, isRefused } = this.state
    let commitMs = 0
    for (const { disk } of this.#tenants.values())
      commitMs = Math.max(commitMs, disk.takeSlowestSeconds() * 1000)
    const links = this.#connections.linkCount
    if (!this.#overload.sampled({ loopLagMs, waitingBytes, unsentBytes, commitMs, links, isRefused })) return
    // Links are told of a disk that refuses in the same words, the journal has others for it.
    const { mode } = this.#overload
    if (mode !== this.#modeTold) {
      this.#modeTold = mode
      const facts = { mode, loopLagMs, waitingBytes, unsentBytes, commitMs, links }
      this.#fail({ code: mode === 'normal' ? 'load-normal' : 'load-high', facts })
    }
    this.#connections.modeChanged()
    const isHeld = this.#overload.isShed('bulk')
    for (const tenant of this.#tenants.values()) tenant.askWorkspace({ type: 'held', isHeld })
  }

  /** Whoever has a token that counts no more is sent away. */
  endWithdrawn(): void {
    this.#connections.endWithdrawn()
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
    let lagSeconds: number | undefined
    let isRefused = false
    for (const tenant of this.#tenants.values()) {
      waitingAppends += tenant.machine.waiting
      isRefused ||= tenant.isRefused
      const { lagSeconds: its } = tenant.disk
      if (its !== undefined) lagSeconds = Math.max(lagSeconds ?? 0, its)
    }
    const stockLinks = this.#connections.stockLinkCount
    return {
      tenants: this.#tenants.size,
      openDocuments: this.openDocuments,
      stockLinks,
      nativeLinks: this.#connections.linkCount - stockLinks,
      waitingAppends,
      waitingBytes: this.#waiting.bytes,
      lagSeconds: lagSeconds ?? 0,
      isRefused,
      isAllCommitted: waitingAppends === 0 && lagSeconds === undefined,
      mode: this.#overload.mode,
    }
  }

  /** The store may have lost what is known here: everyone is sent away, and what they come back to is read anew. */
  startAnew(): void {
    this.#connections.dismiss(partWasLost, () => 0)
    this.#connections.failVisits()
    this.#replacements.close()
    for (const tenant of this.#tenants.values()) tenant.end()
    this.#tenants.clear()
    this.#parts.pages.startAnew()
    this.#parts.views.startAnew()
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
      for (const tenant of this.#tenants.values()) tenant.step({ type: 'turnEnded' })
      const writes = [...this.#tenants.values()].flatMap(({ disk }) => disk.writing ?? [])
      if (writes.length === 0) break
      await Promise.allSettled(writes)
    }
  }

  /** Sends everyone away. Where nobody is any more, a log with a tail is worth a fold: of those it is heard still. */
  dismissAll(afterMs: () => number): void {
    this.#connections.dismiss(beingStopped, afterMs)
    this.#replacements.close()
  }

  get isFolding(): boolean {
    for (const { machine } of this.#tenants.values()) if (machine.isFolding) return true
    return false
  }

  /**
   * Of the disk, once everyone was sent away, and hears nothing more: what was not acknowledged its authors send again, and
   * a fold that is not at its end the next opening takes up.
   */
  async letGo(): Promise<void> {
    this.#isClosed = true
    await this.#options.workshop.close()
    await this.#options.store.close()
  }

  #tenantNamed(name: string): HostedTenant {
    const open = this.#tenants.get(name)
    if (open !== undefined) return open
    const tenant = new HostedTenant(name, this.#parts)
    this.#tenants.set(name, tenant)
    tenant.begin()
    return tenant
  }

  #replace(tenant: string, document: string, by: Omit<Replacement, 'epoch'>): Promise<void> {
    const epoch = this.#options.randomId()
    return this.#replacements.ask((request) =>
      this.#tenantNamed(tenant).step({
        type: 'replaceAsked',
        document,
        request,
        by: { epoch, ...by },
      }),
    )
  }

  #diskSaidReady(tenant: HostedTenant, ready: boolean): void {
    tenant.isRefused = !ready
    if (ready || this.#isRefusalTold) return
    this.#isRefusalTold = true
    this.#fail({ code: 'disk-refuses' })
  }

  /** Whoever was refused may be no more: everyone was sent away meanwhile. */
  #diskWrote(): void {
    if (!this.#isRefusalTold || this.state.isRefused) return
    this.#isRefusalTold = false
    this.#fail({ code: 'disk-writes' })
  }

  #fail(notice: Notice): void {
    if (!this.#isClosed) this.#options.report(notice)
  }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
