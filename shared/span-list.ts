// span-list.ts — which clocks an update has structs for, and of what kind, in the order of the update. Knows: that
// neighbours of one kind join. Must not know: what a log holds. Three lists, one for each kind, would cost thrice
// as much for an update of alternating structs.

import { ClientGroups, numberAt } from './client-groups.ts'
import type { ClockRange } from './range-list.ts'

/** A void is GC or ContentDeleted: clocks that hold nothing. A skip is what the update does not have. */
export type SpanKind = 'content' | 'void' | 'skip'

interface Span extends ClockRange {
  readonly kind: SpanKind | undefined
}

const kinds: readonly SpanKind[] = ['content', 'void', 'skip']

/** A clock is multiplied by this to make room for the kind. */
const kindRoom = 4

export class SpanList extends ClientGroups {
  #lastKind: SpanKind = 'content'
  #hasVoids = false

  /** Most updates have none, and need no search for them. */
  get hasVoids(): boolean {
    return this.#hasVoids
  }

  append(client: number, from: number, to: number, kind: SpanKind): void {
    const { numbers } = this
    if (client === this.lastClient && kind === this.#lastKind && numbers.at(-1) === from) {
      numbers[numbers.length - 1] = to
    } else {
      this.pushPair(client, from * kindRoom + kinds.indexOf(kind), to)
      this.#lastKind = kind
      if (kind === 'void') this.#hasVoids = true
    }
  }

  /**
   * Whether `holds` is true for every stretch of clocks that have structs, asked in order and not further than the
   * first that is not. Where voids and content meet, one run comes in parts.
   */
  everyRun(holds: (client: number, from: number, to: number) => boolean): boolean {
    return this.everyClient((client, numbers, start, end) => {
      for (let index = start; index < end; index += 2) {
        const packed = numberAt(numbers, index)
        const kind = packed % kindRoom
        if (kinds[kind] === 'skip') continue
        if (!holds(client, (packed - kind) / kindRoom, numberAt(numbers, index + 1))) return false
      }
      return true
    })
  }

  /** Clocks that have structs, in as few ranges as there are. */
  *runs(): IterableIterator<ClockRange> {
    let run: ClockRange | undefined
    for (const { kind, ...span } of this.#spans()) {
      if (kind === 'skip') continue
      if (run?.client === span.client && run.to === span.from) run = { ...span, from: run.from }
      else {
        if (run !== undefined) yield run
        run = span
      }
    }
    if (run !== undefined) yield run
  }

  voids(): IterableIterator<ClockRange> {
    return this.#ofKind('void')
  }

  skips(): IterableIterator<ClockRange> {
    return this.#ofKind('skip')
  }

  *#ofKind(wanted: SpanKind): IterableIterator<ClockRange> {
    for (const { kind, ...span } of this.#spans()) if (kind === wanted) yield span
  }

  *#spans(): IterableIterator<Span> {
    const { numbers } = this
    for (let header = 0; header < numbers.length; header = numberAt(numbers, header + 1)) {
      const client = numberAt(numbers, header)
      for (let index = header + 2; index < numberAt(numbers, header + 1); index += 2) {
        const packed = numberAt(numbers, index)
        const kind = packed % kindRoom
        const to = numberAt(numbers, index + 1)
        yield { client, from: (packed - kind) / kindRoom, to, kind: kinds[kind] }
      }
    }
  }
}

/** What is read from a finished update and must stay as it is. */
export type ReadonlySpanList = Omit<SpanList, 'append' | 'everyClient'>
