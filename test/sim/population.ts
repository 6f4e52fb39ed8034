// population.ts — who lives in a world: devices with one tab or two, stock clients, people at them, and a stranger who
// may read nothing. Knows: how often there is which kind. Must not know: what happens to them.
import type { Authority } from './authority.ts'
import { NativeDevice } from './native-device.ts'
import { NativeTab } from './native-tab.ts'
import type { Network } from './network.ts'
import { Person } from './people.ts'
import type { PresenceWatch } from './presence-watch.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Device, Replica } from './replica.ts'
import { StockReplica } from './stock-replica.ts'
import type { World } from './world.ts'

const clonesMax = 2

export class Population {
  readonly replicas: Replica[] = []
  readonly devices: Device[] = []
  readonly natives: NativeDevice[] = []
  readonly people: Person[] = []
  readonly #world: World
  readonly #network: Network
  readonly #relay: SimulatedRelay
  readonly #authority: Authority
  readonly #watch: PresenceWatch
  readonly #makesPages: boolean
  #workUntil = 0

  constructor(
    world: World,
    network: Network,
    relay: SimulatedRelay,
    authority: Authority,
    watch: PresenceWatch,
    makesPages: boolean,
  ) {
    this.#world = world
    this.#network = network
    this.#relay = relay
    this.#authority = authority
    this.#watch = watch
    this.#makesPages = makesPages
  }

  settle(): void {
    const { chance } = this.#world
    const documents = chance.between(0, 3) === 0 ? ['story', 'plan'] : ['story']
    const count = chance.between(2, 4)
    for (let index = 0; index < count; index++) {
      const document = chance.oneOf(documents)
      if (chance.between(0, 1) === 0) this.#addStock(`stock${index}`, document)
      else this.#addNative(`native${index}`, document)
    }
    if (this.#world.isOneIn(8)) this.#addStranger(documents[0] ?? '')
  }

  begin(workMs: number): void {
    this.#workUntil = this.#world.now + workMs
    for (const device of this.devices) device.open()
    for (const person of this.people) person.workUntil(this.#workUntil)
  }

  /** A profile was copied to another machine: both go on, and each takes itself for the only one. */
  clone(original: NativeDevice): void {
    if (this.natives.filter(({ isCloned }) => isCloned).length > clonesMax) return
    original.isCloned = true
    const name = `${original.name}-clone${this.natives.length}`
    const clone = this.#newDevice({ ...original.options, name }, original)
    clone.isCloned = true
    const tab = this.#addTab(clone, name)
    tab.open()
    this.people.at(-1)?.workUntil(this.#workUntil)
  }

  #addNative(name: string, document: string): void {
    const accept = this.#relay.acceptNative()
    const device = this.#newDevice({ name, subject: name, document, accept })
    const tabs = this.#world.chance.oneOf([1, 1, 1, 2, 3])
    for (let tab = 0; tab < tabs; tab++) this.#addTab(device, tab === 0 ? name : `${name}-tab${tab}`)
  }

  #newDevice(options: NativeDevice['options'], clonedFrom?: NativeDevice): NativeDevice {
    const device = new NativeDevice(
      this.#world,
      this.#network,
      this.#authority,
      this.#watch,
      options,
      clonedFrom,
    )
    this.natives.push(device)
    return device
  }

  #addTab(device: NativeDevice, name: string): NativeTab {
    const tab = new NativeTab(this.#world, device, name, this.#authority.mayRead(device.subject))
    this.#seat(tab)
    return tab
  }

  #addStranger(document: string): void {
    this.#authority.shutOut('stranger')
    this.#addNative('stranger', document)
  }

  #addStock(name: string, document: string): void {
    const mayWrite = !this.#world.isOneIn(12)
    this.#authority.allowWriting(name, mayWrite)
    const way = { isOpen: true, delayMsMax: 40, bytesPerMs: 1_000 }
    const accept = this.#relay.acceptStock(document, name)
    const keepsRows = !this.#world.isOneIn(3)
    this.#seat(
      new StockReplica(this.#world, this.#network, way, { name, document, mayWrite, keepsRows, accept }),
    )
  }

  #seat(replica: Replica & Device): void {
    const { chance } = this.#world
    this.replicas.push(replica)
    this.devices.push(replica)
    this.people.push(
      new Person(this.#world, replica, {
        onlyReads: this.#world.isOneIn(6),
        pauseMsMax: chance.oneOf([200, 1_000, 4_000]),
        formats: chance.between(0, 2) === 0,
        undoes: chance.between(0, 2) === 0,
        makesPages: this.#makesPages && replica instanceof NativeTab,
      }),
    )
  }
}
