// native-replica.ts — a device with the native wire: the machines of shared/replica.ts in a tab, with a real Y.Doc and
// a store on a simulated disk that outlives the tab. Knows: how effects are performed, how a tab dies or freezes. Must
// not know: what the machines decide. It keeps its own ledger of what its person wrote, for D3 and T1.
import { encodeUtf8 } from 'lib0/string'
import * as Y from 'yjs'
import { digestOf } from '../../shared/document-digest.ts'
import { framesOf, Reassembly } from '../../shared/fragments.ts'
import { want } from '../../shared/message.ts'
import type { Message } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import type { Made, Plan } from '../../shared/replica-batches.ts'
import { rowRange } from '../../shared/replica-keys.ts'
import { rowKind } from '../../shared/replica-records.ts'
import type { OwnInput } from '../../shared/replica-document-words.ts'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import { Replica as ReplicaMachine } from '../../shared/replica.ts'
import type { ReplicaEffect, ReplicaInput, ShellDocumentEffect } from '../../shared/replica-words.ts'
import { decodeFrame, decodeMessage, encodeMessage } from '../../shared/wire.ts'
import { SimulatedDisk } from './disk.ts'
import { Ledger } from './ledger.ts'
import { docOf, NativeRecords, numbered } from './native-records.ts'
import type { Written } from './native-records.ts'
import type { Accept, ClientSocket, Network, Way } from './network.ts'
import type { Device, Replica } from './replica.ts'
import { newDoc } from './truth.ts'
import type { Cancel, World } from './world.ts'

export type NativeOptions = {
  readonly name: string
  readonly document: string
  readonly mayWrite: boolean
  readonly accept: Accept
}

/** One tab's life: what a dead one planned must not happen. */
type Tab = {
  readonly machine: ReplicaMachine
  readonly records: NativeRecords
  readonly plans: Map<number, Plan>
}

export class NativeReplica implements Replica, Device {
  readonly #world: World
  readonly #network: Network
  readonly #options: NativeOptions
  readonly way: Way
  readonly disk: SimulatedDisk
  readonly ledger: Ledger = new Ledger()
  #tab: Tab | undefined
  #doc: Y.Doc | undefined
  #made: Made = { epoch: new Uint8Array(), generation: 0 }
  #isApplying = false
  #isFrozen = false
  #missed: (() => void)[] = []
  #socket: { readonly number: number; readonly line: ClientSocket } | undefined
  #wake: Cancel | undefined
  /** Effects wait for what has to be read before them. */
  #effects: Promise<void> = Promise.resolve()
  status: DocumentStatus | undefined
  /** By counter: what was pushed, for the check of acks. */
  readonly pushed = new Map<number, Uint8Array>()

  constructor(world: World, network: Network, way: Way, options: NativeOptions) {
    this.#world = world
    this.#network = network
    this.way = way
    this.#options = options
    this.disk = new SimulatedDisk({ chance: world.chance, writeWaits: () => this.#settleLater() })
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

  get shown(): Y.Doc | undefined {
    return this.#doc
  }

  get isAtRest(): boolean {
    const { status } = this
    return (
      this.#doc !== undefined && status?.pending === 0 && status.inMemory === 0 && status.phase === 'live'
    )
  }

  open(): void {
    if (this.#tab !== undefined) return
    const records = new NativeRecords(this.disk.open(), this.document)
    const machine = new ReplicaMachine({
      random: this.#random(),
      trace: this.name,
      followsWorkspace: false,
      wants: want.write,
    })
    const tab: Tab = { machine, records, plans: new Map() }
    this.#tab = tab
    this.#follow(tab, this.#lead(tab))
  }

  kill(): void {
    this.#tab = undefined
    this.#wake?.()
    this.#socket?.line.close()
    this.#socket = undefined
    this.#missed = []
    this.#isFrozen = false
    this.#doc = undefined
    this.status = undefined
    this.disk.crash(this.#world.isOneIn(3) ? 'power' : 'kill')
    this.ledger.tabDied(this.name, this.stored())
  }

  /** What the next tab would show. */
  stored(): Y.Doc {
    return docOf(numbered(this.disk.present(rowRange(encodeUtf8(this.document)))))
  }

  goOffline(): void {
    this.way.isOpen = false
  }

  comeBack(): void {
    this.way.isOpen = true
    this.#whenAwake(this.#tab, (tab) => this.#step(tab, { type: 'roused', by: 'event' }))
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

  async #lead(tab: Tab): Promise<void> {
    await tab.records.claimTerm()
    const identity = await tab.records.identity()
    if (identity === undefined) {
      const made = { replica: this.#world.id(16), secret: this.#world.id(32), owner: undefined }
      await tab.records.keepIdentity(made)
      this.#led(tab, made)
    } else {
      this.#led(tab, identity)
    }
  }

  #led(
    tab: Tab,
    identity: {
      replica: Uint8Array
      secret: Uint8Array
      owner: { tenant: string; subject: string } | undefined
    },
  ): void {
    this.#whenAwake(tab, () => {
      this.#step(tab, {
        type: 'led',
        ...identity,
        unsent: [],
        toFetch: [],
        workspaceCursor: new Uint8Array(),
      })
      this.#step(tab, { type: 'documentOpened', document: this.document })
    })
  }

  // The machine.

  #step(tab: Tab, input: ReplicaInput): void {
    if (tab !== this.#tab) return
    for (const effect of tab.machine.step(input, this.#world.now)) {
      // What needs no document is performed at once; what is for the Y.Doc waits until it is made.
      if (effect.type === 'document') this.#performLater(tab, effect.effect)
      else this.#perform(tab, effect)
    }
  }

  #tell(tab: Tab, input: OwnInput): void {
    this.#whenAwake(tab, () => this.#step(tab, { type: 'document', document: this.document, input }))
  }

  #perform(tab: Tab, effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        return this.#connect(tab, effect.socket)
      case 'disconnect':
        if (this.#socket?.number === effect.socket) this.#socket.line.close()
        this.#world.after(1, `${this.name} has hung up`, () => {
          const random = this.#random()
          this.#whenAwake(tab, () => this.#step(tab, { type: 'disconnected', socket: effect.socket, random }))
        })
        return undefined
      case 'send':
        return this.#send(effect.socket, effect.message)
      case 'askToken':
        this.#world.after(this.#world.chance.between(1, 200), `${this.name} has a token`, () =>
          this.#whenAwake(tab, () => this.#step(tab, { type: 'tokenGiven', token: this.#token })),
        )
        return undefined
      case 'makeIdentity':
        throw new Error(`${this.name} has to be another replica.`)
      case 'loadDocument':
        return this.#follow(tab, this.#load(tab))
      case 'wakeAt':
        this.#wake?.()
        this.#wake = this.#world.at(effect.time, `${this.name} wakes`, () =>
          this.#whenAwake(tab, () => this.#step(tab, { type: 'woken' })),
        )
        return undefined
      case 'bindOwner':
      case 'forgetDocument':
      case 'hearPresence':
      case 'storeList':
      case 'storeFetched':
      case 'tellStatus':
      case 'document':
        return undefined
    }
  }

  get #token(): string {
    return this.mayWrite ? this.name : `${this.name}-reads`
  }

  // The document.

  async #load(tab: Tab): Promise<void> {
    const { head, place, rows, filings } = await tab.records.load()
    this.#whenAwake(tab, () => {
      this.#made = { epoch: head.epoch, generation: head.generation }
      if (this.#doc === undefined) this.#makeDoc(tab, docUpdates(rows))
      const pending = rows
        .filter(({ row }) => row.kind === rowKind.pending)
        .map(({ sequence, row }) => ({ sequence, counter: row.counter, kind: row.entry, update: row.update }))
      const input: OwnInput = { type: 'loaded', leads: true, head, place, pending, filed: filings.length }
      this.#step(tab, { type: 'document', document: this.document, input })
    })
  }

  #makeDoc(tab: Tab, updates: readonly Uint8Array[]): void {
    const doc = newDoc()
    doc.clientID = this.#world.clientId()
    doc.getText('text')
    this.#apply(doc, updates)
    // What Yjs derives while the rows are read is not on the disk yet.
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (doc !== this.#doc || origin === this) return
      const made = this.#made
      if (!this.#isApplying) this.ledger.wrote(update)
      this.#tell(tab, { type: this.#isApplying ? 'derived' : 'edited', update, made })
    })
    this.#doc = doc
  }

  #apply(doc: Y.Doc, updates: readonly Uint8Array[]): void {
    this.#isApplying = true
    for (const update of updates) Y.applyUpdate(doc, update, this)
    this.#isApplying = false
  }

  #performLater(tab: Tab, effect: ShellDocumentEffect): void {
    if (effect.type === 'write' || effect.type === 'tellStatus') return this.#performAtOnce(tab, effect)
    this.#effects = this.#effects.then(async () => {
      if (tab === this.#tab) await this.#performForDoc(tab, effect)
    })
    return this.#follow(tab, this.#effects)
  }

  #performAtOnce(tab: Tab, effect: ShellDocumentEffect & { type: 'write' | 'tellStatus' }): void {
    if (effect.type === 'tellStatus') {
      this.status = effect.status
      this.ledger.statusTold(effect.status)
      return
    }
    const { ticket, changes } = effect
    const written = tab.records.write(changes, (plan) => tab.plans.set(ticket, plan))
    this.#follow(
      tab,
      written.then((outcome) => this.#tellWritten(tab, ticket, outcome)),
    )
  }

  async #performForDoc(
    tab: Tab,
    effect: Exclude<ShellDocumentEffect, { type: 'write' | 'tellStatus' }>,
  ): Promise<void> {
    switch (effect.type) {
      case 'applyToDoc':
        if (this.#doc !== undefined) this.#apply(this.#doc, effect.updates)
        return
      case 'rebuildDoc': {
        const rows = await tab.records.rows()
        if (tab !== this.#tab) return
        this.#made = effect.made
        this.#makeDoc(tab, docUpdates(rows))
        return
      }
      case 'settle': {
        const plan = tab.plans.get(effect.ticket)
        if (plan === undefined) throw new Error('What was never planned is to be settled.')
        this.#follow(
          tab,
          tab.records.settle(plan).then((written) => this.#tellWritten(tab, effect.ticket, written)),
        )
        return
      }
      case 'makeStateVector': {
        const stateVector = Y.encodeStateVector(await tab.records.confirmed())
        return this.#tell(tab, { type: 'stateVectorMade', request: effect.request, stateVector })
      }
      case 'makeDifference': {
        const update = Y.encodeStateAsUpdate(await tab.records.confirmed(), effect.stateVector)
        return this.#tell(tab, { type: 'differenceMade', request: effect.request, update })
      }
      case 'makeDigest': {
        const digest = digestOf(await tab.records.confirmed())
        return this.#tell(tab, { type: 'digestMade', request: effect.request, digest })
      }
    }
  }

  #tellWritten(tab: Tab, ticket: number, written: Written): void {
    if (written.is === 'fenced') throw new Error(`${this.name} is led by another tab.`)
    if (written.is === 'failed')
      return this.#tell(tab, { type: 'storeFailed', ticket, outcome: written.outcome })
    tab.plans.delete(ticket)
    const { sequences, filed, head } = written.plan
    return this.#tell(tab, { type: 'stored', ticket, sequences, filed, head })
  }

  // The socket.

  #connect(tab: Tab, number: number): void {
    const reassembly = new Reassembly()
    const line = this.#network.connect(this.name, this.way, this.#options.accept, {
      opened: () => this.#whenAwake(tab, () => this.#step(tab, { type: 'connected', socket: number })),
      received: (frame) => this.#whenAwake(tab, () => this.#received(tab, number, reassembly, frame)),
      closed: () => {
        const random = this.#random()
        this.#whenAwake(tab, () => this.#step(tab, { type: 'disconnected', socket: number, random }))
      },
    })
    this.#socket = { number, line }
  }

  #received(tab: Tab, socket: number, reassembly: Reassembly, frame: Uint8Array): void {
    try {
      for (const message of decodeFrame(frame)) {
        const whole = message.type === 'fragment' ? wholeOf(reassembly.take(message)) : message
        if (whole !== undefined) this.#step(tab, { type: 'received', socket, message: whole })
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#world.note(`${this.name} cannot read what it was sent: ${error.message}`)
      this.#step(tab, { type: 'garbled', socket })
    }
  }

  #send(socket: number, message: Message): void {
    if (this.#socket?.number !== socket) return
    if (message.type === 'push')
      for (const { counter, update } of message.entries) this.pushed.set(counter, update)
    for (const frame of framesOf([encodeMessage(message)])) this.#socket.line.send(frame)
  }

  // Time.

  #whenAwake(tab: Tab | undefined, act: (tab: Tab) => void): void {
    if (tab === undefined || tab !== this.#tab) return
    if (this.#isFrozen) this.#missed.push(() => this.#whenAwake(tab, act))
    else act(tab)
  }

  /** What a promise lets fall is the world's to hear of, unless its tab is gone. */
  #follow(tab: Tab, work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (tab === this.#tab) this.#world.fail(error)
    })
  }

  #settleLater(): void {
    this.#world.after(
      this.#world.chance.between(1, 15),
      `a write of ${this.name} ends`,
      () => void this.disk.settle(),
    )
  }

  #random(): number {
    return this.#world.chance.between(0, 9_999) / 10_000
  }
}

function docUpdates(rows: readonly { readonly row: { readonly update: Uint8Array } }[]): Uint8Array[] {
  return rows.map(({ row }) => row.update)
}

function wholeOf(bytes: Uint8Array | undefined): Message | undefined {
  return bytes === undefined ? undefined : decodeMessage(bytes)
}
