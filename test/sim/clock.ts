// clock.ts — what one machine takes for the time: mostly right, sometimes a year ahead or behind. Knows: virtual time.
// Must not know: whose it is.
import type { Cancel, World } from './world.ts'

const yearMs = 365 * 24 * 3_600_000
/** The world begins at nothing; a clock that is behind still has to show a time. */
const beginsAt = 2 * yearMs

export class Clock {
  readonly #world: World
  readonly #aheadMs: number

  constructor(world: World) {
    this.#world = world
    this.#aheadMs = world.isOneIn(6) ? world.chance.oneOf([-1, 1]) * yearMs : 0
  }

  get now(): number {
    return this.reading(this.#world.now)
  }

  /** What it shows at a moment of the world. */
  reading(time: number): number {
    return beginsAt + this.#aheadMs + time
  }

  /** When it shows this. */
  at(reading: number, what: string, act: () => void): Cancel {
    return this.#world.at(reading - this.reading(0), what, act)
  }
}
