// tab-channel.ts — what the tabs of one device broadcast to each other: late, sometimes twice, and to a page that is
// frozen not at all. Must not know: what is said.
import type { World } from './world.ts'

export type Listener<Word> = {
  readonly name: string
  /** Frozen pages hear nothing, and are not told later. */
  readonly isDeaf: () => boolean
  readonly hear: (word: Word) => void
}

const delayMsMax = 25

export class TabChannel<Word> {
  readonly #world: World
  readonly #listeners = new Set<Listener<Word>>()

  constructor(world: World) {
    this.#world = world
  }

  join(listener: Listener<Word>): void {
    this.#listeners.add(listener)
  }

  leave(listener: Listener<Word>): void {
    this.#listeners.delete(listener)
  }

  /** To all but the one who says it. */
  say(word: Word, speaker: Listener<Word>): void {
    for (const listener of this.#listeners) {
      if (listener === speaker || listener.isDeaf()) continue
      const times = this.#world.isOneIn(10) ? 2 : 1
      for (let time = 0; time < times; time++) this.#sayTo(listener, word)
    }
  }

  #sayTo(listener: Listener<Word>, word: Word): void {
    this.#world.after(this.#world.chance.between(1, delayMsMax), `${listener.name} hears a broadcast`, () => {
      if (this.#listeners.has(listener) && !listener.isDeaf()) listener.hear(word)
    })
  }
}
