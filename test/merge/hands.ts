// hands.ts — what people do to a document, and what of it must be there in the end. Each word and each thing has a mark that
// nobody else makes, so that what is lost is seen, and what is there twice. Knows: Yjs, counters. Must not know: who syncs.
import * as Y from 'yjs'
import { counter } from '../../types/index.ts'
import type { Chance } from '../chance.ts'

/** What all people together did: of what is shared, everything that is not removed stays. */
export class Truth {
  likes = 0
  readonly #added = new Map<string, string | undefined>()
  readonly #removed = new Set<string>()
  readonly #votes = new Map<string, number>()
  #marks = 0

  /** A new mark; with what it stands in, it goes. */
  mark(within?: string): string {
    const mark = `[${(this.#marks += 1)}]`
    this.#added.set(mark, within)
    return mark
  }

  remove(mark: string): void {
    this.#removed.add(mark)
  }

  vote(mark: string, amount: number): void {
    this.#votes.set(mark, (this.#votes.get(mark) ?? 0) + amount)
  }

  get marks(): string[] {
    const isThere = (mark: string, within: string | undefined): boolean =>
      !this.#removed.has(mark) && (within === undefined || !this.#removed.has(within))
    return [...this.#added].filter((entry) => isThere(...entry)).map(([mark]) => mark)
  }

  votesOf(mark: string): number {
    return this.#votes.get(mark) ?? 0
  }
}

export type Hand = (doc: Y.Doc, truth: Truth, chance: Chance) => void

/** Without what formats it. */
const plain = (text: Y.Text): string =>
  text
    .toDelta()
    .map(({ insert }: { insert: string }) => insert)
    .join('')

const marksIn = (text: string): RegExpExecArray[] => [...text.matchAll(/\[\d+\]/g)]

/** Words are written between words, and removed whole: so each is there, or not. */
function writeWord(text: Y.Text, truth: Truth, chance: Chance, within?: string): void {
  const borders = [0, ...marksIn(plain(text)).map(({ 0: word, index }) => index + word.length)]
  const attributes = chance.between(0, 2) === 0 ? { bold: true } : undefined
  text.insert(chance.oneOf(borders), truth.mark(within), attributes)
}

function removeWord(text: Y.Text, truth: Truth, chance: Chance): void {
  const words = marksIn(plain(text))
  if (words.length === 0) return
  const { 0: word, index } = chance.oneOf(words)
  text.delete(index, word.length)
  truth.remove(word)
}

function formatSome(text: Y.Text, chance: Chance): void {
  if (text.length === 0) return
  const from = chance.between(0, text.length - 1)
  const style = chance.oneOf([{ bold: true }, { bold: null }, { italic: true }, { italic: null }])
  text.format(from, chance.between(1, text.length - from), style)
}

/** Four times out of five something more, so that there is something. */
function moreOrLess(chance: Chance, more: () => void, less: () => void): void {
  if (chance.between(0, 4) > 0) more()
  else less()
}

const paragraphs = (doc: Y.Doc): Y.XmlElement[] =>
  doc
    .getXmlFragment('rich')
    .toArray()
    .filter((child) => child instanceof Y.XmlElement)

const things = (doc: Y.Doc): Y.Map<unknown>[] => doc.getArray<Y.Map<unknown>>('things').toArray()

const addParagraph: Hand = (doc, truth, chance) => {
  const mark = truth.mark()
  const paragraph = new Y.XmlElement('p')
  paragraph.setAttribute('id', mark)
  paragraph.insert(0, [new Y.XmlText()])
  doc.getXmlFragment('rich').insert(chance.between(0, paragraphs(doc).length), [paragraph])
}

const writeInParagraph: Hand = (doc, truth, chance) => {
  if (paragraphs(doc).length === 0) return addParagraph(doc, truth, chance)
  const paragraph = chance.oneOf(paragraphs(doc))
  const text = paragraph.get(0) as Y.XmlText
  switch (chance.between(0, 5)) {
    case 0:
      return removeWord(text, truth, chance)
    case 1:
      return formatSome(text, chance)
    case 2:
      return paragraph.setAttribute('style', chance.oneOf(['quote', 'code']))
    default:
      return writeWord(text, truth, chance, paragraph.getAttribute('id'))
  }
}

const removeParagraph: Hand = (doc, truth, chance) => {
  const all = paragraphs(doc)
  if (all.length < 3) return
  const index = chance.between(0, all.length - 1)
  truth.remove(all[index]?.getAttribute('id') ?? '')
  doc.getXmlFragment('rich').delete(index)
}

const addThing: Hand = (doc, truth, chance) => {
  const thing = new Y.Map<unknown>([['mark', truth.mark()]])
  doc.getArray('things').insert(chance.between(0, things(doc).length), [thing])
}

const removeThing: Hand = (doc, truth, chance) => {
  const all = things(doc)
  if (all.length < 3) return
  const index = chance.between(0, all.length - 1)
  truth.remove(String(all[index]?.get('mark')))
  doc.getArray('things').delete(index)
}

const voteForThing: Hand = (doc, truth, chance) => {
  if (things(doc).length === 0) return addThing(doc, truth, chance)
  const thing = chance.oneOf(things(doc))
  const amount = chance.between(-3, 9)
  counter(thing, 'votes').add(amount)
  truth.vote(String(thing.get('mark')), amount)
}

export const hands = {
  text: (doc, truth, chance) => {
    const text = doc.getText('text')
    moreOrLess(
      chance,
      () => text.insert(chance.oneOf([0, text.length]), truth.mark()),
      () => removeWord(text, truth, chance),
    )
  },
  formatted: (doc, truth, chance) => {
    const text = doc.getText('formatted')
    moreOrLess(
      chance,
      () => (chance.between(0, 2) === 0 ? formatSome(text, chance) : writeWord(text, truth, chance)),
      () => removeWord(text, truth, chance),
    )
  },
  rich: (doc, truth, chance) => {
    const act = chance.oneOf([
      addParagraph,
      writeInParagraph,
      writeInParagraph,
      writeInParagraph,
      removeParagraph,
    ])
    act(doc, truth, chance)
  },
  list: (doc, truth, chance) =>
    chance.oneOf([addThing, addThing, voteForThing, removeThing])(doc, truth, chance),
  map: (doc, _truth, chance) => {
    const settings = doc.getMap('settings')
    const key = `setting ${chance.between(0, 4)}`
    moreOrLess(
      chance,
      () => settings.set(key, chance.between(0, 1_000_000)),
      () => settings.delete(key),
    )
  },
  counter: (doc, truth, chance) => {
    const amount = chance.between(-5, 9)
    counter(doc, 'likes').add(amount)
    truth.likes += amount
  },
} satisfies Record<string, Hand>

export const allHands: readonly Hand[] = Object.values(hands)

/** What a replica shows, in the words of the truth. */
export function shownIn(doc: Y.Doc): { marks: string[]; likes: number; votes: Record<string, number> } {
  const inParagraphs = paragraphs(doc).map(
    (paragraph) => `${paragraph.getAttribute('id')} ${plain(paragraph.get(0) as Y.XmlText)}`,
  )
  const written = [plain(doc.getText('text')), plain(doc.getText('formatted')), ...inParagraphs].join(' ')
  const votes: Record<string, number> = {}
  for (const thing of things(doc)) votes[String(thing.get('mark'))] = counter(thing, 'votes').current
  const marks = marksIn(written).map(([mark]) => mark)
  return { marks: [...marks, ...Object.keys(votes)].toSorted(), likes: counter(doc, 'likes').current, votes }
}

export function trueOf(truth: Truth, votes: Record<string, number>): ReturnType<typeof shownIn> {
  const trueVotes = Object.fromEntries(Object.keys(votes).map((mark) => [mark, truth.votesOf(mark)]))
  return { marks: truth.marks.toSorted(), likes: truth.likes, votes: trueVotes }
}
