// leftover-order.ts — pieces that were noticed one by one, in the order in which they stood: each behind the character that it
// was written behind. Pure. No character is in two of them.
import type { CharacterId, UnseenRun } from 'syncline/types'
import { byId } from './id-ranges.ts'
import { partOf } from './leftover-entries.ts'
import type { Leftover } from './leftover-entries.ts'

type Hung = { readonly piece: Leftover; readonly first: UnseenRun; readonly behind: CharacterId }

export function inOrder(pieces: readonly Leftover[]): readonly Leftover[] {
  const runs = pieces.flatMap((piece) => piece.runs).toSorted(byId)
  const hung = new Map<UnseenRun, Hung[]>()
  const besides = new Map<string, Hung[]>()
  const begins: Leftover[] = []
  for (const piece of pieces) {
    const first = piece.runs[0]
    const behind = first?.behind
    if (first === undefined || behind === undefined) begins.push(piece)
    else {
      const run = runWith(behind, runs)
      if (run !== undefined) add({ piece, first, behind }, run, hung)
      else add({ piece, first, behind }, `${behind.client}:${behind.clock}`, besides)
    }
  }
  const placed = new Set<Leftover>()
  // What stood behind one and the same character stood side by side, be that character missing or not.
  for (const group of besides.values()) {
    const side = group.toSorted(nearerFirst).map(({ piece }) => piece)
    for (const piece of side) placed.add(piece)
    begins.push({ runs: side.flatMap((piece) => piece.runs), where: side[0]?.where })
  }
  // What hangs on itself, which only an invented one can, begins somewhere.
  return [...begins, ...pieces].flatMap((piece) =>
    placed.has(piece) ? [] : [{ runs: withAllBehind(piece, hung, placed), where: piece.where }],
  )
}

function add<Name>(one: Hung, name: Name, to: Map<Name, Hung[]>): void {
  const others = to.get(name)
  if (others === undefined) to.set(name, [one])
  else others.push(one)
}

/** Not by calling itself: what was noticed key by key hangs as deep as it is long. */
function withAllBehind(
  begin: Leftover,
  hung: ReadonlyMap<UnseenRun, readonly Hung[]>,
  placed: Set<Leftover>,
): readonly UnseenRun[] {
  const runs: UnseenRun[] = []
  const next: (UnseenRun | Leftover)[] = [begin]
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if ('text' in one) {
      const before = runs.at(-1)
      if (before !== undefined && goesOn(one, before))
        runs[runs.length - 1] = { ...before, text: before.text + one.text }
      else runs.push(one)
    } else if (!placed.has(one)) {
      placed.add(one)
      const parts = one.runs.flatMap((run) => partsAround(run, hung.get(run) ?? []))
      for (const part of parts.toReversed()) next.push(part)
    }
  }
  return runs
}

function partsAround(run: UnseenRun, hung: readonly Hung[]): readonly (UnseenRun | Leftover)[] {
  const { client, clock, text } = run
  const parts: (UnseenRun | Leftover)[] = []
  let from = clock
  const addUpTo = (to: number): void => {
    if (from < to) parts.push(partOf(run, { client, clock: from, length: to - from }))
    from = to
  }
  for (const { piece, behind } of hung.toSorted(nearerFirst)) {
    addUpTo(behind.clock + 1)
    parts.push(piece)
  }
  addUpTo(clock + text.length)
  return parts
}

/** Of several behind one character the later, but what goes on with it stood behind all that was written between. */
function nearerFirst(one: Hung, other: Hung): number {
  return (
    one.behind.clock - other.behind.clock ||
    Number(isNext(one)) - Number(isNext(other)) ||
    other.first.clock - one.first.clock ||
    other.first.client - one.first.client
  )
}

function isNext({ first, behind }: Hung): boolean {
  return first.client === behind.client && first.clock === behind.clock + 1
}

function goesOn(run: UnseenRun, before: UnseenRun): boolean {
  return run.client === before.client && run.clock === before.clock + before.text.length
}

function runWith({ client, clock }: CharacterId, runs: readonly UnseenRun[]): UnseenRun | undefined {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const run = runs[middle]
    if (run !== undefined && byId(run, { client, clock }) <= 0) low = middle + 1
    else high = middle
  }
  const run = runs[low - 1]
  return run?.client === client && clock < run.clock + run.text.length ? run : undefined
}
