// decoded-facts.ts — the facts of an update worked out from the objects Yjs decodes it to, for comparison with
// the reader, which makes none. Knows: Y.decodeUpdate. Must not know: the reader's code.

import * as Y from 'yjs'

import type { ClockRange } from '../../shared/range-list.ts'
import type { UpdateFacts } from '../../shared/update-reader.ts'

export interface PlainFacts {
  readonly runs: readonly ClockRange[]
  readonly voids: readonly ClockRange[]
  readonly skips: readonly ClockRange[]
  readonly deletes: readonly ClockRange[]
  readonly references: readonly (readonly [number, number])[]
  readonly rootNames: readonly string[]
  readonly structCount: number
  readonly subdocumentCount: number
}

export function plainFacts(facts: UpdateFacts): PlainFacts {
  return {
    runs: [...facts.structs.runs()],
    voids: [...facts.structs.voids()],
    skips: [...facts.structs.skips()],
    deletes: [...facts.deletes],
    references: [...facts.references].toSorted(([a], [b]) => a - b),
    rootNames: [...facts.rootNames].toSorted(),
    structCount: facts.structCount,
    subdocumentCount: facts.subdocumentCount,
  }
}

export function decodedFacts(update: Uint8Array): PlainFacts {
  const { structs, ds } = Y.decodeUpdate(update)
  const runs: ClockRange[] = []
  const voids: ClockRange[] = []
  const skips: ClockRange[] = []
  const deletes: ClockRange[] = []
  const references = new Map<number, number>()
  const rootNames = new Set<string>()
  let subdocumentCount = 0
  for (const struct of structs) {
    const { client, clock } = struct.id
    if (struct instanceof Y.Skip) {
      append(skips, client, clock, struct.length)
      continue
    }
    append(runs, client, clock, struct.length)
    if (struct instanceof Y.GC || struct.content instanceof Y.ContentDeleted) {
      append(voids, client, clock, struct.length)
    }
    if (struct instanceof Y.GC) continue
    if (struct.content.constructor.name === 'ContentDoc') subdocumentCount += 1
    // Before integration the parent is an id, the name of a root, or nothing.
    const parent: unknown = struct.parent
    if (typeof parent === 'string') rootNames.add(parent)
    for (const id of [struct.origin, struct.rightOrigin, parent]) {
      if (id instanceof Y.ID && id.client !== client) {
        references.set(id.client, Math.max(references.get(id.client) ?? 0, id.clock + 1))
      }
    }
  }
  for (const [client, ranges] of ds.clients) {
    for (const { clock, len } of ranges) append(deletes, client, clock, len)
  }
  return {
    runs,
    voids,
    skips,
    deletes,
    references: [...references].toSorted(([a], [b]) => a - b),
    rootNames: [...rootNames].toSorted(),
    structCount: structs.length,
    subdocumentCount,
  }
}

function append(ranges: ClockRange[], client: number, from: number, length: number): void {
  const last = ranges.at(-1)
  if (last !== undefined && last.client === client && last.to === from) {
    ranges[ranges.length - 1] = { ...last, to: from + length }
  } else {
    ranges.push({ client, from, to: from + length })
  }
}
