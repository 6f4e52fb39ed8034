// leftover-entries.test.ts — words that wait to be put back, as they lie in a document: whoever noticed them, and cut however,
// they are there once; what was dealt with stays so. [D3]
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { leftoversOf, proseOf } from '../../editor/notebook/document-parts.ts'
import { discard, leftoversIn, putBack, record, wordsOf } from '../../editor/notebook/leftovers.ts'
import type { CharacterId, UnseenRun, UnseenWords } from '../../types/index.ts'

const author = 7

/** Of a sentence that one person typed, these characters of it. */
function noticed(text: string, clock = 10, { client = author, where = block(0) } = {}): UnseenWords {
  return { runs: [run(text, clock, client)], where }
}

function run(text: string, clock: number, client = author): UnseenRun {
  return { client, clock, text, behind: { client, clock: clock - 1 } }
}

/** Noticed alone, as one jumps about. */
function hung(text: string, clock: number, client: number, behind: CharacterId): UnseenWords {
  return { runs: [{ client, clock, text, behind }], where: block(0) }
}

function by(clock: number): CharacterId {
  return { client: author, clock }
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
for (const client of [author, 8]) wrote(client, 100)

/** So much of which nothing is left. */
function wrote(client: number, length: number, doc = begun): void {
  const elsewhere = new Y.Doc()
  elsewhere.clientID = client
  elsewhere.getText('elsewhere').insert(0, 'x'.repeat(length))
  elsewhere.getText('elsewhere').delete(0, length)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(elsewhere))
}

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
    pages: [[noticed('below', 10, { where: block(1) }), noticed('above', 30)]],
    shows: ['above', 'below'],
  },
  {
    what: 'one going on behind another whose clock is higher',
    pages: [[noticed('hello ', 60)], [hung('world', 10, 8, { client: author, clock: 65 })]],
    shows: ['hello world'],
  },
  {
    what: 'one written later amid what two noticed',
    pages: [[noticed('A', 10)], [hung('B', 11, author, by(10)), hung('C', 30, author, by(10))]],
    shows: ['ACB'],
  },
  {
    what: 'several behind one letter, the last first',
    pages: [[noticed('AB', 10)], [hung('C', 30, author, by(10)), hung('D', 40, author, by(10))]],
    shows: ['ADCB'],
  },
  {
    what: 'another’s between two keys, though fewer were written before it',
    pages: [[noticed('A', 50), noticed('B', 51)], [hung('C', 10, 8, by(50))]],
    shows: ['ACB'],
  },
  {
    what: 'several behind a letter that nobody misses',
    pages: [[hung('C', 30, author, by(5)), hung('D', 40, author, by(5))]],
    shows: ['DC'],
  },
  {
    what: 'one key behind the other, in any order',
    pages: [[hung('c', 3, 8, by(21)), hung('a', 20, author, by(19)), hung('b', 21, author, by(20))]],
    shows: ['abc'],
  },
  {
    what: 'some that are said to stand behind each other',
    pages: [[hung('a', 10, author, by(20)), hung('b', 20, author, by(10)), hung('c', 30, author, by(30))]],
    shows: ['ab', 'c'],
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

test('[D3] put back one by one, from the top, pieces of one part stay in their order, whoever puts them back', () => {
  const [ann, bob] = [opened(), opened()]
  record(ann, [noticed('first', 10), noticed('second', 30), noticed('third\nand last', 50)])
  for (const doc of [ann, bob, ann]) {
    meet(ann, bob)
    putBack(doc, leftoversIn(doc)[0]!)
  }
  expect(proseOf(ann).toString()).toBe(
    `<heading></heading>${['first', 'second', 'third', 'and last'].map((line) => `<paragraph>${line}</paragraph>`).join('')}<paragraph></paragraph>`,
  )
})

test('[D3] what is in the text, as its removal was refused or nobody ever wrote it elsewhere, is not said to be missing', () => {
  const doc = opened()
  const text = new Y.XmlText('alive')
  ;(proseOf(doc).get(0) as Y.XmlElement).insert(0, [text])
  const first = { client: doc.clientID, clock: Y.getState(doc.store, doc.clientID) - 5 }
  record(doc, [noticed('alive', first.clock, first)])
  expect(shown(doc)).toEqual([])
  text.delete(1, 2)
  expect(shown(doc)).toEqual(['li'])
  record(doc, [noticed('never', 1_000)])
  expect(shown(doc)).toEqual(['li'])
})

test('[W1] nobody can say beforehand that what somebody is going to write is dealt with', () => {
  const doc = opened()
  leftoversOf(doc).set('all', { done: [{ client: author, clock: 0, length: Number.MAX_SAFE_INTEGER }] })
  record(doc, [noticed('hello')])
  expect(shown(doc)).toEqual(['hello'])
  discard(doc, leftoversIn(doc)[0]!)
  expect(shown(doc)).toEqual([])
})

const sentence = ' and twenty letters of it'

test('[D3] words that stand in the text are not missing from it, unless so few that they may be there by chance', () => {
  const doc = opened()
  record(doc, [noticed(sentence, 10), noticed('few', 50)])
  expect(shown(doc)).toEqual([sentence, 'few'])
  const heading = new Y.XmlText(`A few words${sentence}.`)
  ;(proseOf(doc).get(0) as Y.XmlElement).insert(0, [heading])
  heading.format(14, 4, { bold: {} })
  expect(shown(doc)).toEqual(['few'])
})

test('[D3] words that stood in the text when they were noticed are dealt with, whatever becomes of them there', () => {
  const doc = opened()
  const heading = new Y.XmlText(`Words${sentence}.`)
  ;(proseOf(doc).get(0) as Y.XmlElement).insert(0, [heading])
  record(doc, [noticed(sentence)])
  heading.delete(10, 5)
  expect(shown(doc)).toEqual([])
  record(doc, [noticed(sentence)])
  expect(shown(doc)).toEqual([])
})

const many = 100_000
/** It was minutes, and is a tenth of this on a slow machine. */
const slowMs = 20_000
const numbers = Array.from({ length: many }, (_, number) => number)

test.for<{ what: string; values: () => readonly unknown[] }>([
  {
    what: 'entries',
    values: () => numbers.map((at) => ({ runs: [{ client: 9, clock: at * 3, text: 'ab' }] })),
  },
  {
    what: 'runs of one, in any order',
    values: () => [
      { runs: numbers.map((at) => ({ client: 9, clock: ((at * 7919) % many) * 3, text: 'ab' })) },
    ],
  },
  {
    what: 'runs, each behind the one before',
    values: () =>
      numbers.map((at) => ({
        runs: [{ client: 9, clock: at * 3, text: 'a', behind: { client: 9, clock: at * 3 - 3 } }],
      })),
  },
  {
    what: 'runs of as many people',
    values: () => [{ runs: numbers.map((client) => ({ client: 100 + client, clock: 0, text: 'a' })) }],
  },
  {
    what: 'ranges that are done with, falling',
    values: () => [{ done: numbers.map((at) => ({ client: 9, clock: (many - at) * 3, length: 1 })) }],
  },
  {
    what: 'ranges that are done with, one by one',
    values: () => numbers.map((at) => ({ done: [{ client: 9, clock: at * 3, length: 1 }] })),
  },
  {
    what: 'letters of each of many entries',
    values: () => numbers.slice(0, 50).map((at) => long(at * many)),
  },
])('[W1] [B1] 100,000 $what keep nobody waiting', ({ values }) => {
  const doc = opened()
  wrote(9, many * 3, doc)
  record(doc, [noticed('hello', 10, { where: block(1) })])
  doc.transact(() => {
    for (const [at, value] of values().entries()) leftoversOf(doc).set(`9:${at}`, value)
  })
  const began = performance.now()
  expect(shown(doc)).toContain('hello')
  record(doc, [noticed('hello', 10)])
  discard(
    doc,
    leftoversIn(doc).find((leftover) => wordsOf(leftover) === 'hello')!,
  )
  expect(shown(doc)).not.toContain('hello')
  expect(performance.now() - began).toBeLessThan(slowMs)
})

function long(clock: number): unknown {
  return { runs: [{ client: 9, clock, text: 'ab'.repeat(many / 2) }] }
}

test('[W1] [B1] words that are hard to look for in a text keep nobody waiting', () => {
  const doc = opened()
  wrote(9, 1_000_000, doc)
  ;(proseOf(doc).get(0) as Y.XmlElement).insert(0, [new Y.XmlText('a'.repeat(500_000))])
  const text = `${'ab'.repeat(50)}${'a'.repeat(4_700)}`
  doc.transact(() => {
    for (const place of numbers.slice(0, 200))
      leftoversOf(doc).set(`9:${place}`, { runs: [{ client: 9, clock: place * 5_000, text }] })
  })
  const began = performance.now()
  expect(shown(doc).length).toBe(200)
  expect(performance.now() - began).toBeLessThan(slowMs)
})

test('[B1] what would be more than a page reads is not recorded', () => {
  const doc = opened()
  wrote(9, 1_000_000, doc)
  record(doc, [noticed('x'.repeat(999_996), 1, { client: 9 })])
  record(doc, [noticed('hello')])
  expect([...leftoversOf(doc).keys()].length).toBe(1)
  record(doc, [noticed('hell')])
  expect(shown(doc)).toContain('hell')
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
