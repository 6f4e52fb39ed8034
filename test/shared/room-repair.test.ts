// room-repair.test.ts — what a replica gives back that has a gap itself: what is whole of it enters, and the rest waits.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { entryHash } from '../../shared/entry-hash.ts'
import { entryKind } from '../../shared/message.ts'
import type { PushEntry } from '../../shared/message.ts'
import type { RoomEffect } from '../../shared/room-words.ts'
import { joined, loaded, TestRoom } from './relay-room.ts'

test('[L1] [D1] of a repair with a gap the whole part enters the log, and its ack waits until all of it is there', () => {
  const room = new TestRoom()
  room.tellAll(loaded, joined(1))
  const [first, second] = [keysOf(1), keysOf(2)]
  // Of the first author the first key was lost everywhere; of the second nothing was.
  const repair = Y.mergeUpdates([...first.slice(1), ...second])
  const effects = room.tell({ type: 'pushed', link: 1, entries: [repairOf(7, repair)] })

  const appended = updatesOf(effects)
  expect(textOf(appended)).toBe('xyz')
  expect(types(effects)).toContain('missing')
  const positions = appended.map((_, index) => index + 1)
  expect(types(room.tell({ type: 'committed', positions, answers: 0 }))).not.toContain('ack')

  const found = room.tell({ type: 'pushed', link: 1, entries: [repairOf(8, first[0] ?? repair)] })
  expect(textOf([...appended, ...updatesOf(found)])).toHaveLength(6)
  const rest = updatesOf(found).map((_, index) => positions.length + index + 1)
  const told = room.tell({ type: 'committed', positions: rest, answers: 0 })
  const acks = told.flatMap((effect) =>
    effect.type === 'tell' && effect.message.type === 'ack' ? effect.message.ranges : [],
  )
  expect(acks).toEqual([{ from: 7, count: 2 }])
})

/** Three keys, each an update. */
function keysOf(client: number): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = client
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText(`text of ${client}`)
  for (const key of 'xyz') text.insert(text.length, key)
  return updates
}

function repairOf(counter: number, update: Uint8Array): PushEntry {
  return { counter, hash: entryHash(update), kind: entryKind.repair, update }
}

function updatesOf(effects: readonly RoomEffect[]): Uint8Array[] {
  return effects.flatMap((effect) => (effect.type === 'append' ? [effect.update] : []))
}

function types(effects: readonly RoomEffect[]): string[] {
  return effects.flatMap((effect) => (effect.type === 'tell' ? [effect.message.type] : []))
}

function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('text of 1').toString() + doc.getText('text of 2').toString()
}
