// fresh-part.test.ts — what enters a log of an update that says again what the log has.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { entryHash } from '../../shared/entry-hash.ts'
import { freshPartOf } from '../../shared/fresh-part.ts'
import { LogState } from '../../shared/log-state.ts'
import { entryKind } from '../../shared/message.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { areStructurallyEqual } from '../stock-client.ts'
import { bytesOf } from './hostile-updates.ts'
import { randomDocument } from './random-documents.ts'
import { joined, loaded, TestRoom } from './relay-room.ts'

test('[B1] a void that is said again, longer and elsewhere, throws in Yjs, and does not enter the log as such', () => {
  const inText = [4, 0, 3, 1]
  const voidOfYjs = bytesOf(1, 2, 3, 0, 4, 1, 't', 'xx', ...inText, 'x', 0)
  const saidAgain = bytesOf(1, 1, 3, 2, 68, 3, 1, 'xxx', 0)
  expect(() => docOf([voidOfYjs, saidAgain])).toThrow(TypeError)

  const room = new TestRoom()
  room.tellAll(loaded, joined(1))
  const entries = [voidOfYjs, saidAgain].map((update, index) => {
    return { counter: index + 1, hash: entryHash(update), kind: entryKind.edit, update }
  })
  const effects = room.tell({ type: 'pushed', link: 1, entries })
  const rows = effects.flatMap((effect) => (effect.type === 'append' ? [effect.update] : []))
  expect(rows).toHaveLength(2)
  expect(Y.getState(docOf(rows).store, 3)).toBe(5)
  const told = room.tell({ type: 'committed', positions: [1, 2], answers: 0 })
  const acks = told.flatMap((effect) =>
    effect.type === 'tell' && effect.message.type === 'ack' ? effect.message.ranges : [],
  )
  expect(acks).toEqual([{ from: 1, count: 2 }])
})

test('[C1] [C2] to cut off what is said again changes no document, whatever of it the log has', () => {
  let cuts = 0
  for (let seed = 0; seed < 300; seed++) {
    const { updates } = randomDocument(seed)
    const all = Y.encodeStateAsUpdate(docOf(updates))
    for (let known = 1; known < updates.length; known += 7) {
      const log = logOf(updates.slice(0, known))
      const facts = readUpdate(all)
      const fresh = freshPartOf(facts, log.state.clocks)
      if (fresh !== facts) cuts += 1
      expect(log.state.gapOf(fresh), `seed ${seed}`).toBeUndefined()
      const cut = docOf([...log.rows, fresh.bytes])
      expect(areStructurallyEqual([docOf([...log.rows, all]), cut]), `seed ${seed}`).toBe(true)
    }
  }
  expect(cuts).toBeGreaterThan(100)
})

function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc({ gc: false })
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** Without those that build on what comes later. */
function logOf(updates: readonly Uint8Array[]): { state: LogState; rows: Uint8Array[] } {
  const state = new LogState()
  return { state, rows: updates.filter((update) => state.addIfWhole(readUpdate(update))) }
}
