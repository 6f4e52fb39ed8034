// leftover-entries.ts — what lies among a document's leftovers, read with distrust: anybody may write anything there, as much as
// a document holds, and of words that nobody ever wrote. [W1][B1] Must not know: what becomes of it.
import type { CharacterId, CharacterRange, UnseenRun } from 'syncline/types'
import * as Y from 'yjs'
import { leftoversOf } from './document-parts.ts'
import { IdRanges } from './id-ranges.ts'

export type Leftover = {
  readonly runs: readonly UnseenRun[]
  /** What it stood in, at the top of the text; undefined: nobody knows any more. */
  readonly where: CharacterId | undefined
}

/** What somebody has dealt with. */
export type Done = {
  readonly done: readonly CharacterRange[]
  /** Where it was put back: what stood `where` comes behind this paragraph from now on. */
  readonly where?: CharacterId | undefined
  readonly last?: CharacterId | undefined
}

export type Entries = {
  readonly entries: readonly (Leftover & { readonly key: string })[]
  /** All that this Y.Doc has no more: who removed it may have been refused, and what was never written is not missing. */
  readonly removed: IdRanges
  readonly done: IdRanges
  readonly putBack: readonly Done[]
  /** For more of them. */
  readonly room: Room
}

/** Of all entries together: what is beyond is neither read nor recorded. Each has a run at least. */
const runsMax = 20_000
/** As many as one paste may have. */
const charactersMax = 1_000_000

export class Room {
  #runs = runsMax
  #characters = charactersMax

  takes({ runs }: Leftover): boolean {
    let length = 0
    for (const { text } of runs) length += text.length
    if (runs.length > this.#runs || length > this.#characters) return false
    this.#runs -= runs.length
    this.#characters -= length
    return true
  }
}

export function readEntries(doc: Y.Doc): Entries {
  const found: (Leftover & { readonly key: string })[] = []
  const over: Done[] = []
  for (const [key, value] of leftoversOf(doc)) {
    if (isLeftover(value)) found.push({ runs: value.runs, where: value.where, key })
    else if (isDone(value)) over.push(value)
  }
  const room = new Room()
  // The same ones on every page.
  const entries = found
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .filter((entry) => room.takes(entry))
  const removed = new IdRanges(found.length + over.length > 0 ? removedIn(doc) : [])
  // Nobody deals with what is not gone yet: who says so would silence all that somebody is going to write.
  const done = over.flatMap((one) => one.done.filter((range) => removed.hasAll(range)))
  const putBack = over.filter(({ last }) => last !== undefined)
  return { entries, removed, done: new IdRanges(done), putBack, room }
}

function removedIn(doc: Y.Doc): readonly CharacterRange[] {
  return [...Y.createDeleteSetFromStructStore(doc.store).clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, clock, length: len })),
  )
}

export function rangeOf({ client, clock, text }: UnseenRun): CharacterRange {
  return { client, clock, length: text.length }
}

/** These characters of it. */
export function partOf(run: UnseenRun, { clock, length }: CharacterRange): UnseenRun {
  const from = clock - run.clock
  return {
    client: run.client,
    clock,
    text: run.text.slice(from, from + length),
    behind: from === 0 ? run.behind : { client: run.client, clock: clock - 1 },
  }
}

function isLeftover(value: unknown): value is Leftover {
  return (
    isRecord(value) &&
    isIdOrNone(value['where']) &&
    Array.isArray(value['runs']) &&
    value['runs'].length > 0 &&
    value['runs'].length <= runsMax &&
    value['runs'].every(isRun)
  )
}

function isRun(value: unknown): value is UnseenRun {
  return (
    isId(value) &&
    'text' in value &&
    typeof value.text === 'string' &&
    value.text !== '' &&
    (!('behind' in value) || isIdOrNone(value.behind))
  )
}

function isDone(value: unknown): value is Done {
  return (
    isRecord(value) &&
    Array.isArray(value['done']) &&
    value['done'].every(isRange) &&
    isIdOrNone(value['where']) &&
    isIdOrNone(value['last'])
  )
}

function isRange(value: unknown): value is CharacterRange {
  return isId(value) && 'length' in value && isCount(value.length) && value.length > 0
}

function isIdOrNone(value: unknown): value is CharacterId | undefined {
  return value === undefined || isId(value)
}

function isId(value: unknown): value is CharacterId {
  return isRecord(value) && isCount(value['client']) && isCount(value['clock'])
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
