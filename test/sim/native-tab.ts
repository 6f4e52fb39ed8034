// native-tab.ts — a tab of a native device, where one person sits: pages open and die in it, the person and what she
// wrote stay. Knows: its page, its ledger. Must not know: machines.
import type * as Y from 'yjs'
import { presenceExpiryMs } from '../../shared/limits.ts'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import { Ledger } from './ledger.ts'
import type { NativeDevice } from './native-device.ts'
import { NativePage } from './native-page.ts'
import type { Way } from './network.ts'
import type { Device, Replica } from './replica.ts'
import { BrokenRule } from './world.ts'
import type { World } from './world.ts'

const askAgainMs = 30_000

export class NativeTab implements Replica, Device {
  readonly name: string
  readonly device: NativeDevice
  readonly ledger: Ledger = new Ledger()
  readonly #world: World
  readonly #mayRead: boolean
  #page: NativePage | undefined

  constructor(world: World, device: NativeDevice, name: string, mayRead: boolean) {
    this.#world = world
    this.device = device
    this.name = name
    this.#mayRead = mayRead
    device.ledgers.push(this.ledger)
    device.tabs.push(this)
  }

  get way(): Way {
    return this.device.way
  }

  get document(): string {
    return this.device.document
  }

  get mayWrite(): boolean {
    return this.#mayRead && this.#page?.status?.mayWrite !== false
  }

  get doc(): Y.Doc | undefined {
    return this.#page?.doc
  }

  get shown(): Y.Doc | undefined {
    if (!this.#mayRead) return undefined
    return this.device.keepsDerived ? this.device.confirmed() : this.#page?.shown
  }

  get isAtRest(): boolean {
    const status = this.#page?.status
    if (status === undefined || this.#page?.shown === undefined) return false
    if (!this.#mayRead) return status.phase === 'closed' || status.phase === 'following'
    if (status.inMemory > 0 || status.waitingFor === 'storeRefuses' || this.device.disk.waiting > 0)
      return false
    return status.phase === 'following' || (status.phase === 'live' && status.pending === 0)
  }

  /** Whether this is the tab that talks. */
  get leads(): boolean {
    return this.#page?.leads === true
  }

  get status(): DocumentStatus | undefined {
    return this.#page?.status
  }

  open(): void {
    if (this.#page !== undefined) return
    const page = new NativePage(this.#world, this.device, this.name, {
      wrote: (update) => this.ledger.wrote(update),
      statusTold: (status) => this.#statusTold(status),
    })
    this.#page = page
    page.begin()
    this.#sayPresent(page, 1)
  }

  kill(): void {
    if (this.#page === undefined) return
    this.#page.die()
    this.#page = undefined
    this.ledger.tabDied(this.name, this.device.kept())
  }

  goOffline(): void {
    this.way.isOpen = false
  }

  comeBack(): void {
    this.way.isOpen = true
    this.#page?.rouse('event')
  }

  freeze(): void {
    this.#page?.freeze()
  }

  thaw(): void {
    this.#page?.thaw()
  }

  /** By a switch: what was said before is still on its way. */
  workOffline(isOn: boolean): void {
    this.#page?.workOffline(isOn)
  }

  retry(): void {
    this.#page?.rouse('person')
  }

  #statusTold(status: DocumentStatus): void {
    this.ledger.statusTold(status)
    if (status.isUpToDate && !this.device.hasHeardEqual)
      throw new BrokenRule('T1', `${this.name} says «up to date», and nothing was ever compared.`)
    if (status.isUpToDate && this.device.isBehind(this.name))
      throw new BrokenRule('T1', `${this.name} says «up to date», and was told of more than it has.`)
    if (status.waitingFor === 'gone') this.#askAgain()
  }

  /** It was deleted, says the relay; the news may be older than what has taken its place since. */
  #askAgain(): void {
    this.#world.after(askAgainMs, `${this.name} is asked for again`, () => {
      if (this.status?.waitingFor === 'gone') this.retry()
    })
  }

  /** Half as often as it expires, and whenever something changes, as editors do. */
  #sayPresent(page: NativePage, clock: number): void {
    this.#world.after(this.#world.chance.between(500, presenceExpiryMs / 2), `${this.name} is there`, () => {
      if (page !== this.#page) return
      page.sayPresent(clock)
      this.#sayPresent(page, clock + 1)
    })
  }
}
