// connections.ts — everyone who is connected, whichever wire: their links, and what is said to them in one step. Knows:
// which link is whose. Must not know: tenants' machines, the store, real sockets.
import { inLots } from '../shared/in-lots.ts'
import { durability as durabilityWord } from '../shared/message.ts'
import type { Sizes } from '../shared/limits.ts'
import type { LinkId } from '../shared/room-words.ts'
import type { WriteDurability } from '../shared/store.ts'
import { FramesOnce } from './frames-once.ts'
import type { Connection, ConnectionHost, HostConnection, HostSocket, LinkOwner } from './host-connection.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import type { Meters } from './meters.ts'
import { NativeConnection } from './native-connection.ts'
import { StockConnection } from './stock-connection.ts'

export type ConnectionsOptions = {
  readonly meters: Meters
  readonly durability: WriteDurability
  readonly sizes: Sizes
  /** What connections need of those who own the machines. */
  readonly host: Pick<
    ConnectionHost,
    'now' | 'wakeAt' | 'happened' | 'workspace' | 'mode' | 'grantOf' | 'met' | 'isItsOwn' | 'unsayable'
  >
  readonly recheckFailed: (cause: unknown) => void
}

const recheckedAtOnceMax = 50

export class Connections {
  /** Also for questions that are asked without a socket. */
  readonly host: ConnectionHost
  readonly #options: ConnectionsOptions
  readonly #links = new Map<LinkId, LinkOwner>()
  readonly #all = new Set<Connection>()
  #lastLink = 0
  #isInStep = false
  /** Tenants of whom too much waits for the disk. */
  readonly #held = new Set<string>()
  /** Too much waits of all of them together. */
  #isAllHeld = false
  /** Who has something to say at the end of this step. */
  #speaking: Connection[] = []

  constructor(options: ConnectionsOptions) {
    this.#options = options
    const frames = new FramesOnce(options.meters)
    this.host = {
      ...options.host,
      nextLink: (owner) => this.#nextLink(owner),
      forgetLink: (link) => this.#links.delete(link),
      forgetConnection: (connection) => this.#all.delete(connection),
      framesOf: (messages) => frames.native(messages),
      stockFramesOf: (message) => frames.stock(message),
      isHeld: (tenant) => this.#isHeld(tenant),
      awaitsEndOfStep: (connection) => this.#isInStep && this.#speaking.push(connection) > 0,
    }
  }

  connectNative(socket: HostSocket, headers: RequestHeaders): HostConnection {
    const { sizes, durability } = this.#options
    const word = durability === 'synced' ? durabilityWord.disk : durabilityWord.os
    return this.#connected(new NativeConnection(this.host, socket, headers, { durability: word, sizes }))
  }

  connectStock(socket: HostSocket, document: string, grant: LiveGrant): HostConnection {
    return this.#connected(new StockConnection(this.host, socket, document, grant))
  }

  owner(link: LinkId): LinkOwner | undefined {
    return this.#links.get(link)
  }

  get linkCount(): number {
    return this.#links.size
  }

  get stockLinkCount(): number {
    let count = 0
    for (const connection of this.#all) if (connection instanceof StockConnection) count++
    return count
  }

  /** What is said to one socket within it goes out together. A step within another is a part of it. */
  step(perform: () => void): void {
    if (this.#isInStep) return perform()
    this.#isInStep = true
    perform()
    this.#isInStep = false
    if (this.#speaking.length === 0) return undefined
    const speaking = this.#speaking
    this.#speaking = []
    for (const connection of speaking) connection.stepEnded()
    return undefined
  }

  woke(now: number): void {
    for (const connection of this.#all) connection.woke(now)
  }

  modeChanged(): void {
    for (const connection of this.#all) connection.modeChanged()
  }

  /** Nothing is read of its sockets, nor of those that come: others have the disk as well. [B1] */
  hold(tenant: string, on: boolean): void {
    if (on) this.#held.add(tenant)
    else this.#held.delete(tenant)
    for (const connection of this.#all) if (connection.tenant() === tenant) connection.readOrNot()
  }

  /** The same of every socket. */
  holdAll(on: boolean): void {
    this.#isAllHeld = on
    for (const connection of this.#all) connection.readOrNot()
  }

  dismiss(reason: string, afterMs: () => number): void {
    for (const connection of this.#all) connection.dismiss(reason, afterMs())
  }

  /** Who asks without a socket has nothing else that could end. */
  failVisits(): void {
    const connections: ReadonlySet<LinkOwner> = this.#all
    for (const owner of new Set(this.#links.values())) if (!connections.has(owner)) owner.failed()
  }

  /** Whoever has a token that counts no more is sent away. */
  endWithdrawn(): void {
    for (const connection of this.#all) connection.endIfWithdrawn()
  }

  /** What each socket may do is looked at again, a few at a time: an application may have to be asked. */
  async recheck(): Promise<void> {
    // What was revoked does not wait until an application has answered for all others.
    this.endWithdrawn()
    for (const some of inLots([...this.#all], recheckedAtOnceMax))
      await Promise.all(some.map((connection) => this.#recheck(connection)))
  }

  async #recheck(connection: Connection): Promise<void> {
    try {
      await connection.recheck()
    } catch (cause) {
      this.#options.recheckFailed(cause)
    }
  }

  #isHeld(tenant: string | undefined): boolean {
    return this.#isAllHeld || (tenant !== undefined && this.#held.has(tenant))
  }

  #connected(connection: Connection): HostConnection {
    this.#all.add(connection)
    if (this.#isHeld(connection.tenant())) connection.readOrNot()
    return connection
  }

  #nextLink(owner: LinkOwner): LinkId {
    const link = ++this.#lastLink
    this.#links.set(link, owner)
    return link
  }
}
