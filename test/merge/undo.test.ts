// undo.test.ts — somebody takes back what everybody has already: it goes everywhere, takes nothing of others with it, and
// everybody ends equal.
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { counter } from '../../types/index.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { eventually } from '../eventually.ts'
import { allHands, Truth } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allMeet, Person } from './person.ts'

let relay: MeetingRelay

beforeAll(async () => {
  relay = await MeetingRelay.start()
})

afterAll(async () => {
  await relay[Symbol.asyncDispose]()
})

const words = ({ doc }: Person): string => doc.getText('text').toString()
const show = (people: readonly Person[], text: string): Promise<void> =>
  eventually(
    people.map(({ doc }) => doc),
    () => people.every((person) => words(person) === text),
  )

const meet = (people: readonly Person[]): Promise<void> =>
  allMeet(
    relay.url,
    people.map(({ document }) => document),
    people.flatMap(({ edits }) => edits),
  )

test.concurrent('[C1] words that everybody has are taken back, and given again; others’ words among them stay [D3]', async () => {
  await using ann = new Person(relay.url, 'words')
  await using bob = new Person(relay.url, 'words')
  const undo = new Y.UndoManager(ann.doc.getText('text'), { captureTimeout: 0 })
  ann.doc.getText('text').insert(0, 'Ann was here.')
  await show([ann, bob], 'Ann was here.')
  bob.doc.getText('text').insert(3, ' and Bob')
  await show([ann, bob], 'Ann and Bob was here.')
  undo.undo()
  await show([ann, bob], ' and Bob')
  ann.goOffline()
  undo.redo()
  bob.doc.getText('text').insert(0, 'So: ')
  ann.comeBack()
  await meet([ann, bob])
  for (const word of ['Ann', ' and Bob', ' was here.', 'So: ']) expect(words(ann)).toContain(word)
})

test.concurrent('[C1] a deletion that everybody has is taken back, with what the other deleted meanwhile still deleted', async () => {
  await using ann = new Person(relay.url, 'deletion')
  await using bob = new Person(relay.url, 'deletion')
  bob.doc.getText('text').insert(0, 'one two three')
  await show([ann, bob], 'one two three')
  const undo = new Y.UndoManager(ann.doc.getText('text'), { captureTimeout: 0 })
  bob.goOffline()
  bob.doc.getText('text').delete(8, 5)
  ann.doc.getText('text').delete(0, 8)
  await ann.saved()
  bob.comeBack()
  await show([ann, bob], '')
  undo.undo()
  await show([ann, bob], 'one two ')
  await meet([ann, bob])
})

test.concurrent('[D3] a paragraph is taken back into which the other has written: it goes with all in it, and comes back with it', async () => {
  await using ann = new Person(relay.url, 'paragraph')
  await using bob = new Person(relay.url, 'paragraph')
  const page = ({ doc }: Person): Y.XmlFragment => doc.getXmlFragment('page')
  const undo = new Y.UndoManager(page(ann), { captureTimeout: 0 })
  const paragraph = new Y.XmlElement('p')
  paragraph.insert(0, [new Y.XmlText('Ann’s')])
  page(ann).insert(0, [paragraph])
  await eventually([bob.doc], () => page(bob).length === 1)
  const inIt = (page(bob).get(0) as Y.XmlElement).get(0) as Y.XmlText
  inIt.insert(inIt.length, ' and Bob’s')
  await eventually([ann.doc], () => page(ann).toString() === '<p>Ann’s and Bob’s</p>')
  undo.undo()
  await eventually([bob.doc], () => page(bob).length === 0)
  undo.redo()
  await meet([ann, bob])
  expect(page(bob).toString()).toBe(page(ann).toString())
  expect(page(bob).toString()).toContain('Ann’s')
})

test.concurrent('[D3] clicks that everybody has counted are taken back, and nobody else’s', async () => {
  await using ann = new Person(relay.url, 'clicks')
  await using bob = new Person(relay.url, 'clicks')
  const likes = ({ doc }: Person): number => counter(doc, 'likes').current
  const counted = (sum: number): Promise<void> =>
    eventually([ann.doc, bob.doc], () => [ann, bob].every((person) => likes(person) === sum))
  const undo = new Y.UndoManager(counter(ann.doc, 'likes').type, { captureTimeout: 0 })
  counter(ann.doc, 'likes').add(1)
  counter(ann.doc, 'likes').add(10)
  counter(bob.doc, 'likes').add(100)
  await counted(111)
  undo.undo()
  await counted(101)
  bob.goOffline()
  counter(bob.doc, 'likes').add(1000)
  undo.undo()
  bob.comeBack()
  await counted(1100)
  undo.redo()
  undo.redo()
  await counted(1111)
  await meet([ann, bob])
})

test.concurrent('[C1] four who write everything undo and redo at random, on the line and off it, and end equal [D3]', async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  const people = Array.from({ length: 4 }, () => new Person(relay.url, 'random undo'))
  await Promise.all(people.map((person) => person.live()))
  const undos = people.map(({ doc }) => new Y.UndoManager(doc, { captureTimeout: 0 }))
  for (let round = 0; round < 6; round++) {
    const away = chance.oneOf(people)
    away.goOffline()
    for (let turn = 0; turn < 12; turn++) {
      for (const [index, { doc }] of people.entries()) {
        const act = chance.between(0, 5)
        if (act === 0) undos[index]!.undo()
        else if (act === 1) undos[index]!.redo()
        else chance.oneOf(allHands)(doc, truth, chance)
      }
    }
    await Promise.all(people.filter((person) => person !== away).map((person) => person.saved()))
    away.comeBack()
  }
  await meet(people)
  const shown = people.map(({ doc }) => doc.toJSON())
  for (const one of shown) expect(one, `seed ${seed}`).toEqual(shown[0])
  await Promise.all(people.map((person) => person[Symbol.asyncDispose]()))
})
