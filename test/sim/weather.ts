// weather.ts — what goes wrong in a world, and when: each seed has its own climate, some mild and some with a few
// faults that come often. Knows: all faults there are. Must not know: what anybody should do about them.
import * as Y from 'yjs'
import type { Authority } from './authority.ts'
import type { NativeDevice } from './native-device.ts'
import type { Network } from './network.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Device } from './replica.ts'
import { newDoc } from './truth.ts'
import type { World } from './world.ts'

type Fault =
  | 'cut'
  | 'halfOpen'
  | 'offline'
  | 'longOffline'
  | 'switchedOff'
  | 'lid'
  | 'tabKill'
  | 'browserKill'
  | 'clone'
  | 'storeFull'
  | 'rightEnds'
  | 'slowReader'
  | 'spike'
  | 'relayKill'
  | 'powerLoss'
  | 'restore'
  | 'damage'
  | 'replace'
  | 'purge'
  | 'diskFull'
  | 'diskBroken'
  | 'diskSlow'

const reviveAgainMs = 2_000
/** What was asked for before may come to its end only now. */
const looksMin = 9
const monthMs = 30 * 24 * 3_600_000

/** Milliseconds between two of a kind, at the least; the worse ones are rarer. */
const rareness: Record<Fault, number> = {
  cut: 1_500,
  halfOpen: 4_000,
  offline: 3_000,
  longOffline: 9_000,
  switchedOff: 5_000,
  lid: 3_000,
  tabKill: 2_500,
  browserKill: 5_000,
  clone: 7_000,
  storeFull: 4_000,
  rightEnds: 3_000,
  slowReader: 1_200,
  spike: 4_000,
  relayKill: 4_000,
  powerLoss: 4_000,
  restore: 4_000,
  damage: 4_000,
  replace: 6_000,
  purge: 9_000,
  diskFull: 3_000,
  diskBroken: 3_000,
  diskSlow: 3_000,
}
const faults = Object.keys(rareness) as Fault[]

/** What has broken something together. */
const knownPlagues: readonly (readonly Fault[])[] = [
  // Pushes are still on their way on one socket when the next one is refused them.
  ['spike', 'rightEnds', 'tabKill'],
  // Deletes are derived by somebody who may not write any more.
  ['rightEnds', 'offline', 'lid'],
  // The relay lost what it had, and what gives it back is cut.
  ['restore', 'cut', 'lid'],
  // Edits are acknowledged before a disk takes them.
  ['storeFull', 'diskSlow', 'cut'],
  // A tab writes what another one has moved.
  ['storeFull', 'replace', 'offline'],
]

const calmWay = { delayMsMax: 40, bytesPerMs: 1_000 }

/** What there is to go wrong. */
export type Surroundings = {
  readonly network: Network
  readonly relay: SimulatedRelay
  readonly authority: Authority
  /** Grows when a profile is cloned. */
  readonly devices: readonly Device[]
  readonly natives: readonly NativeDevice[]
  readonly clone: (native: NativeDevice) => void
  /** Not where documents are full: what is given back might have no room any more, and nobody comes to rest. */
  readonly losesRows: boolean
}

export class Weather {
  readonly #world: World
  readonly #there: Surroundings
  /** Whose right has ended, for a while. */
  readonly #mayNotWrite = new Set<NativeDevice>()
  #isOver = false
  readonly counts = { tabKills: 0, clones: 0 }

  constructor(world: World, there: Surroundings) {
    this.#world = world
    this.#there = there
  }

  begin(): void {
    const { chance } = this.#world
    const often = chance.between(1, 4)
    const plague = this.#plague()
    for (const fault of faults) {
      const isMild = this.#there.losesRows || (fault !== 'restore' && fault !== 'damage')
      if (!isMild) continue
      if (plague.includes(fault)) this.#plan(fault, rareness[fault] / 2)
      else if (chance.between(0, plague.length === 0 ? 2 : 5) === 0)
        this.#plan(fault, rareness[fault] * often)
    }
    this.#backUp()
  }

  /** Two worlds in three have a few faults that come all the time: what only two of them together break is met there. */
  #plague(): readonly Fault[] {
    const { chance } = this.#world
    if (this.#world.isOneIn(3)) return []
    if (this.#world.isOneIn(2)) return chance.oneOf(knownPlagues)
    return [chance.oneOf(faults), chance.oneOf(faults), chance.oneOf(faults)]
  }

  /** Everything works from now on, and everybody is there. */
  heal(): void {
    this.#isOver = true
    this.#there.relay.heal()
    for (const { disk } of this.#there.natives) disk.heal()
    for (const device of this.#there.devices) {
      Object.assign(device.way, calmWay)
      device.thaw()
      device.open()
      device.workOffline?.(false)
      device.comeBack()
    }
    // What the relay's disk has lost may be with somebody who may not give it back (INVARIANTS §3).
    for (const native of this.#mayNotWrite) this.#allowWriting(native)
    this.#revive(looksMin)
  }

  #allowWriting(native: NativeDevice): void {
    this.#mayNotWrite.delete(native)
    this.#there.authority.allowWriting(native.subject, true)
    // The token of a running socket says for ever what it said: with another right comes another one.
    for (const tab of native.tabs) this.#breakLines(tab, 'cut')
  }

  #backUp(): void {
    this.#later(this.#world.chance.between(500, 6_000), 'the disk is copied', () => {
      this.#there.relay.backUp()
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
    const { relay, devices } = this.#there
    const device = chance.oneOf(devices)
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
      case 'browserKill':
      case 'clone':
      case 'storeFull':
      case 'switchedOff':
      case 'rightEnds':
        return this.#happenToNative(fault)
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
        return relay.kill(fault === 'relayKill' ? 'kill' : 'power')
      case 'restore':
        return relay.restore()
      case 'damage':
        return relay.damage()
      case 'replace':
      case 'purge':
        return this.#takeAway(fault)
      case 'diskFull':
      case 'diskBroken':
        return relay.failDisk(fault === 'diskFull' ? 'full' : 'broken', chance.between(1, 4))
      case 'diskSlow':
        relay.slowDisk(true)
        return this.#later(chance.between(500, 10_000), 'the disk is fast again', () => relay.slowDisk(false))
    }
  }

  #happenToNative(fault: 'browserKill' | 'clone' | 'storeFull' | 'switchedOff' | 'rightEnds'): void {
    const { chance } = this.#world
    const { natives, authority, clone } = this.#there
    if (natives.length === 0) return undefined
    const native = chance.oneOf(natives)
    switch (fault) {
      case 'browserKill':
        this.counts.tabKills += native.tabs.length
        native.crash(this.#world.isOneIn(3) ? 'power' : 'kill')
        return this.#later(chance.between(10, 5_000), `${native.name} is opened`, () => {
          for (const tab of native.tabs) tab.open()
        })
      case 'clone':
        this.counts.clones += 1
        return clone(native)
      case 'storeFull':
        return native.disk.failNext(chance.oneOf(['full', 'broken']), chance.between(1, 6))
      case 'switchedOff':
        return this.#switchOff(native)
      case 'rightEnds':
        authority.allowWriting(native.subject, false)
        this.#mayNotWrite.add(native)
        // What its old socket still brings, whose token says that it may, comes behind what the new one is refused.
        if (this.#world.isOneIn(2)) this.#switchOff(native)
        return this.#later(chance.between(500, 20_000), `${native.subject} may write again`, () =>
          this.#allowWriting(native),
        )
    }
  }

  /** On a line that is slow: what was said before the switch arrives after what is said behind it. */
  #switchOff(native: NativeDevice): void {
    const { chance } = this.#world
    const ways = native.tabs.map(({ way }) => way)
    for (const way of ways) way.delayMsMax = chance.between(1_000, 8_000)
    this.#later(chance.between(200, 4_000), `${native.name} is switched off`, () => {
      for (const way of ways) way.delayMsMax = calmWay.delayMsMax
      switchTabs(native, true)
      this.#later(chance.between(1, 1_000), `${native.name} is switched on`, () => switchTabs(native, false))
    })
  }

  #takeAway(fault: 'replace' | 'purge'): void {
    const { relay } = this.#there
    const documents = relay.truth.recorded()
    if (documents.length === 0 || !relay.isUp) return
    const document = this.#world.chance.oneOf(documents)
    if (fault === 'replace') relay.replace(document, this.#newContent())
    else relay.purge(document)
  }

  #newContent(): Uint8Array {
    const doc = newDoc()
    doc.clientID = this.#world.clientId()
    doc.getText('text').insert(0, 'anew')
    return Y.encodeStateAsUpdate(doc)
  }

  /** What was purged begins anew; who was told that it is gone tries again when somebody asks for it. */
  #revive(looksLeft: number): void {
    const { relay, natives } = this.#there
    const purged = relay.truth.recorded().filter((document) => relay.truth.isPurged(document))
    if (relay.isUp) for (const document of purged) relay.replace(document, this.#newContent())
    for (const { tabs } of natives) for (const tab of tabs) tab.retry?.()
    if (looksLeft > 0 || purged.length > 0 || !relay.isUp)
      this.#world.after(reviveAgainMs, 'an administrator looks', () => this.#revive(looksLeft - 1))
  }

  #goOffline(device: Device, ms: number): void {
    device.goOffline()
    this.#breakLines(device, this.#world.isOneIn(3) ? 'halfOpen' : 'cut')
    this.#later(ms, `${device.name} comes back`, () => device.comeBack())
  }

  #breakLines(device: Device, death: 'cut' | 'halfOpen'): void {
    for (const line of this.#there.network.lines)
      if (line.way === device.way) this.#there.network.break(line, death)
  }
}

function switchTabs({ tabs }: NativeDevice, isOff: boolean): void {
  for (const tab of tabs) tab.workOffline?.(isOff)
}
