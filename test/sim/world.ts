// world.ts — virtual time: a queue of events in a stable order, and chance from one seed. Knows: when what happens,
// and that promises are settled between two events. Must not know: what the events are about. The same seed gives
// the same world, event for event; its trace has one line for each.
import { chanceFrom } from '../chance.ts'
import type { Chance } from '../chance.ts'

/** A rule of docs/INVARIANTS.md that did not hold. */
export class BrokenRule extends Error {
  readonly rule: string

  constructor(rule: string, sentence: string) {
    super(`[${rule}] ${sentence}`)
    this.rule = rule
  }
}

type Event = {
  readonly time: number
  readonly order: number
  readonly what: string
  act: (() => void) | undefined
}

/** Takes back what was planned. */
export type Cancel = () => void

export class World {
  readonly seed: number
  readonly chance: Chance
  /** Whether anybody will read the trace: it costs as much as the events. */
  readonly isTold: boolean
  readonly trace: string[] = []
  /** Performed after each event, when all promises are settled. */
  afterEach: () => void = () => undefined
  events = 0
  #now = 0
  #order = 0
  #lastId = 0
  readonly #queue: Event[] = []
  #failure: unknown

  constructor(seed: number, isTold: boolean) {
    this.seed = seed
    this.isTold = isTold
    this.chance = chanceFrom(seed)
  }

  get now(): number {
    return this.#now
  }

  /** Events of one time happen in the order in which they were planned. */
  after(ms: number, what: string, act: () => void): Cancel {
    const event: Event = { time: this.#now + ms, order: ++this.#order, what, act }
    this.#push(event)
    return () => {
      event.act = undefined
    }
  }

  at(time: number, what: string, act: () => void): Cancel {
    return this.after(Math.max(0, time - this.#now), what, act)
  }

  /** A line between the lines of events. */
  note(line: string): void {
    if (this.isTold) this.trace.push(`${' '.repeat(12)}${line}`)
  }

  /** For what goes wrong where nobody can throw to: in promises, and in callbacks of Yjs. */
  fail(failure: unknown): void {
    this.#failure ??= failure
  }

  /** True once in so many times. */
  isOneIn(times: number): boolean {
    return this.chance.between(1, times) === 1
  }

  /** At least 0 and below 1. */
  random(): number {
    return this.chance.between(0, 9_999) / 10_000
  }

  id(bytes: number): Uint8Array {
    const id = new Uint8Array(bytes)
    for (let index = 0; index < bytes; index++) id[index] = this.chance.between(0, 255)
    return id
  }

  /** Client ids as Yjs makes them, but never one twice. */
  clientId(): number {
    this.#lastId += 1
    return this.chance.between(1, 2 ** 20) * 2 ** 11 + this.#lastId
  }

  /** Runs until it is over, by its own word, or until this time. Throws what failed. */
  async run(until: number, isOver: () => boolean, eventsMax: number): Promise<void> {
    const eventsEnd = this.events + eventsMax
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined || next.time > until) {
        this.#now = until
        return
      }
      this.#pop()
      if (next.act === undefined) continue
      this.#now = next.time
      this.events += 1
      if (this.events > eventsEnd) throw new BrokenRule('L1', `It goes on and on: ${this.events} events.`)
      if (this.isTold) this.trace.push(`${(next.time / 1000).toFixed(3).padStart(10)}  ${next.what}`)
      next.act()
      await settled()
      if (this.#failure === undefined) this.afterEach()
      if (this.#failure !== undefined) throw this.#failure
      if (isOver()) return
    }
  }

  #push(event: Event): void {
    const queue = this.#queue
    let index = queue.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (!isBefore(event, queue[parent]!)) break
      queue[index] = queue[parent]!
      index = parent
    }
    queue[index] = event
  }

  #pop(): void {
    const queue = this.#queue
    const last = queue.pop()
    if (last === undefined || queue.length === 0) return
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= queue.length) break
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1
      if (!isBefore(queue[child]!, last)) break
      queue[index] = queue[child]!
      index = child
    }
    queue[index] = last
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.time < right.time || (left.time === right.time && left.order < right.order)
}

/** All promises that can be settled without another event are settled when the next turn of Node begins. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
