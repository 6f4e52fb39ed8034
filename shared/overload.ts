// overload.ts — whether the relay has too much to do, from numbers that somebody samples, and what it then puts off.
// Knows: thresholds, how long a number has to stand, which class of documents is served. Must not know: where numbers
// come from, links, clocks: one sample a second is what its counts are made for. Edits on links that are open are never
// put off: what slows them is the disk, and sockets that are not read. [B1]
import { relayMode, trafficClass } from './message.ts'
import type { MessageOf } from './message.ts'

export type OverloadMode = 'normal' | 'busy' | 'shedding'

/** What those who run a relay say of a document; `critical` is served as long as anything is. */
export type DocumentClass = 'critical' | 'normal' | 'bulk'

export type Load = {
  /** How late the process came to what it was to do. */
  readonly loopLagMs: number
  /** Appends that wait for the disk. */
  readonly waitingBytes: number
  /** Given out, and not taken yet by whoever asked for it: it stays in memory. */
  readonly unsentBytes: number
  /** What the slowest commit took. */
  readonly commitMs: number
  readonly links: number
  /** The disk does not write: nothing can be acknowledged. */
  readonly isRefused: boolean
}

type Numbers = Omit<Load, 'isRefused'>

/**
 * From here on it is so. It is over below half of it: a relay at the edge does not go back and forth.
 *
 * Of what waits: 200 people who write without a pause, 60,000 edits of 20 bytes a second, keep 10 to 13 MB waiting and are
 * answered in 0.2 to 0.4 s, with commits of 0.1 s; nothing has to be put off for that. With edits of 3,000 bytes they come to
 * where the sockets of a tenant are not read any more, and wait for 2 s: so it is busy there. One tenant alone comes no
 * further; what several have waiting, and would have to wait for, is thrice as much.
 *
 * What readers have not taken keeps nobody waiting, and is memory alone: each of 200 who join a large document at once may
 * have a megabyte of it.
 */
export const thresholds: Readonly<Record<'busy' | 'shedding', Numbers>> = {
  busy: {
    loopLagMs: 150,
    waitingBytes: 16 * 1024 * 1024,
    unsentBytes: 256 * 1024 * 1024,
    commitMs: 500,
    links: 100_000,
  },
  shedding: {
    loopLagMs: 750,
    waitingBytes: 48 * 1024 * 1024,
    unsentBytes: 1024 * 1024 * 1024,
    commitMs: 3_000,
    links: 250_000,
  },
}

/** Samples in a row: one long turn of garbage collection is no load, and relief has to last. */
export const samplesToRise = 2
export const samplesToFall = 5

const ranks = ['normal', 'busy', 'shedding'] as const satisfies readonly OverloadMode[]
const numbers = [
  'loopLagMs',
  'waitingBytes',
  'unsentBytes',
  'commitMs',
  'links',
] as const satisfies readonly (keyof Numbers)[]

const words: Readonly<Record<OverloadMode, Omit<MessageOf<'mode'>, 'type'>>> = {
  normal: { mode: relayMode.normal, classes: 0, afterMs: 0 },
  busy: { mode: relayMode.shed, classes: trafficClass.bulk, afterMs: 5_000 },
  shedding: { mode: relayMode.shed, classes: trafficClass.bulk + trafficClass.normal, afterMs: 15_000 },
}
const refusingWord = { ...words.shedding, mode: relayMode.readOnly, afterMs: 5_000 }

export class Overload {
  #mode: OverloadMode = 'normal'
  #isRefused = false
  #rising = 0
  #falling = 0

  get mode(): OverloadMode {
    return this.#mode
  }

  /** What links are told of it. */
  get word(): MessageOf<'mode'> {
    return { type: 'mode', ...(this.#isRefused ? refusingWord : words[this.#mode]) }
  }

  /** Returns whether there is another word now. */
  sampled(load: Load): boolean {
    const before = this.word.mode + this.word.classes * 4
    this.#isRefused = load.isRefused
    this.#count(load)
    return this.word.mode + this.word.classes * 4 !== before
  }

  isShed(documentClass: DocumentClass): boolean {
    if (documentClass === 'critical' || this.#mode === 'normal') return false
    return documentClass === 'bulk' || this.#mode === 'shedding'
  }

  #count(load: Load): void {
    const rank = ranks.indexOf(this.#mode)
    const above = rankOf(load, 1)
    const stays = rankOf(load, 0.5)
    this.#rising = above > rank ? this.#rising + 1 : 0
    this.#falling = stays < rank ? this.#falling + 1 : 0
    if (this.#rising >= samplesToRise) this.#go(above)
    else if (this.#falling >= samplesToFall) this.#go(rank - 1)
  }

  #go(rank: number): void {
    this.#mode = ranks[rank] ?? this.#mode
    this.#rising = 0
    this.#falling = 0
  }
}

/** How far up these numbers would bring it, were the thresholds so much of what they are. */
function rankOf(load: Load, share: number): number {
  const isPast = (mode: 'busy' | 'shedding') =>
    numbers.some((name) => load[name] >= thresholds[mode][name] * share)
  if (isPast('shedding')) return 2
  return isPast('busy') ? 1 : 0
}
