// weather.ts — what goes wrong in a world, and when: each seed has its own climate, some mild and some with a few
// faults that come often. Knows: all faults there are. Must not know: what anybody should do about them.
import type { Network } from './network.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Device } from './replica.ts'
import type { World } from './world.ts'

type Fault =
  | 'cut'
  | 'halfOpen'
  | 'offline'
  | 'longOffline'
  | 'lid'
  | 'tabKill'
  | 'slowReader'
  | 'spike'
  | 'relayKill'
  | 'powerLoss'
  | 'restore'
  | 'damage'
  | 'diskFull'
  | 'diskBroken'
  | 'diskSlow'

const monthMs = 30 * 24 * 3_600_000

/** Milliseconds between two of a kind, at the least; the worse ones are rarer. */
const rareness: Record<Fault, number> = {
  cut: 1_500,
  halfOpen: 4_000,
  offline: 3_000,
  longOffline: 9_000,
  lid: 5_000,
  tabKill: 2_500,
  slowReader: 2_000,
  spike: 4_000,
  relayKill: 4_000,
  powerLoss: 4_000,
  restore: 5_000,
  damage: 9_000,
  diskFull: 3_000,
  diskBroken: 3_000,
  diskSlow: 3_000,
}
const faults = Object.keys(rareness) as Fault[]

const calmWay = { delayMsMax: 40, bytesPerMs: 1_000 }

export class Weather {
  readonly #world: World
  readonly #network: Network
  readonly #relay: SimulatedRelay
  readonly #devices: readonly Device[]
  #isOver = false
  readonly counts = { tabKills: 0 }

  constructor(world: World, network: Network, relay: SimulatedRelay, devices: readonly Device[]) {
    this.#world = world
    this.#network = network
    this.#relay = relay
    this.#devices = devices
  }

  begin(): void {
    const { chance } = this.#world
    const often = chance.between(1, 4)
    for (const fault of faults) if (chance.between(0, 2) === 0) this.#plan(fault, rareness[fault] * often)
    this.#backUp()
  }

  /** Everything works from now on, and everybody is there. */
  heal(): void {
    this.#isOver = true
    this.#relay.heal()
    for (const device of this.#devices) {
      Object.assign(device.way, calmWay)
      device.thaw()
      device.open()
      device.comeBack()
    }
  }

  #backUp(): void {
    this.#later(this.#world.chance.between(500, 6_000), 'the disk is copied', () => {
      this.#relay.backUp()
      this.#backUp()
    })
  }

  #plan(fault: Fault, ms: number): void {
    this.#later(this.#world.chance.between(1, ms * 2), `weather: ${fault}`, () => {
      this.#happen(fault)
      this.#plan(fault, ms)
    })
  }

  #later(ms: number, what: string, act: () => void): void {
    this.#world.after(ms, what, () => {
      if (!this.#isOver) act()
    })
  }

  #happen(fault: Fault): void {
    const { chance } = this.#world
    const device = chance.oneOf(this.#devices)
    switch (fault) {
      case 'cut':
      case 'halfOpen':
        return this.#breakLines(device, fault)
      case 'offline':
        return this.#goOffline(device, chance.between(100, 20_000))
      case 'longOffline':
        return this.#goOffline(device, chance.between(0, 4) === 0 ? monthMs : 60_000)
      case 'lid':
        device.freeze()
        return this.#later(chance.between(100, 90_000), `${device.name} opens the lid`, () => device.thaw())
      case 'tabKill':
        this.counts.tabKills += 1
        device.kill()
        return this.#later(chance.between(10, 5_000), `${device.name} opens a tab`, () => device.open())
      case 'slowReader':
        device.way.bytesPerMs = chance.oneOf([0.02, 0.1, 0.5])
        return this.#later(chance.between(500, 20_000), `${device.name} reads again`, () => {
          device.way.bytesPerMs = calmWay.bytesPerMs
        })
      case 'spike':
        device.way.delayMsMax = chance.between(500, 8_000)
        return this.#later(chance.between(500, 10_000), `${device.name} is near again`, () => {
          device.way.delayMsMax = calmWay.delayMsMax
        })
      case 'relayKill':
      case 'powerLoss':
        return this.#relay.kill(fault === 'relayKill' ? 'kill' : 'power')
      case 'restore':
        return this.#relay.restore()
      case 'damage':
        return this.#relay.damage()
      case 'diskFull':
      case 'diskBroken':
        return this.#relay.failDisk(fault === 'diskFull' ? 'full' : 'broken', chance.between(1, 4))
      case 'diskSlow':
        this.#relay.slowDisk(true)
        return this.#later(chance.between(500, 10_000), 'the disk is fast again', () =>
          this.#relay.slowDisk(false),
        )
    }
  }

  #goOffline(device: Device, ms: number): void {
    device.goOffline()
    this.#breakLines(device, this.#world.isOneIn(3) ? 'halfOpen' : 'cut')
    this.#later(ms, `${device.name} comes back`, () => device.comeBack())
  }

  #breakLines(device: Device, death: 'cut' | 'halfOpen'): void {
    for (const line of this.#network.lines) if (line.way === device.way) this.#network.break(line, death)
  }
}
