// unseen-words.test.ts — which words a transaction removes without their being seen: a table of what people do at once, and
// chance. Each page applies what it hears as a device does: several updates in one transaction.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { removedSince, unseenWords } from '../../types/index.ts'
import type { CharacterRange, UnseenWords } from '../../types/index.ts'

/** A page that somebody writes in: what it sent, and what it noticed. */
class Page {
  readonly doc = new Y.Doc()
  readonly sent: Uint8Array[] = []
  readonly noticed: (UnseenWords & { readonly words: string; readonly at: number })[] = []
  readonly removed: CharacterRange[] = []
  #arriving: readonly Uint8Array[] = []

  constructor(client: number, state?: Uint8Array) {
    this.doc.clientID = client
    this.doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
      if (local) this.sent.push(update)
    })
    this.doc.on('afterTransaction', (transaction: Y.Transaction) => {
      this.removed.push(...removedSince(transaction, this.#arriving, this.noticed))
      for (const { runs, where } of unseenWords(transaction, this.#arriving, this.prose)) {
        const at = Y.createAbsolutePositionFromRelativePosition(where, this.doc)?.index ?? NaN
        this.noticed.push({ words: runs.map(({ text }) => text).join(''), at, runs, where })
      }
    })
    if (state !== undefined) this.hear(state)
  }

  get prose(): Y.XmlFragment {
    return this.doc.getXmlFragment('prose')
  }

  get words(): string[] {
    return this.noticed.map(({ words }) => words)
  }

  hear(...updates: readonly Uint8Array[]): void {
    this.#arriving = updates
    Y.transact(this.doc, () => updates.forEach((update) => Y.applyUpdate(this.doc, update)), undefined, false)
    this.#arriving = []
  }

  write(change: (prose: Y.XmlFragment) => void): void {
    this.doc.transact(() => change(this.prose))
  }
}

function element(name: string, ...children: readonly (Y.XmlElement | string)[]): Y.XmlElement {
  const made = new Y.XmlElement(name)
  made.insert(
    0,
    children.map((child) => (typeof child === 'string' ? new Y.XmlText(child) : child)),
  )
  return made
}

const paragraph = (words: string): Y.XmlElement => element('paragraph', words)

/** The first text that has these words. */
function textWith(type: Y.XmlFragment | Y.XmlElement | Y.XmlText, words: string): Y.XmlText | undefined {
  if (type instanceof Y.XmlText) return type.toJSON().includes(words) ? type : undefined
  for (const child of type.toArray()) {
    const found = textWith(child as Y.XmlElement, words)
    if (found !== undefined) return found
  }
  return undefined
}

const type = (where: string, words: string) => (prose: Y.XmlFragment) => {
  const text = textWith(prose, where)!
  text.insert(text.length, words)
}

const replace =
  (index: number, length: number, ...elements: readonly Y.XmlElement[]) =>
  (prose: Y.XmlFragment) => {
    prose.delete(index, length)
    prose.insert(index, [...elements])
  }

const list = () =>
  element('bulletList', element('listItem', paragraph('one')), element('listItem', paragraph('two')))
const table = () => element('table', element('tableRow', element('tableCell', paragraph('cell'))))

test.for<{
  what: string
  before?: () => Y.XmlElement[]
  author: (prose: Y.XmlFragment) => void
  other: (prose: Y.XmlFragment) => void
  noticed: readonly string[]
  at?: number
}>([
  {
    what: 'a paragraph made a heading',
    author: type('middle', ' and mine'),
    other: replace(1, 1, element('heading', 'middle')),
    noticed: [' and mine'],
    at: 2,
  },
  {
    what: 'two paragraphs joined',
    author: type('middle', ' and mine'),
    other: (prose) => {
      textWith(prose, 'first')?.insert(5, 'middle')
      prose.delete(1, 1)
    },
    noticed: [' and mine'],
    at: 1,
  },
  {
    what: 'a list made another kind of list',
    before: () => [list()],
    author: (prose) => {
      const items = prose.get(0) as Y.XmlElement
      items.insert(1, [element('listItem', paragraph('between'))])
      type('one', '!')(prose)
    },
    other: replace(0, 1, element('orderedList', element('listItem', paragraph('one')))),
    noticed: ['!', 'between'],
    at: 1,
  },
  {
    what: 'a paragraph in the cell of a table made a heading',
    before: () => [paragraph('first'), table(), paragraph('last')],
    author: type('cell', ' of mine'),
    other: (prose) => {
      const cell = textWith(prose, 'cell')!.parent!.parent as Y.XmlElement
      cell.delete(0, 1)
      cell.insert(0, [element('heading', 'cell')])
    },
    noticed: [' of mine'],
    at: 2,
  },
  {
    what: 'a paragraph removed',
    author: type('middle', ' and mine'),
    other: (prose) => prose.delete(1, 1),
    noticed: [' and mine'],
    at: 1,
  },
  {
    what: 'words in several places of one text',
    author: (prose) => {
      const text = textWith(prose, 'middle')!
      text.insert(6, 'C')
      text.insert(3, 'B')
      text.insert(0, 'A')
    },
    other: (prose) => prose.delete(1, 1),
    noticed: ['ABC'],
    at: 1,
  },
  {
    what: 'all words of a text, and not the text',
    author: type('middle', ' and mine'),
    other: (prose) => textWith(prose, 'middle')?.delete(0, 6),
    noticed: [],
  },
  {
    what: 'a paragraph in which nobody writes',
    author: type('first', ' and mine'),
    other: (prose) => prose.delete(1, 1),
    noticed: [],
  },
  {
    what: 'what the author too removed',
    author: (prose) => {
      type('middle', ' and mine')(prose)
      textWith(prose, 'middle')?.delete(6, 4)
    },
    other: (prose) => prose.delete(1, 1),
    noticed: [' mine'],
    at: 1,
  },
])(
  '[D3] $what, while another writes: each page notices the same words, once',
  ({ before, author, other, noticed, at }) => {
    const begun = new Page(1)
    begun.write((prose) =>
      prose.insert(0, before?.() ?? [paragraph('first'), paragraph('middle'), paragraph('last')]),
    )
    const [ann, bob, cem, dan, eve] = [2, 3, 4, 5, 6].map((client) => new Page(client, begun.sent[0]))
    ann!.write(author)
    bob!.write(other)
    // Who wrote, who removed, who hears of both in either order, and at once.
    ann!.hear(...bob!.sent)
    bob!.hear(...ann!.sent)
    for (const update of [...ann!.sent, ...bob!.sent]) cem!.hear(update)
    for (const update of [...bob!.sent, ...ann!.sent]) dan!.hear(update)
    eve!.hear(...ann!.sent, ...bob!.sent)
    for (const page of [ann!, cem!, eve!]) {
      expect(page.words).toEqual(noticed)
      for (const one of page.noticed) expect(one.at).toBe(at)
    }
    // Where the part is gone for good nobody knows any more what stood in one text.
    const lettersOf = (page: Page): string => page.words.join('').split('').toSorted().join('')
    for (const page of [bob!, dan!])
      expect(lettersOf(page)).toBe(noticed.join('').split('').toSorted().join(''))
    if (noticed.length === 1) for (const page of [bob!, dan!]) expect(page.noticed[0]?.at).toBe(at)
  },
)

test('[D3] what whoever removed it had seen is noticed by nobody, nor what one removes oneself', () => {
  const [ann, bob] = [new Page(1), new Page(2)]
  ann.write((prose) => prose.insert(0, [paragraph('words')]))
  bob.hear(...ann.sent)
  ann.write(type('words', ', seen'))
  bob.hear(ann.sent.at(-1)!)
  bob.write(replace(0, 1, element('heading', 'words, seen')))
  ann.hear(...bob.sent)
  new Page(3).hear(...ann.sent, ...bob.sent)
  expect([...ann.words, ...bob.words]).toEqual([])
})

test('[D3] of several updates in one transaction what any of them names was seen', () => {
  const [ann, bob] = [new Page(1), new Page(2)]
  ann.write((prose) => prose.insert(0, [paragraph('words')]))
  bob.hear(...ann.sent)
  bob.write((prose) => prose.delete(0, 1))
  ann.write(type('words', 'unsaid'))
  ann.write((prose) => textWith(prose, 'unsaid')?.delete(5, 2))
  const cem = new Page(3)
  cem.hear(ann.sent[0]!, bob.sent[0]!, ...ann.sent.slice(1))
  expect(cem.words).toEqual(['said'])
})

test('[D3] who takes the removal back finds what had been seen; what was not stays noticed', () => {
  const [ann, bob] = [new Page(1), new Page(2)]
  ann.write((prose) => prose.insert(0, [paragraph('words')]))
  bob.hear(...ann.sent)
  const undo = new Y.UndoManager(bob.prose, { captureTimeout: 0 })
  bob.write(replace(0, 1, element('heading', 'words')))
  ann.write(type('words', ', mine'))
  bob.hear(ann.sent.at(-1)!)
  undo.undo()
  ann.hear(...bob.sent)
  expect(bob.prose.toString()).toBe('<paragraph>words</paragraph>')
  expect(bob.words).toEqual([', mine'])
  expect(ann.words).toEqual([', mine'])
})

test('[D3] what its author takes back later was not meant to stay; a snapshot that tells of all that is gone takes nothing back', () => {
  const [ann, bob, cem] = [new Page(1), new Page(2), new Page(3)]
  ann.write((prose) => prose.insert(0, [paragraph('words')]))
  for (const page of [bob, cem]) page.hear(...ann.sent)
  // Whoever may undo a removal keeps what it removed.
  const undo = new Y.UndoManager(bob.prose, { captureTimeout: 0 })
  bob.write(replace(0, 1, element('heading', 'words')))
  expect(undo.canUndo()).toBe(true)
  ann.write(type('words', ', unsaid'))
  ann.write((prose) => {
    textWith(prose, 'unsaid')?.delete(7, 2)
    prose.insert(1, [paragraph('more')])
  })
  cem.hear(...bob.sent)
  for (const page of [bob, cem]) {
    page.hear(ann.sent[1]!)
    expect(page.words).toEqual([', unsaid'])
    page.hear(ann.sent[2]!)
    expect(page.removed).toEqual([{ client: 1, clock: page.noticed[0]!.runs[0]!.clock + 2, length: 2 }])
  }
  const dan = new Page(4, Y.encodeStateAsUpdate(bob.doc))
  dan.write((prose) => prose.insert(0, [paragraph('of Dan')]))
  for (const page of [bob, cem]) {
    // Also beside one that alone would be trusted, as a piece of it would.
    page.hear(Y.encodeStateAsUpdate(dan.doc))
    page.hear(Y.encodeStateAsUpdate(dan.doc), ...ann.sent.slice(2))
    expect(page.removed.length).toBe(1)
  }
})

test('[D3] words of another fragment are told to who asks for that one', () => {
  const [ann, bob] = [new Page(1), new Page(2)]
  const sideOf = ({ doc }: Page): Y.XmlFragment => doc.getXmlFragment('side')
  ann.write((prose) => {
    prose.insert(0, [paragraph('prose'), paragraph('more')])
    sideOf(ann).insert(0, [paragraph('words')])
  })
  bob.hear(...ann.sent)
  ann.write(() => type('words', ' of the side')(sideOf(ann)))
  ann.write(type('prose', ' of the text'))
  bob.write((prose) => {
    prose.delete(0, 1)
    sideOf(bob).delete(0, 1)
  })
  const ofTheSide: string[] = []
  bob.doc.on('afterTransaction', (transaction) => {
    for (const { runs } of unseenWords(transaction, ann.sent.slice(1), sideOf(bob)))
      ofTheSide.push(runs.map(({ text }) => text).join(''))
  })
  bob.hear(...ann.sent.slice(1))
  expect(bob.words).toEqual([' of the text'])
  expect(ofTheSide).toEqual([' of the side'])
})

test('[D3] what was typed on, with mistakes taken back, and comes at once for a part that is gone is one text, found in steps that grow with it', () => {
  const timeOf = (keys: number): number => {
    const [ann, bob] = [new Page(1), new Page(2)]
    ann.write((prose) => prose.insert(0, [paragraph('words')]))
    bob.hear(...ann.sent)
    const text = textWith(ann.prose, 'words')!
    for (let key = 0; key < keys; key += 1)
      if (key % 10 === 9) text.delete(text.length - 1, 1)
      else text.insert(text.length, String.fromCharCode(97 + (key % 10)))
    bob.write((prose) => prose.delete(0, 1))
    const begun = performance.now()
    bob.hear(...ann.sent.slice(1))
    const time = performance.now() - begun
    expect(bob.words).toEqual(['abcdefgh'.repeat(keys / 10)])
    return time
  }
  timeOf(2000)
  // In steps that grow with the square of them it would be a hundred times as long.
  const short = timeOf(2000)
  expect(timeOf(20_000)).toBeLessThan(30 * short + 300)
})

test.for([
  { what: 'collected', isKept: false },
  { what: 'kept by who may undo', isKept: true },
])(
  '[D3] who typed and then changed a part had seen the words, though another changed it meanwhile: $what',
  ({ isKept }) => {
    const [ann, bob, dan] = [new Page(1), new Page(2), new Page(4)]
    ann.write((prose) => prose.insert(0, [paragraph('words'), paragraph('last')]))
    ann.write((prose) => textWith(prose, 'last')?.delete(0, 1))
    for (const page of [bob, dan]) page.hear(...ann.sent)
    const undo = isKept ? new Y.UndoManager(bob.prose, { captureTimeout: 0 }) : undefined
    bob.write(replace(0, 1, element('quote', 'words')))
    dan.hear(...bob.sent)
    const begun = ann.sent.length
    for (const letter of ' and mine') ann.write(type('words', letter))
    ann.write(replace(0, 1, element('heading', 'words and mine')))
    for (const update of ann.sent.slice(begun, -1)) bob.hear(update)
    expect(bob.words.join('')).toBe(' and mine')

    // Who has heard of both tells all, as a difference does, with news or without.
    dan.hear(...ann.sent.slice(begun, -1))
    bob.hear(Y.encodeStateAsUpdate(dan.doc, Y.encodeStateVector(bob.doc)))
    dan.write((prose) => prose.insert(0, [paragraph('of Dan')]))
    bob.hear(Y.encodeStateAsUpdate(dan.doc, Y.encodeStateVector(bob.doc)))
    expect(bob.prose.toString()).toContain('of Dan')
    expect(bob.removed).toEqual([])

    bob.hear(ann.sent.at(-1)!)
    expect(bob.removed.reduce((sum, { length }) => sum + length, 0)).toBe(' and mine'.length)
    undo?.destroy()
  },
)

test('a snapshot has no words of what is gone, and names it as removed', () => {
  const [ann, bob] = [new Page(1), new Page(2)]
  ann.write((prose) => prose.insert(0, [paragraph('words')]))
  bob.hear(...ann.sent)
  ann.write(type('words', ', mine'))
  bob.write((prose) => prose.delete(0, 1))
  bob.hear(ann.sent.at(-1)!)
  const cem = new Page(3, Y.encodeStateAsUpdate(bob.doc))
  cem.hear(...ann.sent, ...bob.sent)
  expect(bob.words).toEqual([', mine'])
  expect(cem.words).toEqual([])
})

test('[D3] by chance: whatever anybody wrote is in the text, or removed by who had seen it, or noticed by every page', () => {
  const act = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom(
      'type',
      'type',
      'type',
      'begin',
      'kind',
      'remove',
      'erase',
      'undo',
      'hear',
      'hearAll',
      'tell',
    ),
    where: fc.nat(99),
  })
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 60 }), (acts) => {
      const begun = new Page(9)
      begun.write((prose) =>
        prose.insert(0, [paragraph('abc'), element('quote', paragraph('def')), paragraph('ghi')]),
      )
      begun.write((prose) => textWith(prose, 'ghi')?.delete(0, 1))
      const pages = [1, 2, 3].map((client) => new Page(client, Y.encodeStateAsUpdate(begun.doc)))
      /** Hears each update by itself, at once. */
      const cem = new Page(4, Y.encodeStateAsUpdate(begun.doc))
      const undo = new Y.UndoManager(pages[0]!.prose, { captureTimeout: 0 })
      /** Everything that was sent, as a relay orders it, and how far each page is. */
      const log: { readonly by: number; readonly what: string; readonly update: Uint8Array }[] = []
      const heard = [0, 0, 0]
      const hear = (who: number, through: number): void => {
        const to = Math.min(through, log.length)
        const news = log.slice(heard[who], to).filter(({ by }) => by !== who)
        heard[who] = to
        // What arrives with what tells all counts as seen, so that comes by itself.
        while (news.length > 0) {
          const told = news.findIndex(({ what }) => what === 'tell')
          const together = news.splice(0, told < 0 ? news.length : Math.max(1, told))
          pages[who]!.hear(...together.map(({ update }) => update))
        }
      }
      for (const { who, what, where } of acts) {
        const page = pages[who]!
        const { prose } = page
        const sent = pages.map((one) => one.sent.length)
        const at = prose.length === 0 ? 0 : where % prose.length
        const texts = prose.toArray().flatMap((block) => textWith(block as Y.XmlElement, '') ?? [])
        const text = texts[where % Math.max(1, texts.length)]
        if (what === 'hear') hear(who, heard[who]! + 1)
        else if (what === 'hearAll') hear(who, log.length)
        else if (what === 'undo') undo.undo()
        else if (what === 'tell') {
          const { doc } = where % 2 === 0 ? page : cem
          log.push({ by: who, what, update: Y.encodeStateAsUpdate(page.doc, Y.encodeStateVector(doc)) })
          cem.hear(log.at(-1)!.update)
        } else if (what === 'begin') page.write(() => prose.insert(at, [paragraph(`n${where}`)]))
        else if (what === 'type') page.write(() => text?.insert(where % (text.length + 1), 'xy'))
        else if (what === 'erase') page.write(() => text?.delete(0, Math.min(2, text.length)))
        else if (prose.length > 0) {
          const words = textWith(prose.get(at), '')?.toJSON() ?? ''
          page.write(replace(at, 1, ...(what === 'kind' ? [element('heading', words)] : [])))
        }
        for (const [by, one] of pages.entries())
          for (const update of one.sent.slice(sent[by])) {
            log.push({ by, what, update })
            cem.hear(update)
          }
      }
      for (const who of [0, 1, 2]) hear(who, log.length)

      undo.destroy()
      const edits = [
        ...begun.sent.map((update) => ({ by: 9, what: 'begin', update })),
        ...log.filter(({ what }) => what !== 'tell'),
      ]
      const updates = edits.map(({ update }) => Y.decodeUpdate(update))
      const namedBy = (some: typeof log) =>
        Y.mergeDeleteSets(some.map(({ update }) => Y.decodeUpdate(update).ds))
      const named = namedBy(edits)
      // Who changes a part has seen all that was in it.
      const changed = namedBy(edits.filter(({ what }) => what === 'kind'))
      for (const { client, clock, text } of cem.noticed.flatMap(({ runs }) => runs))
        for (let at = clock; at < clock + text.length; at += 1)
          if (Y.isDeleted(changed, Y.createID(client, at)))
            expect(
              cem.removed.some(
                (range) => range.client === client && range.clock <= at && at < range.clock + range.length,
              ),
            ).toBe(true)
      for (const { doc, noticed, removed } of [...pages, cem]) {
        for (const { client, clock, length } of removed)
          for (let offset = 0; offset < length; offset += 1)
            expect(Y.isDeleted(named, Y.createID(client, clock + offset))).toBe(true)
        const runs = noticed.flatMap((one) => one.runs)
        for (const struct of updates.flatMap(({ structs }) => structs)) {
          if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue
          const { client, clock } = struct.id
          for (const [offset, letter] of struct.content.str.split('').entries()) {
            const id = Y.createID(client, clock + offset)
            const mentions = runs.filter(
              (run) =>
                run.client === client && run.clock <= id.clock && id.clock < run.clock + run.text.length,
            )
            const item = Y.getItem(doc.store, id)
            const isAlive = item instanceof Y.Item && !item.deleted
            if (isAlive) expect(mentions).toEqual([])
            else if (!Y.isDeleted(named, id)) expect(mentions.length).toBe(1)
            for (const run of mentions) expect(run.text[id.clock - run.clock]).toBe(letter)
          }
        }
      }
    }),
    { numRuns: 300 },
  )
})
