// relay-host.ts — performs what the relay's machines ask for, and tells them what came of it: tenants on one store,
// with a Y.Doc where one is needed. Knows: the tenants' machines, the store's records, which link is on which
// connection. Must not know: real sockets, HTTP, clocks, timers; the simulator runs this very file.
import { framesOf } from '../shared/fragments.ts'
import { entryBytesMax, readRetryMs } from '../shared/limits.ts'
import { durability as durabilityWord } from '../shared/message.ts'
import type { Message, MessageOf } from '../shared/message.ts'
import type { HistoryPlace } from '../shared/record-keys.ts'
import { RelayStore } from '../shared/relay-store.ts'
import type { LinkId, RoomEffect, RoomInput } from '../shared/room-words.ts'
import type { Grant } from '../shared/session.ts'
import { encodeUpdate } from '../shared/stock-wire.ts'
import type { Store, WriteDurability } from '../shared/store.ts'
import { Tenant } from '../shared/tenant.ts'
import type { TenantEffect, TenantInput } from '../shared/tenant.ts'
import { encodeMessage } from '../shared/wire.ts'
import type { ConnectionHost, HostConnection, HostSocket, LinkOwner } from './host-connection.ts'
import { LogView } from './log-view.ts'
import { NativeConnection } from './native-connection.ts'
import { StockConnection } from './stock-connection.ts'

export type HostOptions = {
  readonly store: Store
  readonly durability: WriteDurability
  readonly now: () => number
  /** 16 random bytes. */
  readonly randomId: () => Uint8Array
  readonly wakeAt: (time: number) => void
  /** Calls back when all that is there to be read has been read: what came until then is one batch. */
  readonly turnEnds: (then: () => void) => void
  /** What a token allows, or why it allows nothing. */
  readonly grantOf: (token: string) => Promise<Grant | string>
  readonly report: (sentence: string) => void
}

/** A stop is not held up by a disk that refuses again and again. */
const closingRoundsMax = 3

type OpenTenant = {
  readonly name: string
  readonly machine: Tenant
  readonly views: Map<string, LogView>
  isTurnEnding: boolean
}

type LinkWork = RoomEffect & { readonly type: 'readRows' | 'readPieces' | 'makeDifference' }

export class RelayHost {
  readonly #options: HostOptions
  readonly #store: RelayStore
  readonly #key: Uint8Array
  readonly #tenants = new Map<string, OpenTenant>()
  readonly #links = new Map<LinkId, LinkOwner>()
  readonly #connections = new Set<NativeConnection | StockConnection>()
  readonly #connectionHost: ConnectionHost
  #toRetry: { readonly at: number; readonly work: () => void }[] = []
  #lastLink = 0
  #lastRoom = 0
  #lastStock: { readonly message: Message; readonly frames: readonly Uint8Array[] } | undefined
  #lastEncoded: { readonly message: Message; readonly frames: readonly Uint8Array[] } | undefined
  readonly #writes = new Set<Promise<unknown>>()
  #isClosed = false

  private constructor(options: HostOptions, store: RelayStore, key: Uint8Array) {
    this.#options = options
    this.#store = store
    this.#key = key
    this.#connectionHost = {
      now: options.now,
      wakeAt: options.wakeAt,
      nextLink: (owner) => this.#nextLink(owner),
      forgetLink: (link) => this.#links.delete(link),
      happened: (tenant, document, input) => this.#happened(tenant, document, input),
      framesOf: (message) => this.#framesOf(message),
      stockFramesOf: (message) => this.#stockFramesOf(message),
      grantOf: options.grantOf,
      isItsOwn: (tenant, replica, secret) => store.isItsOwn(tenant, replica, secret),
    }
  }

  static async open(options: HostOptions): Promise<RelayHost> {
    const store = new RelayStore(options.store, options.durability)
    const key = await store.open(() => joined(options.randomId(), options.randomId()))
    return new RelayHost(options, store, key)
  }

  connectNative(socket: HostSocket): HostConnection {
    const durability = this.#options.durability === 'synced' ? durabilityWord.disk : durabilityWord.os
    const connection = new NativeConnection(this.#connectionHost, socket, { durability, entryBytesMax })
    return this.#connected(connection)
  }

  connectStock(socket: HostSocket, document: string, grant: Grant): HostConnection {
    return this.#connected(new StockConnection(this.#connectionHost, socket, document, grant))
  }

  woke(): void {
    const now = this.#options.now()
    const due = this.#toRetry.filter(({ at }) => at <= now)
    this.#toRetry = this.#toRetry.filter(({ at }) => at > now)
    for (const { work } of due) work()
    for (const connection of this.#connections) connection.woke(now)
    for (const tenant of this.#tenants.values()) this.#step(tenant, { type: 'woken' })
  }

  get openDocuments(): number {
    let count = 0
    for (const { machine } of this.#tenants.values()) count += machine.openDocuments
    return count
  }

  /** Commits what was accepted and tells its authors, sends everyone away, and lets go of the store. */
  async close(): Promise<void> {
    for (const tenant of this.#tenants.values()) this.#step(tenant, { type: 'turnEnded' })
    // What one write has made durable may leave the next one waiting.
    for (let round = 0; round < closingRoundsMax && this.#writes.size > 0; round++) {
      await Promise.allSettled(this.#writes)
    }
    for (const connection of this.#connections) connection.dismiss('The relay is being stopped.')
    this.#isClosed = true
    await this.#options.store.close()
  }

  #connected(connection: NativeConnection | StockConnection): HostConnection {
    this.#connections.add(connection)
    return {
      received: (frame) => connection.received(frame),
      filled: () => connection.filled(),
      drained: () => connection.drained(),
      lost: () => {
        connection.lost()
        this.#connections.delete(connection)
      },
    }
  }

  // Machines.

  #happened(tenant: string, document: string, input: RoomInput): void {
    this.#step(this.#tenantNamed(tenant), { type: 'happened', document, input })
  }

  #tenantNamed(name: string): OpenTenant {
    const open = this.#tenants.get(name)
    if (open !== undefined) return open
    const machine = new Tenant({
      name,
      key: this.#key,
      nextRoom: () => ++this.#lastRoom,
      isJudged: () => false,
    })
    const tenant = { name, machine, views: new Map<string, LogView>(), isTurnEnding: false }
    this.#tenants.set(name, tenant)
    this.#readTenant(tenant)
    return tenant
  }

  #step(tenant: OpenTenant, input: TenantInput): void {
    if (this.#isClosed) return
    for (const effect of tenant.machine.step(input, this.#options.now())) this.#perform(tenant, effect)
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
        tenant.views.delete(effect.document)
        return undefined
      case 'perform':
        return this.#performForRoom(tenant, effect.document, effect.effect)
      case 'wakeAt':
        return this.#options.wakeAt(effect.time)
      case 'sayReady':
        return this.#options.report(effect.ready ? 'The disk writes again.' : 'The disk refuses to write.')
      case 'holdSockets':
        for (const connection of this.#connections) connection.hold(effect.hold)
        return undefined
    }
  }

  #performForRoom(tenant: OpenTenant, document: string, effect: RoomEffect): void {
    switch (effect.type) {
      case 'tell':
        return this.#links.get(effect.link)?.told(effect.link, effect.message)
      case 'tellAll':
        for (const link of effect.links) this.#links.get(link)?.told(link, effect.message)
        return undefined
      case 'echo':
        return this.#links.get(effect.link)?.echoed(effect.link, effect.update)
      case 'close':
        return this.#links.get(effect.link)?.closed(effect)
      case 'readRows':
      case 'readPieces':
      case 'makeDifference':
        return this.#answerLink(tenant, document, effect)
      case 'goOn':
        return this.#happened(tenant.name, document, { type: 'wentOn', link: effect.link })
      case 'makeDigest':
        return this.#answer(tenant, document, this.#makeDigest(tenant, document, effect.position), undefined)
      case 'makeFold':
        return this.#answer(tenant, document, this.#makeFold(tenant, document, effect.through), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'dropFolded':
        return this.#answer(tenant, document, this.#dropFolded(tenant, document, effect), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'judge':
        return this.#happened(tenant.name, document, { type: 'judged', refusal: undefined })
      case 'notice':
        return this.#options.report(`«${document}»: ${effect.what}`)
      default:
        throw new Error(`A tenant performs «${effect.type}» itself.`)
    }
  }

  // The store.

  #readTenant(tenant: OpenTenant): void {
    const minted = this.#options.randomId()
    this.#store.readTenant(tenant.name).then(
      ({ head, branches }) => this.#step(tenant, { type: 'storeRead', head, branches, minted }),
      (error: unknown) =>
        this.#again(`The records of a tenant cannot be read: ${String(error)}`, () =>
          this.#readTenant(tenant),
        ),
    )
  }

  #write(tenant: OpenTenant, { commit }: TenantEffect & { type: 'write' }): void {
    const write = this.#store.write(tenant.name, commit)
    this.#writes.add(write)
    write
      .finally(() => this.#writes.delete(write))
      .then(
        (outcome) => this.#step(tenant, { type: outcome === 'written' ? 'written' : 'writeFailed' }),
        (error: unknown) => {
          if (!this.#isClosed) this.#options.report(`A write failed: ${String(error)}`)
          this.#step(tenant, { type: 'writeFailed' })
        },
      )
  }

  #readDocument(tenant: OpenTenant, document: string): void {
    this.#store.readDocument({ tenant: tenant.name, document }).then(
      (loaded) => {
        if (loaded.hasHole)
          this.#options.report(`«${document}» has a hole in its log; replicas are asked for what they have.`)
        this.#step(tenant, { type: 'documentRead', document, loaded })
      },
      (error: unknown) =>
        this.#again(`«${document}» cannot be read: ${String(error)}`, () =>
          this.#readDocument(tenant, document),
        ),
    )
  }

  #answerLink(tenant: OpenTenant, document: string, effect: LinkWork): void {
    this.#workForLink(tenant, document, effect).then(
      (input) => this.#happened(tenant.name, document, input),
      (error: unknown) => {
        this.#fail(`«${document}» could not be read: ${String(error)}`)
        this.#links.get(effect.link)?.failed()
      },
    )
  }

  async #workForLink(tenant: OpenTenant, document: string, effect: LinkWork): Promise<RoomInput> {
    const { link, through } = effect
    const history = historyOf(tenant, document)
    switch (effect.type) {
      case 'readRows':
        return { type: 'rowsRead', link, ...(await this.#store.readRows(history, effect.after, through)) }
      case 'readPieces':
        return {
          type: 'piecesRead',
          link,
          through,
          ...(await this.#store.readPieces(history, through, effect.index)),
        }
      case 'makeDifference': {
        const pieces = await this.#viewOf(tenant, document).difference(effect.stateVector, through)
        return { type: 'differenceMade', link, through, pieces }
      }
    }
  }

  async #makeDigest(tenant: OpenTenant, document: string, position: number): Promise<RoomInput> {
    return { type: 'digestMade', ...(await this.#viewOf(tenant, document).digest(position)) }
  }

  async #makeFold(tenant: OpenTenant, document: string, through: number): Promise<RoomInput> {
    const history = historyOf(tenant, document)
    const pieces = await this.#viewOf(tenant, document).snapshot(through)
    await this.#store.writePieces(history, through, pieces)
    return { type: 'foldMade', through }
  }

  #answer(
    tenant: OpenTenant,
    document: string,
    work: Promise<RoomInput>,
    failure: RoomInput | undefined,
  ): void {
    work.then(
      (input) => this.#happened(tenant.name, document, input),
      (error: unknown) => {
        this.#fail(`«${document}» could not be worked on: ${String(error)}`)
        if (failure !== undefined) this.#happened(tenant.name, document, failure)
      },
    )
  }

  /** What could not be removed is garbage, which the next fold takes along. */
  async #dropFolded(
    tenant: OpenTenant,
    document: string,
    effect: RoomEffect & { type: 'dropFolded' },
  ): Promise<RoomInput> {
    const { through, servedFrom } = effect
    await this.#store.dropFolded(historyOf(tenant, document), through, servedFrom)
    return { type: 'foldEnded', succeeded: true }
  }

  /** Whoever waits for it waits a little longer: a store that fails may come back. */
  #again(sentence: string, work: () => void): void {
    this.#fail(sentence)
    const at = this.#options.now() + readRetryMs
    this.#toRetry.push({ at, work })
    this.#options.wakeAt(at)
  }

  #fail(sentence: string): void {
    if (!this.#isClosed) this.#options.report(sentence)
  }

  #viewOf(tenant: OpenTenant, document: string): LogView {
    let view = tenant.views.get(document)
    if (view === undefined) {
      view = new LogView(this.#store, { tenant: tenant.name, document }, (update) =>
        this.#options.report(`An update of ${update.length} bytes in «${document}» cannot be used.`),
      )
      tenant.views.set(document, view)
    }
    return view
  }

  // Connections.

  #nextLink(owner: LinkOwner): LinkId {
    const link = ++this.#lastLink
    this.#links.set(link, owner)
    return link
  }

  #stockFramesOf(message: MessageOf<'delivery'>): readonly Uint8Array[] {
    if (this.#lastStock?.message !== message)
      this.#lastStock = { message, frames: message.updates.map(encodeUpdate) }
    return this.#lastStock.frames
  }

  #framesOf(message: Message): readonly Uint8Array[] {
    if (this.#lastEncoded?.message !== message) {
      this.#lastEncoded = { message, frames: framesOf([encodeMessage(message)]) }
    }
    return this.#lastEncoded.frames
  }
}

function historyOf(tenant: OpenTenant, document: string): HistoryPlace {
  return { tenant: tenant.name, document, epoch: tenant.machine.epochOf(document) }
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
