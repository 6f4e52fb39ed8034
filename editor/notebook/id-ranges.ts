// id-ranges.ts — a growing set of characters, by their ids: a client's and how many it wrote before. Pure. Anybody may have made
// very many of them: what is asked takes no longer for that. [B1]
import type { CharacterId, CharacterRange } from 'syncline/types'

type Span = { readonly start: number; readonly end: number }

export class IdRanges {
  /** Rising, with room between them. */
  readonly #spans = new Map<number, Span[]>()

  constructor(ranges: readonly CharacterRange[] = []) {
    // In this order each goes to the end.
    for (const range of ranges.toSorted(byId)) this.add(range)
  }

  add({ client, clock, length }: CharacterRange): void {
    const spans = this.#spans.get(client) ?? []
    this.#spans.set(client, spans)
    const from = firstEndingAt(clock, spans)
    let start = clock
    let end = clock + length
    let to = from
    for (let span = spans[to]; span !== undefined && span.start <= end; span = spans[(to += 1)]) {
      start = Math.min(start, span.start)
      end = Math.max(end, span.end)
    }
    spans.splice(from, to - from, { start, end })
  }

  /** What of it is among them. */
  inside({ client, clock, length }: CharacterRange): readonly CharacterRange[] {
    const inside: CharacterRange[] = []
    const spans = this.#spans.get(client) ?? []
    const end = clock + length
    for (let index = firstEndingAt(clock + 1, spans); index < spans.length; index += 1) {
      const span = spans[index]
      if (span === undefined || span.start >= end) break
      const start = Math.max(clock, span.start)
      inside.push({ client, clock: start, length: Math.min(end, span.end) - start })
    }
    return inside
  }

  /** What of it is not. */
  outside(range: CharacterRange): readonly CharacterRange[] {
    const outside: CharacterRange[] = []
    const { client } = range
    let from = range.clock
    const add = (to: number): void => {
      if (from < to) outside.push({ client, clock: from, length: to - from })
    }
    for (const { clock, length } of this.inside(range)) {
      add(clock)
      from = clock + length
    }
    add(range.clock + range.length)
    return outside
  }

  overlaps(range: CharacterRange): boolean {
    return this.inside(range).length > 0
  }

  hasAll(range: CharacterRange): boolean {
    return this.outside(range).length === 0
  }
}

export function byId(one: CharacterId, other: CharacterId): number {
  return one.client - other.client || one.clock - other.clock
}

/** There or later. */
function firstEndingAt(clock: number, spans: readonly Span[]): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const span = spans[middle]
    if (span !== undefined && span.end < clock) low = middle + 1
    else high = middle
  }
  return low
}
