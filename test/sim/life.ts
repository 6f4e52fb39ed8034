// life.ts — one seed from its beginning to its end: a world with a relay, replicas and people; bad weather for a
// while; then everything works, and within a bound all has to be quiet and equal [L1] [C1]. Knows: all parts of the
// simulator. Must not know: seeds but its own.
import { Authority } from './authority.ts'
import { Invariants } from './invariants.ts'
import { Network } from './network.ts'
import { Population } from './population.ts'
import { PresenceWatch } from './presence-watch.ts'
import { SimulatedRelay } from './relay.ts'
import { Weather } from './weather.ts'
import { BrokenRule, World } from './world.ts'

/** Half-open sockets are noticed within half a minute by stock clients, within a minute by native ones; then backoff. */
const healMsMax = 300_000
const quietMs = 3_000
const eventsMax = 30_000
/** How long tokens live, where they do not live for ever. */
const tokenMs = [2_000, 9_000, 80_000]

export type Counts = {
  events: number
  edits: number
  crashes: number
  cuts: number
  restores: number
  tabKills: number
  clones: number
  diskFaults: number
  folds: number
  storeFolds: number
  losses: number
  replacements: number
  purges: number
}

export type Outcome = {
  readonly seed: number
  readonly counts: Counts
  readonly failure: { readonly rule: string; readonly sentence: string } | undefined
  readonly trace: readonly string[]
}

/** The world that lives now, for what goes wrong in a promise that nobody holds. */
let living: World | undefined
/** What breaks one promise breaks others, and some of them fall when the world has ended for it. */
let hasEndedBroken = false

export function failLiving(error: unknown): void {
  if (living !== undefined) living.fail(error)
  else if (!hasEndedBroken) throw error
}

export async function live(seed: number, isTold: boolean): Promise<Outcome> {
  const world = new World(seed, isTold)
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
  hasEndedBroken = failure !== undefined
  return { seed, counts: life.counts, failure, trace: world.trace }
}

class Life {
  readonly #world: World
  readonly #network: Network
  readonly #relay: SimulatedRelay
  readonly #population: Population
  readonly #weather: Weather
  readonly #invariants: Invariants

  constructor(world: World) {
    this.#world = world
    const { chance } = world
    this.#network = new Network(world)
    const authority = new Authority(world, world.isOneIn(3) ? chance.oneOf(tokenMs) : undefined)
    const watch = new PresenceWatch(world)
    this.#relay = new SimulatedRelay(world, this.#network, authority)
    const makesPages = world.isOneIn(4)
    this.#population = new Population(world, this.#network, this.#relay, authority, watch, makesPages)
    this.#population.settle()
    const { devices, natives, replicas } = this.#population
    this.#weather = new Weather(world, {
      network: this.#network,
      relay: this.#relay,
      authority,
      devices,
      natives,
      clone: (native) => this.#population.clone(native),
      losesRows: !makesPages,
    })
    this.#invariants = new Invariants(world, this.#network, this.#relay, { replicas, authority, watch })
  }

  get counts(): Counts {
    const { kills, restores, diskFaults, folds, losses, replacements, purges } = this.#relay.counts
    const { people, natives } = this.#population
    return {
      events: this.#world.events,
      edits: people.reduce((sum, { edits }) => sum + edits, 0),
      crashes: kills,
      cuts: this.#network.cuts,
      restores,
      ...this.#weather.counts,
      diskFaults,
      folds,
      storeFolds: natives.reduce((sum, { counts }) => sum + counts.folds, 0),
      losses,
      replacements,
      purges,
    }
  }

  async run(): Promise<void> {
    const world = this.#world
    const workMs = world.chance.between(1_500, 6_500)
    this.#relay.start()
    this.#population.begin(workMs)
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
    const eventsEnd = world.events + eventsMax
    let why = this.#invariants.whyNotAtRest()
    let restsSince: number | undefined
    for (;;) {
      if (world.now >= until) {
        const rule = why?.includes('deletes') === true ? 'C1' : 'L1'
        const sentence = `${why}, ${healMsMax / 1000} s after all was well again. ${this.#invariants.differences()}`
        throw new BrokenRule(rule, sentence)
      }
      await world.run(Math.min(until, world.now + quietMs / 3), () => false, eventsEnd - world.events)
      why = this.#invariants.whyNotAtRest()
      if (why !== undefined) restsSince = undefined
      else if (restsSince === undefined) restsSince = world.now
      else if (world.now - restsSince >= quietMs) return
    }
  }
}
