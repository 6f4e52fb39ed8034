// document-list.ts — the list of documents as it lies in its Y.Doc, and what may be done with it. What others wrote into it
// may be anything: an entry without a title has none, and is still there. Must not know: React, the text of a document.
import * as Y from 'yjs'

/** The name of the synced document that is the list. */
export const listName = 'notebook'

export type Entry = {
  readonly id: string
  readonly title: string
  readonly created: number
  /** When somebody last wrote in it, as `touching` tells it; undefined: nobody did since it was made. */
  readonly changed: number | undefined
  /** Since when it is in the trash. */
  readonly trashed: number | undefined
  /** A welcome document, of which each device that began alone has made one. */
  readonly isWelcome: boolean
  /** Of a welcome document: somebody gave it another name. */
  readonly isRenamed: boolean
}

/** Beyond it no calendar has a day. */
const timeMax = 8.64e15
/** What is longer is cut: each title is shown in the list, and as the name of a tab. [B1] */
const titleLengthMax = 1_000
/** Of the name of a synced document: the relay takes no longer one. */
const nameBytesMax = 1024

export function nameOf(id: string): string {
  return `${listName}/${id}`
}

/** All that are to be seen, the latest first. */
export function entriesIn(doc: Y.Doc): readonly Entry[] {
  const entries = [...documentsOf(doc)]
    .filter(([id]) => isName(nameOf(id)))
    .map(([id, fields]) => entryFrom(id, fields))
  const hidden = new Set(surplusWelcomes(entries))
  return entries.filter((entry) => !hidden.has(entry)).toSorted((a, b) => lastTime(b) - lastTime(a))
}

/** A welcome document that is hidden behind another: that one. */
export function shownInstead(doc: Y.Doc, id: string): Entry | undefined {
  if (fieldsOf(doc, id)?.get('isWelcome') !== true) return undefined
  const entries = entriesIn(doc)
  return entries.some((entry) => entry.id === id) ? undefined : entries.find(({ isWelcome }) => isWelcome)
}

/** Whether nobody ever made a document here. */
export function isEmpty(doc: Y.Doc): boolean {
  return documentsOf(doc).size === 0
}

export function addEntry(
  doc: Y.Doc,
  { id, title, now, isWelcome }: { id: string; title: string; now: number; isWelcome: boolean },
): void {
  const fields = new Y.Map<unknown>([
    ['title', title],
    ['created', now],
  ])
  if (isWelcome) fields.set('isWelcome', true)
  documentsOf(doc).set(id, fields)
}

export function rename(doc: Y.Doc, id: string, title: string): void {
  const fields = fieldsOf(doc, id)
  if (fields === undefined) return
  doc.transact(() => {
    fields.set('title', cut(title))
    // Of a name that somebody gave no other welcome document takes the place.
    if (fields.get('isWelcome') === true) fields.set('isWelcome', false)
  })
}

export function moveToTrash(doc: Y.Doc, id: string, now: number): void {
  fieldsOf(doc, id)?.set('trashed', now)
}

export function bringBack(doc: Y.Doc, id: string): void {
  fieldsOf(doc, id)?.delete('trashed')
}

export function touch(doc: Y.Doc, id: string, now: number): void {
  fieldsOf(doc, id)?.set('changed', now)
}

/** Somebody's clock goes ahead: what is written now would look older. */
export function isAhead(doc: Y.Doc, id: string, now: number): boolean {
  const fields = fieldsOf(doc, id)
  return fields !== undefined && (timeIn(fields, 'changed') ?? 0) > now
}

function documentsOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap('documents')
}

function fieldsOf(doc: Y.Doc, id: string): Y.Map<unknown> | undefined {
  const fields = documentsOf(doc).get(id)
  return fields instanceof Y.Map ? fields : undefined
}

function entryFrom(id: string, fields: unknown): Entry {
  if (!(fields instanceof Y.Map)) {
    return {
      id,
      title: '',
      created: 0,
      changed: undefined,
      trashed: undefined,
      isWelcome: false,
      isRenamed: false,
    }
  }
  const title: unknown = fields.get('title')
  return {
    id,
    title: typeof title === 'string' ? cut(title) : '',
    created: timeIn(fields, 'created') ?? 0,
    changed: timeIn(fields, 'changed'),
    trashed: timeIn(fields, 'trashed'),
    isWelcome: typeof fields.get('isWelcome') === 'boolean',
    isRenamed: fields.get('isWelcome') === false,
  }
}

/** What is too long for one no device can open, nor could it ever be written in. */
function isName(name: string): boolean {
  return new TextEncoder().encode(name).length <= nameBytesMax
}

/** Devices that began apart made one each. Only one is shown, and none of them once somebody touched one. */
function surplusWelcomes(entries: readonly Entry[]): readonly Entry[] {
  const welcomes = entries.filter(({ isWelcome }) => isWelcome)
  const untouched = welcomes.filter(
    ({ changed, trashed, isRenamed }) => changed === undefined && trashed === undefined && !isRenamed,
  )
  if (untouched.length < welcomes.length) return untouched
  return untouched.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(1)
}

/** Not through the middle of a character. */
function cut(title: string): string {
  return title.slice(0, titleLengthMax).replace(/[\ud800-\udbff]$/, '')
}

function timeIn(fields: Y.Map<unknown>, name: string): number | undefined {
  const time: unknown = fields.get(name)
  return typeof time === 'number' && Math.abs(time) <= timeMax ? time : undefined
}

/** Of a synced document: its own name where it is none of the list. */
export function titleOf(entries: readonly Entry[], name: string): string {
  return entries.find(({ id }) => nameOf(id) === name)?.title || name
}

export function lastTime({ changed, created }: Entry): number {
  return changed ?? created
}
