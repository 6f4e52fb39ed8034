// stock-replica.ts — a y-websocket client as it behaves on the wire, around a real Y.Doc, with the rows that
// y-indexeddb would keep, or without. Knows: y-websocket's steps, backoff and silence. Must not know: acks, cursors,
// what the relay is. Messages are written and read by y-protocols itself.
import { createDecoder, readVarUint } from 'lib0/decoding'
import { createEncoder, length, toUint8Array, writeVarUint } from 'lib0/encoding'
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync'
import * as Y from 'yjs'
import { lineOfStock } from './frame-line.ts'
import { stockClose } from '../../shared/stock-wire.ts'
import type { Accept, ClientSocket, Network, Way } from './network.ts'
import type { Device, Replica } from './replica.ts'
import { newDoc } from './truth.ts'
import { BrokenRule } from './world.ts'
import type { Cancel, World } from './world.ts'

const syncType = 0
const awarenessType = 1
const silenceMsMax = 30_000
const backoffMsMax = 2_500

export type StockOptions = {
  readonly name: string
  readonly document: string
  /** Such a client is not told; its person is. */
  readonly mayWrite: boolean
  /** Whether its rows outlive the tab. */
  readonly keepsRows: boolean
  readonly accept: Accept
}

export class StockReplica implements Replica, Device {
  readonly #world: World
  readonly #network: Network
  readonly #options: StockOptions
  readonly way: Way
  #doc: Y.Doc | undefined
  #socket: ClientSocket | undefined
  #isConnected = false
  #failures = 0
  #heardAt = 0
  #isFrozen = false
  /** Closed for good by the relay's word. */
  #isDismissed = false
  /** A kill of the tab takes along what was not saved by then. */
  #rows: { readonly update: Uint8Array; readonly savedAt: number }[] = []
  /** What came while it was frozen: the operating system kept it. */
  #missed: (() => void)[] = []
  #retry: Cancel | undefined

  constructor(world: World, network: Network, way: Way, options: StockOptions) {
    this.#world = world
    this.#network = network
    this.way = way
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get document(): string {
    return this.#options.document
  }

  get mayWrite(): boolean {
    return this.#options.mayWrite
  }

  get doc(): Y.Doc | undefined {
    return this.#isFrozen ? undefined : this.#doc
  }

  /** One that was sent away takes no part any more. */
  get shown(): Y.Doc | undefined {
    return this.#isDismissed ? undefined : this.#doc
  }

  /** Such a client cannot know; only what is on the relay's disk can tell. */
  get isAtRest(): boolean {
    return this.#missed.length === 0
  }

  open(): void {
    if (this.#doc !== undefined) return
    const doc = newDoc()
    doc.clientID = this.#world.clientId()
    for (const { update } of this.#rows) Y.applyUpdate(doc, update, this)
    doc.on('update', (update: Uint8Array, origin: unknown) => this.#docOnUpdate(update, origin))
    this.#doc = doc
    // Formatting is cleaned up only in a root that somebody has asked for by its type.
    doc.getText('text')
    this.#connect()
  }

  kill(): void {
    const { now } = this.#world
    this.#rows = this.#options.keepsRows ? this.#rows.filter(({ savedAt }) => savedAt <= now) : []
    this.#hangUp()
    this.#doc = undefined
    this.#missed = []
    this.#isFrozen = false
  }

  goOffline(): void {
    this.way.isOpen = false
  }

  comeBack(): void {
    this.way.isOpen = true
  }

  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    const missed = this.#missed
    this.#missed = []
    for (const one of missed) one()
  }

  #docOnUpdate(update: Uint8Array, origin: unknown): void {
    this.#save(update)
    if (origin === this || !this.#isConnected) return
    const encoder = createEncoder()
    writeVarUint(encoder, syncType)
    writeUpdate(encoder, update)
    this.#socket?.send(toUint8Array(encoder))
  }

  /** y-indexeddb writes after the transaction, one row after the other. */
  #save(update: Uint8Array): void {
    const before = this.#rows.at(-1)?.savedAt ?? 0
    const savedAt = Math.max(before, this.#world.now + this.#world.chance.between(1, 20))
    this.#rows.push({ update, savedAt })
  }

  #connect(): void {
    if (this.#doc === undefined || this.#isDismissed) return
    this.#isConnected = false
    const { accept } = this.#options
    const socket = this.#network.connect(this.name, this.way, accept, {
      lineOf: lineOfStock,
      opened: () => this.#whenAwake(() => this.#opened(socket)),
      received: (frame) => this.#whenAwake(() => this.#received(socket, frame)),
      closed: (code) => this.#whenAwake(() => this.#closed(socket, code)),
    })
    this.#socket = socket
    this.#heardAt = this.#world.now
  }

  #whenAwake(act: () => void): void {
    if (this.#isFrozen) this.#missed.push(act)
    else act()
  }

  #opened(socket: ClientSocket): void {
    if (socket !== this.#socket || this.#doc === undefined) return
    this.#isConnected = true
    this.#failures = 0
    this.#heardAt = this.#world.now
    this.#watchSilence(socket)
    const encoder = createEncoder()
    writeVarUint(encoder, syncType)
    writeSyncStep1(encoder, this.#doc)
    socket.send(toUint8Array(encoder))
  }

  #received(socket: ClientSocket, frame: Uint8Array): void {
    if (socket !== this.#socket || this.#doc === undefined) return
    this.#heardAt = this.#world.now
    const decoder = createDecoder(frame)
    const type = readVarUint(decoder)
    if (type === awarenessType) return
    if (type !== syncType) throw new BrokenRule('W1', `${this.name} was sent a message of type ${type}.`)
    const encoder = createEncoder()
    writeVarUint(encoder, syncType)
    readSyncMessage(decoder, encoder, this.#doc, this, (error) => this.#world.fail(error))
    if (length(encoder) > 1) socket.send(toUint8Array(encoder))
  }

  #closed(socket: ClientSocket, code: number): void {
    if (socket !== this.#socket) return
    if (code >= 4400 && code < 4500) {
      // Of a refusal such a client cannot heal: the name was replaced, or the document can take no more of it.
      const isRefused = code === stockClose.replaced || code === stockClose.tooLarge
      if (this.mayWrite && !isRefused)
        throw new BrokenRule('L1', `${this.name} was sent away for good: ${code}.`)
      this.#isDismissed = true
    }
    if (!this.#isConnected) this.#failures += 1
    this.#hangUp()
    this.#comeAgain()
  }

  #comeAgain(): void {
    const wait = Math.min(2 ** this.#failures * 100, backoffMsMax)
    this.#retry = this.#world.after(wait, `${this.name} tries again`, () => {
      this.#whenAwake(() => {
        if (this.#socket === undefined) this.#connect()
      })
    })
  }

  #hangUp(): void {
    this.#retry?.()
    this.#socket?.close()
    this.#socket = undefined
    this.#isConnected = false
  }

  /** It gives up a socket on which nothing came for half a minute; pings are not seen. */
  #watchSilence(socket: ClientSocket): void {
    const looksAt = this.#heardAt + silenceMsMax + this.#world.chance.between(0, 3_000)
    this.#world.at(looksAt, `${this.name} looks for signs of life`, () => {
      this.#whenAwake(() => {
        if (socket !== this.#socket) return
        if (this.#world.now - this.#heardAt <= silenceMsMax) return this.#watchSilence(socket)
        this.#hangUp()
        return this.#comeAgain()
      })
    })
  }
}
