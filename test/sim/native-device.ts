// native-device.ts — a device with the native wire: a store on a simulated disk, a clock that may be off, and what its
// pages share: the lock, the channel, the way to the relay. Knows: what its disk holds, what it sent and was told, for
// the invariants. Must not know: machines.
import { encodeUtf8 } from 'lib0/string'
import type * as Y from 'yjs'
import type { Message, PushEntry } from '../../shared/message.ts'
import { entryKind, planKind, verdict } from '../../shared/message.ts'
import { inboxRange, rowRange } from '../../shared/replica-keys.ts'
import { decodeFiling, rowKind } from '../../shared/replica-records.ts'
import type { Filing } from '../../shared/replica-records.ts'
import type { NumberedRow } from '../../shared/replica-batches.ts'
import type { Authority } from './authority.ts'
import { Clock } from './clock.ts'
import { SimulatedDisk } from './disk.ts'
import type { Crash } from './disk.ts'
import type { Kept, Ledger } from './ledger.ts'
import { lineOfUpdate } from './frame-line.ts'
import { NativeLine } from './native-line.ts'
import type { NativeLineOptions } from './native-line.ts'
import { confirmedOf, numbered } from './native-records.ts'
import type { PageWord } from './native-page.ts'
import type { Accept, Network, Way } from './network.ts'
import type { Device } from './replica.ts'
import type { PresenceWatch } from './presence-watch.ts'
import { ShownPresence } from './shown-presence.ts'
import { TabChannel } from './tab-channel.ts'
import { TabLock } from './tab-lock.ts'
import { docOf } from './truth.ts'
import { BrokenRule } from './world.ts'
import type { World } from './world.ts'

export type DeviceOptions = {
  readonly name: string
  /** Whose it is: a clone is another device of the same. */
  readonly subject: string
  readonly document: string
  readonly accept: Accept
}

export class NativeDevice {
  readonly way: Way = { isOpen: true, delayMsMax: 40, bytesPerMs: 1_000 }
  readonly disk: SimulatedDisk
  readonly clock: Clock
  readonly lock: TabLock
  readonly channel: TabChannel<PageWord>
  readonly present: ShownPresence
  readonly counts = { folds: 0 }
  /** Of the people at its tabs. */
  readonly ledgers: Ledger[] = []
  readonly tabs: Device[] = []
  /** By counter: what was pushed, for the check of acks. */
  readonly pushed = new Map<number, PushEntry>()
  readonly #acked = new Set<number>()
  /** Whether a comparison ever told it that it is equal. [T1] */
  hasHeardEqual = false
  /** Of each page: the newest position of the log that it was told of, and how far what lies there. [T1] */
  readonly #told = new Map<string, { readonly head: number; readonly through: number }>()
  /** Another device goes on from its disk, so that the same edit may meet two fates. */
  isCloned = false
  readonly #world: World
  readonly #network: Network
  readonly #authority: Authority
  readonly #watch: PresenceWatch
  readonly #options: DeviceOptions

  constructor(
    world: World,
    network: Network,
    authority: Authority,
    watch: PresenceWatch,
    options: DeviceOptions,
    clonedFrom?: NativeDevice,
  ) {
    this.#world = world
    this.#network = network
    this.#authority = authority
    this.#watch = watch
    this.#options = options
    const diskOptions = { chance: world.chance, writeWaits: () => this.#settleLater() }
    this.disk = clonedFrom?.disk.copy(diskOptions) ?? new SimulatedDisk(diskOptions)
    this.hasHeardEqual = clonedFrom?.hasHeardEqual === true
    this.clock = new Clock(world)
    this.lock = new TabLock(world, this.name)
    this.channel = new TabChannel(world)
    this.present = new ShownPresence()
  }

  get name(): string {
    return this.#options.name
  }

  get subject(): string {
    return this.#options.subject
  }

  get document(): string {
    return this.#options.document
  }

  get options(): DeviceOptions {
    return this.#options
  }

  token(): string {
    return this.#authority.tokenFor(this.subject)
  }

  newClientId(): number {
    const client = this.#world.clientId()
    this.#watch.owns(this.name, client)
    return client
  }

  connect(name: string, number: number, ears: Pick<NativeLineOptions, 'whenAwake' | 'tell'>): NativeLine {
    const { accept } = this.#options
    this.present.clear()
    return new NativeLine(this.#world, this.#network, {
      number,
      name,
      way: this.way,
      accept,
      whenAwake: ears.whenAwake,
      tell: (input) => {
        if (input.type === 'received') for (const message of input.messages) this.#hears(name, message)
        if (input.type === 'disconnected') this.present.clear()
        ears.tell(input)
      },
    })
  }

  sends(message: Message): void {
    if (message.type !== 'push') return
    for (const entry of message.entries) {
      this.pushed.set(entry.counter, entry)
      const isKnown = this.isCloned || this.ledgers.some((ledger) => ledger.hasWritten(entry.update))
      if (entry.kind === entryKind.edit && !isKnown)
        throw new BrokenRule(
          'D3',
          `${this.name} sends as an edit what nobody wrote: ${lineOfUpdate(entry.update)}.`,
        )
    }
  }

  /** An ack has left the relay, perhaps not for the first time. */
  relayAcked(counter: number): void {
    const update = this.pushed.get(counter)?.update
    if (update === undefined || this.#acked.has(counter)) return
    this.#acked.add(counter)
    // Two people may delete the same thing in the same bytes: one row, and one ack, stands for both.
    for (const ledger of this.ledgers) ledger.ackLeft(update)
  }

  #hears(name: string, message: Message): void {
    if (message.type === 'compared' && message.verdict === verdict.equal) this.hasHeardEqual = true
    if (message.type === 'opened') this.present.clear()
    if (message.type === 'opened')
      this.#told.set(name, {
        head: message.head,
        through: message.plan.kind === planKind.atHead ? message.head : 0,
      })
    if (message.type !== 'delivery' && message.type !== 'caughtUp') return
    const { head, through } = this.#told.get(name) ?? { head: 0, through: 0 }
    this.#told.set(name, {
      head: Math.max(head, message.through),
      through: Math.max(through, message.through),
    })
  }

  isBehind(name: string): boolean {
    const told = this.#told.get(name)
    return told !== undefined && told.through < told.head
  }

  /** The browser is gone with all its tabs, or the power is. */
  crash(kind: Crash): void {
    for (const tab of this.tabs) tab.kill()
    this.disk.crash(kind)
    this.check()
  }

  /** What its people were told to be on its disk is there. [D3] */
  check(): void {
    const kept = this.kept()
    for (const ledger of this.ledgers) ledger.checkStored(this.name, kept)
  }

  // What its disk holds.

  rows(): readonly NumberedRow[] {
    return numbered(this.disk.present(rowRange(encodeUtf8(this.document))))
  }

  filings(): readonly Filing[] {
    return this.disk.present(inboxRange).map(({ value }) => decodeFiling(value))
  }

  kept(): Kept {
    const pending = this.rows().filter(({ row: { kind } }) => kind === rowKind.pending)
    return {
      pending: pending.map(({ row: { update } }) => update),
      inbox: this.filings().map(({ update }) => update),
    }
  }

  get keepsDerived(): boolean {
    return this.rows().some(({ row: { kind } }) => kind === rowKind.kept)
  }

  /** What the relay has told. */
  confirmed(): Y.Doc {
    return docOf(confirmedOf(this.rows()).map(({ row: { update } }) => update))
  }

  /** What the next page would show. */
  stored(): Y.Doc {
    return docOf(this.rows().map(({ row: { update } }) => update))
  }

  #settleLater(): void {
    this.#world.after(
      this.#world.chance.between(1, 15),
      `a write of ${this.name} ends`,
      () => void this.disk.settle(),
    )
  }
}
