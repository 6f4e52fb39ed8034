// relay.ts — the relay of the simulated world: the real RelayHost on a simulated disk, which can be killed at any
// step and started again, from its disk or from a copy of yesterday. Knows: its process, its disk, the faults of
// both. Must not know: clients, what a frame says.
import { decodeKey, rowRange } from '../../shared/record-keys.ts'
import type { Grant, Refusal } from '../../shared/session-words.ts'
import type { Batch, Store } from '../../shared/store.ts'
import { unchanging } from '../../server/live-grant.ts'
import type { LiveGrant } from '../../server/live-grant.ts'
import { RelayHost } from '../../server/relay-host.ts'
import { WorkshopHere } from '../../server/workshop-here.ts'
import { lineOf } from './batch-line.ts'
import type { Authority } from './authority.ts'
import { tenant } from './authority.ts'
import { Clock } from './clock.ts'
import { SimulatedDisk } from './disk.ts'
import type { Crash, DiskFault } from './disk.ts'
import type { Accept, Network } from './network.ts'
import { Truth } from './truth.ts'
import { BrokenRule } from './world.ts'
import type { Cancel, World } from './world.ts'

/** Steps of its machines for one event: a whole log, in small pages, for each of a few. */
const stepsMax = 20_000
const rowLetter = 0x72
const pieceLetter = 0x73

export class SimulatedRelay {
  readonly #world: World
  readonly #network: Network
  readonly #authority: Authority
  /** Each process has its own. */
  #clock: Clock
  disk: SimulatedDisk
  truth: Truth
  #backup: SimulatedDisk | undefined
  #host: RelayHost | undefined
  /** What a dead process planned must not happen. */
  #life = 0
  readonly #wakeUps = new Map<number, Cancel>()
  #isDiskSlow = false
  /** Rows or pieces are being removed: look whether what they said is still there. */
  #hasRemoved = false
  /** What is left is known when the disk was opened: it may hold more than was synced. */
  #isDamaged = false
  #steps = 0
  #stepsAtEvent = 0
  /** A comparison found a difference. */
  digestDiffered: () => void = () => undefined
  readonly counts = { kills: 0, restores: 0, diskFaults: 0, folds: 0, losses: 0, replacements: 0, purges: 0 }

  constructor(world: World, network: Network, authority: Authority) {
    this.#world = world
    this.#network = network
    this.#authority = authority
    this.#clock = new Clock(world)
    this.disk = new SimulatedDisk({ chance: world.chance, writeWaits: () => this.#settleLater() })
    this.truth = new Truth(this.disk, tenant)
  }

  /** Whether its disk ever lost what it had said to be durable. */
  get hasLostSomething(): boolean {
    return this.counts.restores + this.counts.losses > 0
  }

  get isUp(): boolean {
    return this.#host !== undefined
  }

  start(): void {
    const life = ++this.#life
    const isAlive = () => this.#life === life
    const { chance } = this.#world
    const clock = new Clock(this.#world)
    this.#clock = clock
    const store = this.#watched(this.disk.open())
    // Opening reads back, and syncs, what the process before had only handed to the operating system.
    if (this.#isDamaged) this.#newTruth(true)
    this.#isDamaged = false
    this.truth.diskChanged()
    RelayHost.open({
      store,
      workshop: new WorkshopHere(),
      durability: 'synced',
      now: () => {
        this.#countStep()
        return clock.now
      },
      randomId: () => this.#world.id(16),
      wakeAt: (time) => this.#wakeAt(time, clock, isAlive),
      turnEnds: (then) => {
        this.#world.after(chance.between(0, 1), 'the relay ends its turn', () => {
          if (isAlive()) then()
        })
      },
      soon: (ms, then) => {
        this.#world.after(chance.between(1, 2 * ms), 'the relay has gathered', () => {
          if (isAlive()) then()
        })
      },
      grantOf: (token) => Promise.resolve(liveFrom(this.#authority.grantOf(token, clock))),
      report: (notice) => {
        if (notice.code === 'digest-differed') this.digestDiffered()
        this.#world.note(`relay: ${notice.code} ${notice.document ?? ''} ${String(notice.cause ?? '')}`)
      },
    })
      .then(
        (host) => {
          if (isAlive()) this.#host = host
        },
        (error: unknown) => {
          if (!isAlive()) return
          this.#world.note(`the relay does not open: ${String(error)}`)
          this.kill('kill')
        },
      )
      .catch((error: unknown) => this.#world.fail(error))
  }

  acceptStock(document: string, subject: string): Accept {
    return (socket) => {
      const grant = this.#authority.grantOf(this.#authority.lastingTokenFor(subject), this.#clock)
      return 'reason' in grant ? undefined : this.#host?.connectStock(socket, document, unchanging(grant))
    }
  }

  acceptNative(): Accept {
    return (socket) => this.#host?.connectNative(socket)
  }

  /** All that it had in memory is gone, and what its disk had not synced may be. */
  kill(crash: Crash): void {
    this.counts.kills += 1
    this.#end()
    this.disk.crash(crash)
    this.truth.diskChanged()
    this.#network.relayGone(crash === 'kill' ? 'cut' : 'halfOpen')
    this.truth.checkThatNothingWent('after a crash')
    const ended = this.#life
    this.#world.after(this.#world.chance.between(10, 5_000), 'the relay starts again', () => {
      if (this.#life === ended) this.start()
    })
  }

  backUp(): void {
    this.#backup = this.disk.copy()
  }

  /** Killed, and started from the copy: all since then is known to the replicas alone. */
  restore(): void {
    if (this.#backup === undefined) return
    this.counts.restores += 1
    this.kill('kill')
    this.disk = this.#backup.copy()
    this.#newTruth(this.counts.losses > 0)
  }

  /** While it is down a few rows vanish from its disk. */
  damage(): void {
    this.kill('kill')
    const { chance } = this.#world
    const documents = this.truth.recorded()
    if (documents.length === 0) return
    const document = chance.oneOf(documents)
    const epoch = this.truth.epochOf(document)
    const history = { tenant, document, epoch }
    const lost = this.disk.loseEntries(rowRange(history, 0), chance.between(1, 2))
    for (const key of lost) this.#world.note(`lost: ${JSON.stringify(decodeKey(key))}`)
    this.counts.losses += lost.length
    this.#newTruth(true)
    this.#isDamaged = true
  }

  /** What was durable before counts no more; from here on the replicas have to give it back. */
  #newTruth(mayHaveHoles: boolean): void {
    this.truth = new Truth(this.disk, tenant)
    this.truth.mayHaveHoles = mayHaveHoles
  }

  /** An administrator begins a document anew, with this content. [E1] */
  replace(document: string, update: Uint8Array): void {
    this.counts.replacements += 1
    this.#follow(this.#host?.replace(tenant, document, update))
  }

  /** An administrator takes a document away. [E1] */
  purge(document: string): void {
    this.counts.purges += 1
    this.#follow(this.#host?.purge(tenant, document))
  }

  #follow(work: Promise<void> | undefined): void {
    const life = this.#life
    work?.catch((error: unknown) => {
      if (this.#life === life) this.#world.fail(error)
    })
  }

  failDisk(code: DiskFault, writes: number): void {
    this.counts.diskFaults += 1
    this.disk.failNext(code, writes)
  }

  slowDisk(isSlow: boolean): void {
    this.#isDiskSlow = isSlow
  }

  heal(): void {
    this.disk.heal()
    this.disk.resume()
    this.#isDiskSlow = false
  }

  #end(): void {
    this.#host = undefined
    this.#life += 1
    for (const cancel of this.#wakeUps.values()) cancel()
    this.#wakeUps.clear()
  }

  #wakeAt(time: number, clock: Clock, isAlive: () => boolean): void {
    if (!isAlive() || this.#wakeUps.has(time) || !Number.isFinite(time)) return
    const wake = clock.at(time, 'the relay wakes', () => {
      this.#wakeUps.delete(time)
      if (isAlive()) this.#host?.woke()
    })
    this.#wakeUps.set(time, wake)
  }

  #settleLater(): void {
    const { chance } = this.#world
    const { disk } = this
    const ms = this.#isDiskSlow ? chance.between(50, 2_000) : chance.between(1, 12)
    this.#world.after(ms, 'a write of the relay ends', () => {
      if (disk !== this.disk || !disk.settle()) return
      this.truth.diskChanged()
      if (!this.#hasRemoved) return
      this.truth.checkThatNothingWent('while a fold clears up')
      if (disk.waiting === 0) this.#hasRemoved = false
    })
  }

  /** Reads answer at once, so a relay that asks again and again would never let another event happen. */
  #countStep(): void {
    const { events } = this.#world
    this.#steps = this.#stepsAtEvent === events ? this.#steps + 1 : 1
    this.#stepsAtEvent = events
    if (this.#steps > stepsMax)
      throw new BrokenRule('L1', 'The relay goes round and round, and lets nothing else happen.')
  }

  /** The same store; that something is being removed is noted. */
  #watched(store: Store): Store {
    const write = (batch: Batch) => {
      if (this.#world.isTold) this.#world.note(`disk: ${lineOf(batch)}`)
      const { put = [], remove = [], removeRange = [] } = batch
      if (removeRange.length > 0 || remove.some(({ 0: letter }) => letter === rowLetter))
        this.#hasRemoved = true
      if (put.some(({ key }) => key[0] === pieceLetter)) this.counts.folds += 1
      return store.write(batch)
    }
    return {
      write,
      get: (key) => store.get(key),
      range: (range) => store.range(range),
      close: () => store.close(),
    }
  }
}

function liveFrom(answer: Grant | Refusal): LiveGrant | Refusal {
  return 'reason' in answer ? answer : unchanging(answer)
}
