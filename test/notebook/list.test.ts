// list.test.ts — the list of documents as Y.Docs that meet: what two devices did apart.
import { expect, onTestFinished, test, vi } from 'vitest'
import * as Y from 'yjs'
import {
  addEntry,
  bringBack,
  entriesIn,
  lastTime,
  moveToTrash,
  rename,
  shownInstead,
  touch,
} from '../../editor/notebook/document-list.ts'
import { dayWords } from '../../editor/notebook/times.ts'
import { Touching } from '../../editor/notebook/touching.ts'

const begun = { now: 1, isWelcome: false }

test('[C1] what two devices did with different documents is all there, and with one of them too', () => {
  const [ann, bob] = [new Y.Doc(), new Y.Doc()]
  addEntry(ann, { ...begun, id: 'shared', title: 'Shared' })
  meet(ann, bob)
  rename(ann, 'shared', 'Renamed')
  moveToTrash(bob, 'shared', 2)
  addEntry(bob, { ...begun, id: 'new', title: 'New', now: 3 })
  meet(ann, bob)
  for (const doc of [ann, bob])
    expect(entriesIn(doc).map(({ title, trashed }) => [title, trashed])).toEqual([
      ['New', undefined],
      ['Renamed', 2],
    ])
  bringBack(ann, 'shared')
  expect(entriesIn(ann).every(({ trashed }) => trashed === undefined)).toBe(true)
})

test('[C1] of welcome documents made apart one is shown; and whatever somebody wrote in', () => {
  const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()] as const
  docs.forEach((doc, index) =>
    addEntry(doc, { id: `w${index}`, title: 'Welcome', now: 9 - index, isWelcome: true }),
  )
  for (const other of docs) meet(docs[0], other)
  for (const other of docs) meet(docs[0], other)
  for (const doc of docs) expect(entriesIn(doc).map(({ id }) => id)).toEqual(['w0'])
  touch(docs[1], 'w1', 100_000)
  touch(docs[2], 'w2', 100_000)
  for (const other of docs) meet(docs[0], other)
  expect(
    entriesIn(docs[0])
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['w1', 'w2'])
  moveToTrash(docs[0], 'w1', 1)
  moveToTrash(docs[0], 'w2', 1)
  expect(
    entriesIn(docs[0])
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['w1', 'w2'])
})

test('[C1] a welcome document that got a name stays, and takes the place of those that nobody touched', () => {
  const [ann, bob] = [new Y.Doc(), new Y.Doc()]
  addEntry(ann, { id: 'b', title: 'Welcome', now: 1, isWelcome: true })
  addEntry(bob, { id: 'a', title: 'Welcome', now: 1, isWelcome: true })
  rename(ann, 'b', 'Our plans')
  meet(ann, bob)
  for (const doc of [ann, bob]) {
    expect(entriesIn(doc).map(({ title }) => title)).toEqual(['Our plans'])
    expect(shownInstead(doc, 'b')).toBe(undefined)
    expect(shownInstead(doc, 'a')?.id).toBe('b')
  }
})

test('[B1] a thousand keys are told to the list once a minute, and the last of them when the writing rests [T1]', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  onTestFinished(() => void vi.useRealTimers())
  const doc = new Y.Doc()
  addEntry(doc, { ...begun, id: 'a', title: 'A' })
  const told: number[] = []
  const touching = new Touching(doc, 'a', (time) => told.push(time - 1_000_000))
  for (let key = 0; key < 1000; key += 1) {
    touching.write()
    vi.advanceTimersByTime(100)
  }
  expect(told).toEqual([0, 60_000])
  vi.advanceTimersByTime(600_000)
  expect(told).toEqual([0, 60_000, 109_900])
  touching.write()
  touching.write()
  touching.rest()
  touching.rest()
  expect(told.slice(3)).toEqual([700_000, 700_000])
  expect(entriesIn(doc)[0]?.changed).toBe(1_700_000)
})

test('a document that a fast clock put ahead of all others comes back to its place at the next key', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  onTestFinished(() => void vi.useRealTimers())
  const doc = new Y.Doc()
  addEntry(doc, { ...begun, id: 'a', title: 'A' })
  const touching = new Touching(doc, 'a', () => undefined)
  touching.write()
  touch(doc, 'a', 9_000_000)
  vi.advanceTimersByTime(100)
  touching.write()
  expect(entriesIn(doc)[0]?.changed).toBe(1_000_100)
})

test('[B1] a title of megabytes is cut, by whoever reads or writes it, and not through a letter', () => {
  const doc = new Y.Doc()
  addEntry(doc, { ...begun, id: 'a', title: 'x'.repeat(10_000_000) })
  expect(entriesIn(doc)[0]?.title).toBe('x'.repeat(1_000))
  rename(doc, 'a', `${'x'.repeat(999)}🙂`)
  expect(entriesIn(doc)[0]?.title).toBe('x'.repeat(999))
})

test('[W1] whatever others write into it, it is a list', () => {
  const doc = new Y.Doc()
  const documents = doc.getMap<unknown>('documents')
  documents.set('number', 3)
  documents.set('too long to be opened '.repeat(100), new Y.Map())
  documents.set('array', new Y.Array())
  documents.set(
    'odd',
    new Y.Map<unknown>([
      ['title', 7],
      ['created', 'soon'],
      ['trashed', Infinity],
      ['changed', 1e20],
    ]),
  )
  const empty = {
    title: '',
    created: 0,
    changed: undefined,
    trashed: undefined,
    isWelcome: false,
    isRenamed: false,
  }
  expect(entriesIn(doc).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
    ['array', 'number', 'odd'].map((id) => Object.assign({ id }, empty)),
  )
  expect(entriesIn(doc).map((entry) => dayWords(lastTime(entry)))).toHaveLength(3)
  rename(doc, 'number', 'x')
  touch(doc, 'array', 1)
})

function meet(one: Y.Doc, other: Y.Doc): void {
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one))
  Y.applyUpdate(one, Y.encodeStateAsUpdate(other))
}
