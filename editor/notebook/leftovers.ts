// leftovers.ts — words that were written into a part of a text while that part was removed, changed or joined elsewhere: kept in
// the document until somebody puts them back or discards them. [D3] Must not know: who notices them, how they are shown.
//
// Several pages notice the same words, sooner or later, in one piece or key by key. So all goes by the ids of characters: what
// two entries both have counts once, and what was dealt with stays so, whoever notices it again.
import type { CharacterId, CharacterRange, UnseenRun, UnseenWords } from 'syncline/types'
import * as Y from 'yjs'
import { leftoversOf, proseOf } from './document-parts.ts'
import { IdRanges } from './id-ranges.ts'
import { partOf, rangeOf, readEntries } from './leftover-entries.ts'
import type { Done, Entries, Leftover } from './leftover-entries.ts'
import { inOrder } from './leftover-order.ts'

/** Of a transaction that only notes what was noticed: nobody wrote. */
export const recording = 'leftovers'

/** Shorter words may stand in a text by chance. */
const standingLengthMin = 20
/** Each is looked for in all of the text, and where it may begin; beyond that it is shown, there or not. [B1] */
const lookedForMax = 100
const beginningsMax = 100

/** What nobody has dealt with yet, as it would stand in the text. */
export function leftoversIn(doc: Y.Doc): readonly Leftover[] {
  const read = readEntries(doc)
  if (read.entries.length === 0) return []
  const placeOf = placesIn(doc, read.putBack)
  const stands = standingIn(doc)
  return inOrder(piecesOf(read))
    .filter((leftover) => wordsOf(leftover).trim() !== '' && !stands(leftover))
    .map((leftover) => ({ leftover, first: leftover.runs[0]?.clock ?? 0, at: placeOf(leftover.where) }))
    .toSorted((one, other) => one.at - other.at || one.first - other.first)
    .map(({ leftover }) => leftover)
}

export function wordsOf({ runs }: Pick<Leftover, 'runs'>): string {
  return runs.map(({ text }) => text).join('')
}

/** Of what was noticed, what the document does not have yet; and what was removed since by who had seen it. */
export function record(
  doc: Y.Doc,
  noticed: readonly UnseenWords[],
  removed: readonly CharacterRange[] = [],
): void {
  const { entries, done, room } = readEntries(doc)
  const known = new IdRanges(entries.flatMap(({ runs }) => runs.map(rangeOf)))
  const over = removed.flatMap((range) => done.outside(range)).filter((range) => known.overlaps(range))
  for (const range of removed) done.add(range)
  const stands = standingIn(doc)
  const news = noticed.flatMap(({ runs, where: { item } }) => {
    const rest = runs.flatMap((run) => partsOutside(run, done)).flatMap((run) => partsOutside(run, known))
    if (rest.length === 0) return []
    for (const run of rest) known.add(rangeOf(run))
    const entry: Leftover = { runs: rest, where: item === null ? undefined : idOf(item) }
    if (!stands(entry)) return room.takes(entry) ? [entry] : []
    // They are not missing later either, when somebody changes them there.
    for (const run of rest) over.push(rangeOf(run))
    return []
  })
  if (news.length + over.length === 0) return
  doc.transact(() => {
    for (const entry of news) leftoversOf(doc).set(keyOf(entry.runs.map(rangeOf)), entry)
    if (over.length > 0) finish(doc, { done: over })
  }, recording)
}

/** As paragraphs, behind what is left of the part that it stood in, and what was put back there before. */
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
    const { where } = leftover
    const at = placesIn(doc, readEntries(doc).putBack)(where)
    proseOf(doc).insert(at, paragraphs)
    const { item } = Y.createRelativePositionFromTypeIndex(proseOf(doc), at + paragraphs.length, -1)
    finish(doc, { done: leftover.runs.map(rangeOf), where, last: item === null ? undefined : idOf(item) })
  })
}

export function discard(doc: Y.Doc, { runs }: Leftover): void {
  doc.transact(() => finish(doc, { done: runs.map(rangeOf) }))
}

/** For everybody, and for good. */
function finish(doc: Y.Doc, over: Done): void {
  const map = leftoversOf(doc)
  map.set(`done ${keyOf(over.done)}`, over)
  const { entries, done } = readEntries(doc)
  for (const { key, runs } of entries) if (runs.every((run) => done.hasAll(rangeOf(run)))) map.delete(key)
}

/** Each word once. Those that follow one another in one of them did so in the text. */
function piecesOf({ entries, removed, done }: Entries): readonly Leftover[] {
  const pieces: Leftover[] = []
  const taken = new IdRanges()
  // Who noticed more at once knows better how it stood.
  const longestFirst = entries
    .map((entry) => ({ ...entry, length: wordsOf(entry).length }))
    .toSorted((one, other) => other.length - one.length)
  for (const { runs, where } of longestFirst) {
    const left = runs.flatMap((run) =>
      removed
        .inside(rangeOf(run))
        .flatMap((range) => done.outside(range))
        .map((range) => partOf(run, range)),
    )
    let piece: UnseenRun[] | undefined
    for (const run of left) {
      const parts = partsOutside(run, taken)
      for (const part of parts) {
        taken.add(rangeOf(part))
        if (piece !== undefined && part.clock === run.clock) piece.push(part)
        else pieces.push({ runs: (piece = [part]), where })
      }
      const end = parts.at(-1)
      if (end === undefined || end.clock + end.text.length < run.clock + run.text.length) piece = undefined
    }
  }
  return pieces
}

function partsOutside(run: UnseenRun, ranges: IdRanges): readonly UnseenRun[] {
  return ranges.outside(rangeOf(run)).map((range) => partOf(run, range))
}

/** Among what is at the top of the text now. Each is walked over once, however many are asked for. */
function placesIn(doc: Y.Doc, returned: readonly Done[]): (where: CharacterId | undefined) => number {
  const behind = new Map<unknown, number>()
  let end = 0
  for (const item of Y.getTypeChildren(proseOf(doc))) {
    if (!item.deleted && item.countable) end += item.length
    behind.set(item, end)
  }
  const at = ({ client, clock }: CharacterId): number => {
    if (clock >= Y.getState(doc.store, client)) return end
    let item = Y.getItem(doc.store, Y.createID(client, clock))
    while (item instanceof Y.Item && item.redone !== null) item = Y.getItem(doc.store, item.redone)
    return behind.get(item) ?? end
  }
  const lasts = new Map<string, number>()
  for (const { where, last } of returned) {
    if (where === undefined || last === undefined) continue
    const name = nameOf(where)
    lasts.set(name, Math.max(lasts.get(name) ?? 0, at(last)))
  }
  return (where) => (where === undefined ? end : Math.max(at(where), lasts.get(nameOf(where)) ?? 0))
}

/** Who typed on and then made the paragraph a heading has the words in there. */
function standingIn(doc: Y.Doc): (leftover: Leftover) => boolean {
  let text: string | undefined
  let count = 0
  return (leftover) => {
    const words = wordsOf(leftover).trim()
    if (words.length < standingLengthMin || count >= lookedForMax) return false
    count += 1
    text ??= textIn(proseOf(doc))
    return hasWords(text, words)
  }
}

/** To look for all of them at once takes minutes where words and text are of one letter. */
function hasWords(text: string, words: string): boolean {
  const beginning = words.slice(0, standingLengthMin)
  let at = text.indexOf(beginning)
  for (let count = 0; at >= 0 && count < beginningsMax; count += 1) {
    if (text.startsWith(words, at)) return true
    at = text.indexOf(beginning, at + 1)
  }
  return false
}

/** Not by calling itself: anybody may nest as deep as he likes. */
function textIn(root: Y.XmlFragment): string {
  const words: string[] = []
  const left: Parameters<typeof Y.getTypeChildren>[0][] = [root]
  for (let type = left.pop(); type !== undefined; type = left.pop()) {
    for (const { content, deleted } of Y.getTypeChildren(type)) {
      if (deleted) continue
      if (content instanceof Y.ContentString) words.push(content.str)
      if (content instanceof Y.ContentType) left.push(content.type)
    }
    words.push('\n')
  }
  return words.join('')
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
