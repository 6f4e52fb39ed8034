// id-ranges.ts — a growing set of characters, by their ids: a client's and how many it wrote before. Pure.
import type { CharacterRange } from 'syncline/types'

type Span = { readonly start: number; readonly end: number }

export class IdRanges {
  /** Rising, with room between them. */
  readonly #spans = new Map<number, readonly Span[]>()

  add({ client, clock, length }: CharacterRange): void {
    const spans = this.#spans.get(client) ?? []
    const touched = spans.filter(({ start, end }) => start <= clock + length && clock <= end)
    const start = Math.min(clock, touched.at(0)?.start ?? clock)
    const end = Math.max(clock + length, touched.at(-1)?.end ?? 0)
    const others = spans.filter((span) => !touched.includes(span))
    this.#spans.set(
      client,
      [...others, { start, end }].toSorted((one, other) => one.start - other.start),
    )
  }

  /** What of it is not among them. */
  outside({ client, clock, length }: CharacterRange): readonly CharacterRange[] {
    const outside: CharacterRange[] = []
    let from = clock
    for (const { start, end } of this.#spans.get(client) ?? []) {
      if (start >= clock + length) break
      if (start > from) outside.push({ client, clock: from, length: start - from })
      from = Math.max(from, end)
    }
    if (from < clock + length) outside.push({ client, clock: from, length: clock + length - from })
    return outside
  }

  overlaps(range: CharacterRange): boolean {
    const outside = this.outside(range)
    return outside.length !== 1 || outside[0]?.length !== range.length
  }

  hasAll(range: CharacterRange): boolean {
    return this.outside(range).length === 0
  }
}
