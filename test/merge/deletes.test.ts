// deletes.test.ts — two delete while they are away from each other: what one deleted is gone, what nobody deleted stays, and
// both have the same delete set, whoever comes back first.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { counter } from '../../types/index.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allMeet, Person } from './person.ts'

let relay: MeetingRelay

beforeAll(async () => {
  relay = await MeetingRelay.start()
})

afterAll(async () => {
  await relay[Symbol.asyncDispose]()
})

type Case = {
  readonly title: string
  readonly before: (doc: Y.Doc) => void
  readonly ann: (doc: Y.Doc) => void
  readonly bob: (doc: Y.Doc) => void
  readonly after: (doc: Y.Doc) => unknown
  readonly is: unknown
}

const text = (doc: Y.Doc): Y.Text => doc.getText('text')
const list = (doc: Y.Doc): Y.Array<unknown> => doc.getArray('list')
const map = (doc: Y.Doc): Y.Map<unknown> => doc.getMap('map')
const page = (doc: Y.Doc): Y.XmlFragment => doc.getXmlFragment('page')
const firstThing = (doc: Y.Doc): Y.Map<unknown> => list(doc).get(0) as Y.Map<unknown>

function paragraph(words: string): Y.XmlElement {
  const element = new Y.XmlElement('p')
  element.insert(0, [new Y.XmlText(words)])
  return element
}

const cases: Case[] = [
  {
    title: 'overlapping parts of a text',
    before: (doc) => text(doc).insert(0, '0123456789'),
    ann: (doc) => text(doc).delete(2, 4),
    bob: (doc) => text(doc).delete(4, 4),
    after: (doc) => text(doc).toString(),
    is: '0189',
  },
  {
    title: 'the same part of a text',
    before: (doc) => text(doc).insert(0, 'keep, drop, keep'),
    ann: (doc) => text(doc).delete(6, 6),
    bob: (doc) => text(doc).delete(6, 6),
    after: (doc) => text(doc).toString(),
    is: 'keep, keep',
  },
  {
    title: 'all of a text, into which the other writes and deletes',
    before: (doc) => text(doc).insert(0, 'the whole story'),
    ann: (doc) => text(doc).delete(0, text(doc).length),
    bob: (doc) => {
      text(doc).insert(9, ', new,')
      text(doc).delete(0, 4)
    },
    after: (doc) => text(doc).toString(),
    is: ', new,',
  },
  {
    title: 'everything on both sides, and then something new on both',
    before: (doc) => text(doc).insert(0, 'old'),
    ann: (doc) => {
      text(doc).delete(0, 3)
      text(doc).insert(0, 'A')
    },
    bob: (doc) => {
      text(doc).delete(0, 3)
      text(doc).insert(0, 'B')
    },
    after: (doc) => text(doc).toString().split('').toSorted().join(''),
    is: 'AB',
  },
  {
    title: 'halves of a formatted word, where Yjs deletes formats by itself',
    before: (doc) => {
      text(doc).insert(0, 'plain ')
      text(doc).insert(6, 'bold', { bold: true })
      text(doc).insert(10, ' plain', { bold: null })
    },
    ann: (doc) => text(doc).delete(6, 2),
    bob: (doc) => {
      text(doc).delete(8, 2)
      text(doc).format(0, 6, { italic: true })
    },
    after: (doc) => text(doc).toDelta(),
    is: [{ insert: 'plain ', attributes: { italic: true } }, { insert: ' plain' }],
  },
  {
    title: 'a format that both take away, over parts that overlap',
    before: (doc) => text(doc).insert(0, 'abcdef', { bold: true }),
    ann: (doc) => text(doc).format(0, 4, { bold: null }),
    bob: (doc) => text(doc).format(2, 4, { bold: null }),
    after: (doc) => text(doc).toString(),
    is: 'abcdef',
  },
  {
    title: 'a paragraph in which the other writes and deletes',
    before: (doc) => page(doc).insert(0, [paragraph('one'), paragraph('two')]),
    ann: (doc) => page(doc).delete(0),
    bob: (doc) => {
      const words = (page(doc).get(0) as Y.XmlElement).get(0) as Y.XmlText
      words.insert(3, ' and more')
      words.delete(0, 2)
      words.format(0, 3, { bold: true })
    },
    after: (doc) => page(doc).toString(),
    is: '<p>two</p>',
  },
  {
    title: 'paragraphs beside each other, while the other puts one between',
    before: (doc) => page(doc).insert(0, [paragraph('one'), paragraph('two'), paragraph('three')]),
    ann: (doc) => page(doc).delete(0, 2),
    bob: (doc) => {
      page(doc).delete(1, 2)
      page(doc).insert(1, [paragraph('new')])
    },
    after: (doc) => page(doc).toString(),
    is: '<p>new</p>',
  },
  {
    title: 'the same element of a list, and its neighbours',
    before: (doc) => list(doc).insert(0, [1, 2, 3, 4, 5]),
    ann: (doc) => list(doc).delete(1, 2),
    bob: (doc) => list(doc).delete(2, 2),
    after: (doc) => list(doc).toJSON(),
    is: [1, 5],
  },
  {
    title: 'a key that the other sets anew',
    before: (doc) => map(doc).set('colour', 'blue'),
    ann: (doc) => map(doc).delete('colour'),
    bob: (doc) => map(doc).set('colour', 'green'),
    after: (doc) => map(doc).toJSON(),
    is: { colour: 'green' },
  },
  {
    title: 'the same key',
    before: (doc) => map(doc).set('colour', 'blue'),
    ann: (doc) => map(doc).delete('colour'),
    bob: (doc) => map(doc).delete('colour'),
    after: (doc) => map(doc).toJSON(),
    is: {},
  },
  {
    title: 'a thing whose votes the other counts, beside one that both vote for',
    before: (doc) => list(doc).insert(0, [new Y.Map([['name', 'gone']]), new Y.Map([['name', 'here']])]),
    ann: (doc) => {
      list(doc).delete(0)
      counter(firstThing(doc), 'votes').add(2)
    },
    bob: (doc) => {
      counter(firstThing(doc), 'votes').add(7)
      counter(list(doc).get(1) as Y.Map<unknown>, 'votes').add(3)
    },
    after: (doc) => [
      list(doc).length,
      firstThing(doc).get('name'),
      counter(firstThing(doc), 'votes').current,
    ],
    is: [1, 'here', 5],
  },
]

describe.each(['ann', 'bob'] as const)('when %s comes back first', (first) => {
  test.concurrent.each(cases)(
    '[C1] both delete: $title [D3]',
    async ({ title, before, ann, bob, after, is }) => {
      const name = `${first}: ${title}`
      await using atAnn = new Person(relay.url, name)
      before(atAnn.doc)
      await atAnn.saved()
      await using atBob = new Person(relay.url, name)
      await atBob.live()
      for (const person of [atAnn, atBob]) person.goOffline()
      ann(atAnn.doc)
      bob(atBob.doc)
      const [sooner, later] = first === 'ann' ? [atAnn, atBob] : [atBob, atAnn]
      sooner.comeBack()
      await sooner.saved()
      later.comeBack()
      await allMeet(relay.url, [atAnn.document, atBob.document], [...atAnn.edits, ...atBob.edits])
      expect([atAnn, atBob].map(({ doc }) => after(doc))).toEqual([is, is])
    },
  )
})
