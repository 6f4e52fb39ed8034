// life.ts — one seed from its beginning to its end: a world with a relay, replicas and people; bad weather for a
// while; then everything works, and within a bound all has to be quiet and equal [L1] [C1]. Knows: all parts of the
// simulator. Must not know: seeds but its own.
import { right } from '../../shared/message.ts'
import type { Grant } from '../../shared/session.ts'
import { Invariants } from './invariants.ts'
import { NativeReplica } from './native-replica.ts'
import { Network } from './network.ts'
import { Person } from './people.ts'
import { SimulatedRelay, tenant } from './relay.ts'
import type { Device, Replica } from './replica.ts'
import { StockReplica } from './stock-replica.ts'
import { Weather } from './weather.ts'
import { BrokenRule, World } from './world.ts'

/** Half-open sockets are noticed within half a minute by stock clients, within a minute by native ones; then backoff. */
const healMsMax = 300_000
const quietMs = 3_000
const eventsMax = 30_000

export type Counts = {
  events: number
  edits: number
  crashes: number
  cuts: number
  restores: number
  tabKills: number
  diskFaults: number
  folds: number
  losses: number
}

export type Outcome = {
  readonly seed: number
  readonly counts: Counts
  readonly failure: { readonly rule: string; readonly sentence: string } | undefined
  readonly trace: readonly string[]
}

/** The world that lives now, for what goes wrong in a promise that nobody holds. */
let living: World | undefined

export function failLiving(error: unknown): void {
  if (living === undefined) throw error
  living.fail(error)
}

export async function live(seed: number): Promise<Outcome> {
  const world = new World(seed)
  living = world
  const life = new Life(world)
  let failure: Outcome['failure']
  try {
    await life.run()
  } catch (error) {
    const sentence = error instanceof BrokenRule ? error.message : String((error as Error).stack)
    failure = { rule: error instanceof BrokenRule ? error.rule : 'crashed', sentence }
  }
  living = undefined
  return { seed, counts: life.counts, failure, trace: world.trace }
}

class Life {
  readonly #world: World
  readonly #network: Network
  readonly #relay: SimulatedRelay
  readonly #replicas: Replica[] = []
  readonly #devices: Device[] = []
  readonly #people: Person[] = []
  readonly #weather: Weather
  readonly #invariants: Invariants

  constructor(world: World) {
    this.#world = world
    this.#network = new Network(world)
    this.#relay = new SimulatedRelay(world, this.#network, (token) => grantOf(token))
    this.#populate()
    this.#weather = new Weather(world, this.#network, this.#relay, this.#devices)
    this.#invariants = new Invariants(world, this.#network, this.#relay, this.#replicas)
  }

  get counts(): Counts {
    const { kills, restores, diskFaults, folds, losses } = this.#relay.counts
    return {
      events: this.#world.events,
      edits: this.#people.reduce((sum, { edits }) => sum + edits, 0),
      crashes: kills,
      cuts: this.#network.cuts,
      restores,
      tabKills: this.#weather.counts.tabKills,
      diskFaults,
      folds,
      losses,
    }
  }

  async run(): Promise<void> {
    const world = this.#world
    const workMs = world.chance.between(2_000, 11_000)
    this.#relay.start()
    for (const device of this.#devices) device.open()
    for (const person of this.#people) person.workUntil(workMs)
    this.#weather.begin()
    await world.run(workMs, () => false, eventsMax)
    world.note('the weather clears up')
    this.#weather.heal()
    await this.#comeToRest()
    this.#invariants.checkAtTheEnd()
  }

  /** At rest, and still so a little later. */
  async #comeToRest(): Promise<void> {
    const world = this.#world
    const until = world.now + healMsMax
    let why = this.#invariants.whyNotAtRest()
    let restsSince: number | undefined
    for (;;) {
      if (world.now >= until) {
        const rule = why?.includes('deletes') === true ? 'C1' : 'L1'
        const sentence = `${why}, ${healMsMax / 1000} s after all was well again. ${this.#invariants.differences()}`
        throw new BrokenRule(rule, sentence)
      }
      await world.run(Math.min(until, world.now + quietMs / 3), () => false, eventsMax)
      why = this.#invariants.whyNotAtRest()
      if (why !== undefined) restsSince = undefined
      else if (restsSince === undefined) restsSince = world.now
      else if (world.now - restsSince >= quietMs) return
    }
  }

  #populate(): void {
    const { chance } = this.#world
    const documents = chance.between(0, 3) === 0 ? ['story', 'plan'] : ['story']
    const count = chance.between(2, 4)
    for (let index = 0; index < count; index++) {
      const document = chance.oneOf(documents)
      if (chance.between(0, 1) === 0) this.#addStock(`stock${index}`, document)
      else this.#addNative(`native${index}`, document)
    }
  }

  #addNative(name: string, document: string): void {
    const way = { isOpen: true, delayMsMax: 40, bytesPerMs: 1_000 }
    const accept = this.#relay.acceptNative()
    this.#settle(
      new NativeReplica(this.#world, this.#network, way, { name, document, mayWrite: true, accept }),
    )
  }

  #addStock(name: string, document: string): void {
    const mayWrite = !this.#world.isOneIn(12)
    const way = { isOpen: true, delayMsMax: 40, bytesPerMs: 1_000 }
    const replica = new StockReplica(this.#world, this.#network, way, {
      name,
      document,
      mayWrite,
      keepsRows: !this.#world.isOneIn(3),
      accept: this.#relay.acceptStock(document, grantFor(name, mayWrite)),
    })
    this.#settle(replica)
  }

  #settle(replica: Replica & Device): void {
    const { chance } = this.#world
    this.#replicas.push(replica)
    this.#devices.push(replica)
    this.#people.push(
      new Person(this.#world, replica, {
        onlyReads: this.#world.isOneIn(6),
        pauseMsMax: chance.oneOf([200, 1_000, 4_000]),
        formats: chance.between(0, 2) === 0,
        undoes: chance.between(0, 2) === 0,
      }),
    )
  }
}

function grantFor(subject: string, mayWrite: boolean): Grant {
  return {
    tenant,
    subject,
    expiresAt: undefined,
    rightsVersion: 1,
    rightsOf: () => right.read + (mayWrite ? right.write : 0),
  }
}

/** A token is its subject's name; a reader's ends in «-reads». */
function grantOf(token: string): Grant | string {
  return token === '' ? 'There is no token.' : grantFor(token, !token.endsWith('-reads'))
}
