// Joined updates make the document that all of them make one after the other, and are few.
import { expect, test } from 'vitest'
import * as Y from 'yjs'

import { updateSubdocumentsMax } from '../../shared/limits.ts'
import { joinUpdates } from '../../shared/update-joiner.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { editingSession, seededRandom } from '../editing-session.ts'
import { randomDocument } from './random-documents.ts'
import { mutated, randomBytes, writtenUpdate } from './random-updates.ts'

const bytesMax = 1024 * 1024

function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

function expectTheSame(joined: readonly Uint8Array[], updates: readonly Uint8Array[]): void {
  const [doc, whole] = [docOf(joined), docOf(updates)]
  expect(doc.store.pendingStructs).toBe(null)
  expect(Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(whole))).toBe(true)
  expect(doc.toJSON()).toEqual(whole.toJSON())
}

test('[C2] a session of one person, key by key, is one update', () => {
  const { updates } = editingSession('sveltecomponent', 5_000)
  const joined = joinUpdates(updates, bytesMax)
  expect(joined).toHaveLength(1)
  for (const update of joined) readUpdate(update)
  expectTheSame(joined, updates)
})

test('[C2] what several people wrote by turns is the same document, however it is joined', () => {
  for (let seed = 0; seed < 150; seed++) {
    const { updates } = randomDocument(seed)
    for (const most of [bytesMax, 200, 40]) {
      const joined = joinUpdates(updates, most)
      expectTheSame(joined, updates)
      for (const update of joined) {
        if (!updates.includes(update)) expect(update.length).toBeLessThanOrEqual(most + 20)
      }
    }
  }
})

test('[C2] a second copy, a part that is repeated and one out of order begin a new update', () => {
  const { updates } = editingSession('sveltecomponent', 40)
  const half = Y.mergeUpdates(updates.slice(0, 20))
  const turned = [half, updates[10]!, ...updates.slice(15), half]
  const joined = joinUpdates(turned, bytesMax)
  expect(joined.length).toBeGreaterThan(2)
  expectTheSame(joined, turned)
})

test('[W1] what is no update, or has parts that are missing, goes on alone and unchanged', () => {
  const random = seededRandom(7)
  const { updates } = editingSession('sveltecomponent', 20)
  for (let round = 0; round < 2_000; round++) {
    const odd = [writtenUpdate(random), mutated(random, updates[3]!, updates), randomBytes(random, 30)]
    for (const update of odd) {
      const [alone, ...others] = joinUpdates([update], bytesMax)
      expect(alone).toBe(update)
      expect(others).toEqual([])
    }
    joinUpdates([...updates, ...odd, ...updates], bytesMax)
  }
  const gap = Y.mergeUpdates([updates[0]!, updates[2]!])
  expect(joinUpdates([gap, updates[1]!], bytesMax)).toEqual([gap, updates[1]])
})

test('[B1] an update as large as all may be stays as it is', () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x'.repeat(2_000))
  const large = Y.encodeStateAsUpdate(doc)
  const { updates } = editingSession('automerge-paper', 20)
  const joined = joinUpdates([...updates.slice(0, 10), large, ...updates.slice(10)], 1_000)
  expect(joined).toContain(large)
  expect(joined).toHaveLength(3)
})

test('[W1] updates that together are more than a reader takes stay apart', () => {
  const doc = new Y.Doc()
  const subdocuments = doc.getArray('subdocuments')
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let edit = 0; edit < 8; edit++) {
    const some = Array.from({ length: updateSubdocumentsMax / 2 - 1 }, () => new Y.Doc({ guid: 'a' }))
    doc.transact(() => subdocuments.push(some))
  }
  const joined = joinUpdates(updates, bytesMax)
  for (const update of joined) readUpdate(update)
  expectTheSame(joined, updates)
})
