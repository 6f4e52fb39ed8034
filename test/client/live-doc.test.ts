// live-doc.test.ts — what comes out of a Y.Doc: whose it is.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { LiveEvents } from '../../client/live-doc.ts'
import { LiveDoc, updatesIn } from '../../client/live-doc.ts'

function listened(updates: readonly Uint8Array[] = []): { live: LiveDoc; told: boolean[] } {
  const told: boolean[] = []
  const live = new LiveDoc('notes', undefined, updates, {
    updated: (_live, _update, isDerived) => told.push(isDerived),
    presenceChanged: () => undefined,
  })
  return { live, told }
}

function updateOf(write: (doc: Y.Doc) => void, before: readonly Uint8Array[] = []): Uint8Array {
  const doc = new Y.Doc()
  for (const update of before) Y.applyUpdate(doc, update)
  const stateVector = Y.encodeStateVector(doc)
  write(doc)
  return Y.encodeStateAsUpdate(doc, stateVector)
}

test('[D3] what is applied is nobody’s edit, what is typed is one', () => {
  const { live, told } = listened()
  live.apply([updateOf((doc) => doc.getText('text').insert(0, 'theirs'))])
  expect(told).toEqual([])
  live.doc.getText('text').insert(0, 'mine')
  expect(told).toEqual([false])
  live.awareness.destroy()
})

test('[D3] what an application writes because of others’ updates is an edit', () => {
  const { live, told } = listened()
  live.doc.getText('text').observe(() => live.doc.getMap('seen').set('yes', true))
  live.apply([updateOf((doc) => doc.getText('text').insert(0, 'theirs'))])
  expect(told).toEqual([false])
  live.awareness.destroy()
})

test('[D3] deletes that Yjs derives from others’ formats are no edit', () => {
  // Two make the same words bold, and one of them takes it back: some marks are then of no use, and Yjs removes them.
  const base = updateOf((doc) => doc.getText('text').insert(0, 'some words'))
  const bold = (doc: Y.Doc): void => doc.getText('text').format(0, 10, { bold: true })
  const plain = (doc: Y.Doc): void => {
    bold(doc)
    doc.getText('text').format(0, 10, { bold: null })
  }
  const { live, told } = listened([base])
  live.doc.getText('text')
  for (const write of [bold, plain, bold, plain]) live.apply([updateOf(write, [base])])
  expect(told.length).toBeGreaterThan(0)
  expect(new Set(told)).toEqual(new Set([true]))
  live.awareness.destroy()
})

test('[D3] an observer that was there first sees which updates a transaction applies, and none in one of its own page', () => {
  const first = updateOf((doc) => doc.getText('text').insert(0, 'kept'))
  const second = updateOf((doc) => doc.getText('text').insert(0, 'theirs'))
  const seen: (readonly Uint8Array[])[] = []
  const told: boolean[] = []
  const events: LiveEvents = {
    updated: (_live, _update, isDerived) => told.push(isDerived),
    presenceChanged: () => undefined,
  }
  const live = new LiveDoc('notes', undefined, [first], events, (doc) => {
    expect([doc.guid, doc.getText('text').length]).toEqual(['notes', 0])
    doc.on('afterTransaction', (transaction) => seen.push(updatesIn(transaction)))
    // What an observer writes because of it is of this page.
    doc.getText('text').observe(({ transaction }) => {
      if (updatesIn(transaction).length > 0) doc.getMap('seen').set('yes', true)
    })
  })
  live.apply([second])
  live.doc.getText('text').insert(0, 'mine')
  expect(seen).toEqual([[first], [], [second], [], []])
  // All that was written here is an edit, also what was written because of what the device kept.
  expect(told).toEqual([false, false, false])
  live.awareness.destroy()
})

test('[D3] who writes into a Y.Doc that is being prepared is told at once: nothing is kept of it yet', () => {
  const events: LiveEvents = { updated: () => undefined, presenceChanged: () => undefined }
  const prepare = (doc: Y.Doc): unknown => doc.getMap('made').set('yes', true)
  expect(() => new LiveDoc('notes', undefined, [], events, prepare)).toThrow(
    expect.objectContaining({ code: 'prepare-wrote' }),
  )
})
