// leftovers.ts — words that were written into a part of a text while that part was removed, changed or joined elsewhere: kept in
// the document until somebody puts them back or discards them. [D3] Must not know: who notices them, how they are shown.
//
// Several pages notice the same words, sooner or later, in one piece or key by key. So all goes by the ids of characters: what
// two entries both have counts once, and what was dealt with stays so, whoever notices it again.
import type { CharacterId, CharacterRange, UnseenRun, UnseenWords } from 'syncline/types'
import * as Y from 'yjs'
import { leftoversOf, proseOf } from './document-parts.ts'
import { IdRanges } from './id-ranges.ts'

export type Leftover = {
  readonly runs: readonly UnseenRun[]
  /** What it stood in, at the top of the text; undefined: nobody knows any more. */
  readonly where: CharacterId | undefined
}

/** Of a transaction that only notes what was noticed: nobody wrote. */
export const recording = 'leftovers'

/** What nobody has dealt with yet, as it would stand in the text. */
export function leftoversIn(doc: Y.Doc): readonly Leftover[] {
  const { entries, done } = read(doc)
  const left: { runs: UnseenRun[]; where: CharacterId | undefined }[] = []
  // Who noticed more at once knows better how it stood.
  for (const { runs, where } of entries.toSorted((one, other) => lengthOf(other) - lengthOf(one))) {
    const rest = runs.flatMap((run) => partsOutside(run, done))
    for (const run of rest) done.add(rangeOf(run))
    if (rest.length > 0) left.push({ runs: rest, where })
  }
  return joined(left)
    .filter((leftover) => wordsOf(leftover).trim() !== '')
    .map((leftover) => ({ leftover, at: placeOf(doc, leftover) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ leftover }) => leftover)
}

export function wordsOf({ runs }: Leftover): string {
  return runs.map(({ text }) => text).join('')
}

/** Of what was noticed, what the document does not have yet; and what was removed since by who had seen it. */
export function record(
  doc: Y.Doc,
  noticed: readonly UnseenWords[],
  removed: readonly CharacterRange[] = [],
): void {
  const { entries, done } = read(doc)
  const known = new IdRanges()
  for (const { runs } of entries) for (const run of runs) known.add(rangeOf(run))
  const over = removed.flatMap((range) => done.outside(range)).filter((range) => known.overlaps(range))
  for (const range of removed) done.add(range)
  const news = noticed.flatMap(({ runs, where: { item } }) => {
    const rest = runs.flatMap((run) => partsOutside(run, done)).flatMap((run) => partsOutside(run, known))
    for (const run of rest) known.add(rangeOf(run))
    return rest.length === 0 ? [] : [{ runs: rest, where: item === null ? undefined : idOf(item) }]
  })
  if (news.length + over.length === 0) return
  doc.transact(() => {
    for (const entry of news) leftoversOf(doc).set(keyOf(entry.runs.map(rangeOf)), entry)
    if (over.length > 0) finish(doc, over)
  }, recording)
}

/** As paragraphs, behind what is left of the part that it stood in. */
export function putBack(doc: Y.Doc, leftover: Leftover): void {
  doc.transact(() => {
    const paragraphs = wordsOf(leftover)
      .trim()
      .split('\n')
      .map((line) => {
        const paragraph = new Y.XmlElement('paragraph')
        paragraph.insert(0, [new Y.XmlText(line)])
        return paragraph
      })
    proseOf(doc).insert(placeOf(doc, leftover), paragraphs)
    discard(doc, leftover)
  })
}

export function discard(doc: Y.Doc, { runs }: Leftover): void {
  doc.transact(() => finish(doc, runs.map(rangeOf)))
}

/** For everybody, and for good. */
function finish(doc: Y.Doc, ranges: readonly CharacterRange[]): void {
  const map = leftoversOf(doc)
  map.set(`done ${keyOf(ranges)}`, { done: ranges })
  const { entries, done } = read(doc)
  for (const { key, runs } of entries) if (runs.every((run) => done.hasAll(rangeOf(run)))) map.delete(key)
}

type Entry = Leftover & { readonly key: string }

function read(doc: Y.Doc): { readonly entries: readonly Entry[]; readonly done: IdRanges } {
  const entries: Entry[] = []
  const done = new IdRanges()
  for (const [key, value] of leftoversOf(doc)) {
    if (isEntry(value)) entries.push({ ...value, key })
    else if (isDone(value)) for (const range of value.done) done.add(range)
  }
  return { entries: entries.toSorted((one, other) => (one.key < other.key ? -1 : 1)), done }
}

function partsOutside(run: UnseenRun, ranges: IdRanges): readonly UnseenRun[] {
  const { client, clock, text, behind } = run
  return ranges.outside(rangeOf(run)).map((part) => {
    const from = part.clock - clock
    return {
      client,
      clock: part.clock,
      text: text.slice(from, from + part.length),
      behind: from === 0 ? behind : { client, clock: part.clock - 1 },
    }
  })
}

/** What goes on where another ends is one piece with it. */
function joined(
  pieces: readonly { runs: UnseenRun[]; where: CharacterId | undefined }[],
): readonly Leftover[] {
  const byEnd = new Map<string, { runs: UnseenRun[]; where: CharacterId | undefined }>()
  const rising = pieces.toSorted((one, other) => (one.runs[0]?.clock ?? 0) - (other.runs[0]?.clock ?? 0))
  for (const piece of rising) {
    const behind = piece.runs[0]?.behind
    const before = behind && byEnd.get(nameOf(behind))
    const end = piece.runs.at(-1)
    if (end === undefined) continue
    if (behind !== undefined && before !== undefined) {
      byEnd.delete(nameOf(behind))
      before.runs.push(...piece.runs)
    }
    byEnd.set(nameOf({ client: end.client, clock: end.clock + end.text.length - 1 }), before ?? piece)
  }
  return [...byEnd.values()]
}

function placeOf(doc: Y.Doc, { where }: Leftover): number {
  const prose = proseOf(doc)
  if (where === undefined) return prose.length
  const item = Y.createID(where.client, where.clock)
  const place = Y.createAbsolutePositionFromRelativePosition(
    new Y.RelativePosition(null, null, item, -1),
    doc,
  )
  return place !== null && (place.type as unknown) === prose ? place.index : prose.length
}

function rangeOf({ client, clock, text }: UnseenRun): CharacterRange {
  return { client, clock, length: text.length }
}

function lengthOf(leftover: Leftover): number {
  return wordsOf(leftover).length
}

/** The same for all who noticed the same characters. */
function keyOf(ranges: readonly CharacterRange[]): string {
  return ranges.map(({ client, clock, length }) => `${client}:${clock}+${length}`).join(' ')
}

function nameOf({ client, clock }: CharacterId): string {
  return `${client}:${clock}`
}

function idOf({ client, clock }: CharacterId): CharacterId {
  return { client, clock }
}

// Anybody may write anything there. [W1]

function isEntry(value: unknown): value is Leftover {
  return (
    isRecord(value) &&
    (value['where'] === undefined || isId(value['where'])) &&
    Array.isArray(value['runs']) &&
    value['runs'].length > 0 &&
    value['runs'].every(isRun)
  )
}

function isRun(value: unknown): value is UnseenRun {
  return (
    isId(value) &&
    'text' in value &&
    typeof value.text === 'string' &&
    value.text !== '' &&
    (!('behind' in value) || value.behind === undefined || isId(value.behind))
  )
}

function isDone(value: unknown): value is { readonly done: readonly CharacterRange[] } {
  return isRecord(value) && Array.isArray(value['done']) && value['done'].every(isRange)
}

function isRange(value: unknown): value is CharacterRange {
  return isId(value) && 'length' in value && isCount(value.length)
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
