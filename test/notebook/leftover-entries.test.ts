// leftover-entries.test.ts — words that wait to be put back, as they lie in a document: whoever noticed them, and cut however,
// they are there once; what was dealt with stays so. [D3]
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { leftoversOf, proseOf } from '../../editor/notebook/document-parts.ts'
import { discard, leftoversIn, putBack, record, wordsOf } from '../../editor/notebook/leftovers.ts'
import type { UnseenRun, UnseenWords } from '../../types/index.ts'

const author = 7

/** Of a sentence that one person typed, these characters of it. */
function noticed(text: string, clock = 10, { client = author, where = block(0) } = {}): UnseenWords {
  return { runs: [run(text, clock, client)], where }
}

function run(text: string, clock: number, client = author): UnseenRun {
  return { client, clock, text, behind: { client, clock: clock - 1 } }
}

/** Behind the block of this place, in the text that `begun` has. */
function block(place: number): Y.RelativePosition {
  return new Y.RelativePosition(null, null, Y.createID(1, place), -1)
}

const begun = new Y.Doc()
begun.clientID = 1
begun.transact(() => {
  for (const name of ['heading', 'paragraph']) proseOf(begun).push([new Y.XmlElement(name)])
})

function opened(): Y.Doc {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(begun))
  return doc
}

function meet(...docs: readonly Y.Doc[]): void {
  for (const from of docs) for (const to of docs) Y.applyUpdate(to, Y.encodeStateAsUpdate(from))
}

const shown = (doc: Y.Doc): string[] => leftoversIn(doc).map(wordsOf)

test.for<{ what: string; pages: readonly (readonly UnseenWords[])[]; shows: readonly string[] }>([
  { what: 'all at once, by two', pages: [[noticed('hello')], [noticed('hello')]], shows: ['hello'] },
  {
    what: 'key by key by one, at once by the other',
    pages: [[noticed('hello')], [noticed('h', 10), noticed('e', 11), noticed('l', 12)]],
    shows: ['hello'],
  },
  {
    what: 'key by key by both',
    pages: [
      [noticed('h', 10), noticed('e', 11), noticed('l', 12)],
      [noticed('e', 11), noticed('l', 12), noticed('lo', 13)],
    ],
    shows: ['hello'],
  },
  {
    what: 'parts that overlap',
    pages: [[noticed('hell', 10)], [noticed('llo', 12)]],
    shows: ['hello'],
  },
  {
    what: 'one beginning within what another noticed, and somewhere else',
    pages: [[noticed('hello')], [noticed('ello', 11, { where: block(1) })]],
    shows: ['hello'],
  },
  {
    what: 'two people’s words in one text',
    pages: [
      [{ runs: [run('he', 10), run('XY', 50, 8), run('llo', 12)], where: block(0) }],
      [noticed('hello')],
    ],
    shows: ['heXYllo'],
  },
  {
    what: 'one that stood amid the others, and is noticed alone as well',
    pages: [
      [
        {
          runs: [run('f', 10, 8), { ...run('x', 13), behind: { client: 8, clock: 10 } }, run('oo', 11, 8)],
          where: block(0),
        },
      ],
      [{ runs: [{ ...run('x', 13), behind: { client: 8, clock: 10 } }], where: block(1) }],
    ],
    shows: ['fxoo'],
  },
  {
    what: 'two places, as they stand in the text',
    pages: [[noticed('below', 10, { where: block(1) }), noticed('above', 30, { where: block(0) })]],
    shows: ['above', 'below'],
  },
  { what: 'nothing but space', pages: [[noticed(' \n')]], shows: [] },
])('[D3] $what: each word is there once, for everybody', ({ pages, shows }) => {
  const docs = pages.map((words) => {
    const doc = opened()
    for (const one of words) record(doc, [one])
    return doc
  })
  meet(...docs)
  for (const doc of docs) expect(shown(doc)).toEqual(shows)
  // Who knows of all of it writes nothing.
  for (const doc of docs) {
    const before = Y.encodeStateVector(doc)
    record(doc, pages.flat())
    expect(Y.encodeStateVector(doc)).toEqual(before)
  }
})

test('[D3] what one has dealt with is so for everybody, whoever notices it later, and cut otherwise', () => {
  const [ann, bob, cem] = [opened(), opened(), opened()]
  record(ann, [noticed('hello')])
  discard(ann, leftoversIn(ann)[0]!)
  for (const [place, letter] of 'hello!'.split('').entries()) record(bob, [noticed(letter, 10 + place)])
  record(cem, [noticed('hello')])
  meet(ann, bob, cem)
  for (const doc of [ann, bob, cem]) {
    expect(shown(doc)).toEqual(['!'])
    record(doc, [noticed('hello!')])
    expect(shown(doc)).toEqual(['!'])
  }
  discard(cem, leftoversIn(cem)[0]!)
  meet(ann, bob, cem)
  for (const doc of [ann, bob, cem]) expect(shown(doc)).toEqual([])
  // Of what is done with no word is kept.
  expect(JSON.stringify(leftoversOf(cem))).not.toContain('text')
})

test('[D3] what somebody removed since who had seen it waits no longer, and is not noted at all where it is known before', () => {
  const removed = [{ client: author, clock: 12, length: 2 }]
  const [ann, bob] = [opened(), opened()]
  record(ann, [noticed('hello')])
  record(ann, [noticed('hello')], removed)
  expect(shown(ann)).toEqual(['heo'])
  record(bob, [noticed('hello')], removed)
  expect([...leftoversOf(bob).keys()].length).toBe(1)
  meet(ann, bob)
  for (const doc of [ann, bob]) expect(shown(doc)).toEqual(['heo'])
})

test('[D3] put back, words are paragraphs behind what became of their part, line by line', () => {
  const doc = opened()
  record(doc, [noticed('one\ntwo'), noticed('end', 40, { where: block(1) })])
  for (const leftover of leftoversIn(doc)) putBack(doc, leftover)
  expect(proseOf(doc).toString()).toBe(
    '<heading></heading><paragraph>one</paragraph><paragraph>two</paragraph><paragraph></paragraph><paragraph>end</paragraph>',
  )
  expect(shown(doc)).toEqual([])
})

test('[D3] where the part is gone words come behind what is left before it, and at the end where nobody knows', () => {
  const doc = opened()
  record(doc, [noticed('gone', 10, { where: block(1) }), noticed('nowhere', 40, { where: block(99) })])
  proseOf(doc).delete(1, 1)
  proseOf(doc).push([new Y.XmlElement('codeBlock')])
  for (const leftover of leftoversIn(doc)) putBack(doc, leftover)
  expect(proseOf(doc).toString()).toBe(
    '<heading></heading><codeblock></codeblock><paragraph>gone</paragraph><paragraph>nowhere</paragraph>',
  )
})

test.for<unknown>([
  undefined,
  'words',
  7,
  {},
  { runs: [] },
  { runs: ['words'] },
  { runs: [{ client: 1, clock: -1, text: 'words' }] },
  { runs: [{ client: 1, clock: 0.5, text: 'words' }] },
  { runs: [{ client: 1, clock: 0, text: ['words'] }] },
  { runs: [{ client: 1, clock: 0, text: 'words', behind: 'me' }] },
  { runs: [{ client: 1, clock: 0, text: 'words' }], where: { client: 'me', clock: 0 } },
  { done: 'all' },
  { done: [{ client: author, clock: 0, length: Infinity }] },
])('[W1] %j among the words is passed over', (value) => {
  const doc = opened()
  leftoversOf(doc).set('strange', value)
  record(doc, [noticed('hello')])
  expect(shown(doc)).toEqual(['hello'])
})
