// Answers of a Y.Doc that has a gap: what of them is whole can be told from what is not.
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { LogState } from '../../shared/log-state.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { wholePartOf } from '../../shared/whole-part.ts'
import { chanceFrom } from '../chance.ts'

function logOf(...updates: Uint8Array[]): LogState {
  const log = new LogState()
  for (const update of updates) log.add(readUpdate(update))
  return log
}

function docOf(client: number, ...updates: Uint8Array[]): { doc: Y.Doc; written: Uint8Array[] } {
  const doc = new Y.Doc()
  doc.clientID = client
  for (const update of updates) Y.applyUpdate(doc, update)
  const written: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => written.push(update))
  return { doc, written }
}

/** What a stock client answers to a log that has so much. */
function answerOf(doc: Y.Doc, log: LogState): Uint8Array {
  return Y.encodeStateAsUpdate(doc, log.stateVector())
}

test('[L1] what was written beside a gap is found, and is whole', () => {
  const { doc: lost, written } = docOf(1)
  for (const word of ['one ', 'two ', 'three ']) lost.getText('text').insert(0, word)
  const [one, , three] = written
  const { doc } = docOf(9, one!, three!)
  doc.getText('text').insert(0, 'Written offline. ')
  doc.getText('text').format(0, 7, { bold: true })
  doc.getMap('map').set('key', new Y.Map([['inner', 1]]))
  doc.getText('text').delete(8, 3)
  expect(doc.store.pendingStructs).not.toBeNull()
  const log = logOf(one!)
  const answer = answerOf(doc, log)
  expect(log.gapOf(readUpdate(answer))).toBeDefined()
  const parts = wholePartOf(answer, log)
  expect(parts).toHaveLength(1)
  expect(log.gapOf(readUpdate(parts[0]!))).toBeUndefined()
  const { doc: reader } = docOf(3, one!, ...parts)
  expect(reader.store.pendingStructs).toBeNull()
  expect(reader.getText('text').toDelta()).toEqual(doc.getText('text').toDelta())
  expect(reader.getMap('map').toJSON()).toEqual({ key: { inner: 1 } })
})

test('[L1] of an answer that is nothing but its gap, or that says what the log has, nothing is taken', () => {
  const { doc: lost, written } = docOf(1)
  for (const word of ['one ', 'two ', 'three ']) lost.getText('text').insert(0, word)
  const [one, , three] = written
  const { doc } = docOf(9, one!, three!)
  const log = logOf(one!)
  expect(wholePartOf(answerOf(doc, log), log)).toEqual([])
  doc.getText('text').insert(0, 'known. ')
  log.add(readUpdate(wholePartOf(answerOf(doc, log), log)[0]!))
  expect(wholePartOf(Y.encodeStateAsUpdate(doc), log)).toEqual([])
})

test('[L1] [C1] whichever edits are lost, all that does not build on them is taken, and nothing else', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const chance = chanceFrom(seed)
    const authors = [docOf(1), docOf(2), docOf(3)]
    for (let edit = 0; edit < 60; edit++) {
      const { doc, written } = chance.oneOf(authors)
      const text = doc.getText('text')
      if (text.length > 10 && chance.between(0, 3) === 0) text.delete(chance.between(0, text.length - 3), 2)
      else text.insert(chance.between(0, text.length), String.fromCodePoint(97 + (edit % 26)))
      if (chance.between(0, 2) === 0)
        for (const other of authors) if (other.doc !== doc) Y.applyUpdate(other.doc, written.at(-1)!)
    }
    const all = authors.flatMap(({ written }) => written)
    const kept = all.filter(() => chance.between(0, 9) > 0)
    const { doc } = docOf(9, ...kept)
    const log = new LogState()
    const parts = wholePartOf(Y.encodeStateAsUpdate(doc), log)
    const { doc: reader } = docOf(8, ...parts)
    expect(reader.store.pendingStructs, `seed ${seed}`).toBeNull()
    // The client shows what it could integrate; a reader of the part has as much of each author.
    expect(Y.encodeStateVector(reader), `seed ${seed}`).toEqual(Y.encodeStateVector(doc))
  }
})

test('[L1] beside a gap of thousands of edits a short one is found too', () => {
  const { doc: lost, written } = docOf(1)
  for (let n = 0; n < 4_000; n++) lost.getText('text').insert(n % 2, 'x')
  const { doc } = docOf(9, Y.mergeUpdates(written.slice(1)))
  doc.getText('text').insert(0, 'offline')
  const log = new LogState()
  const parts = wholePartOf(answerOf(doc, log), log)
  expect(
    docOf(2, ...parts)
      .doc.getText('text')
      .toString(),
  ).toBe('offline')
})
