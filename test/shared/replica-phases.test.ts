// replica-phases.test.ts — every input in every phase, and long runs of whatever: no word of a relay and no misfortune
// of the world makes a document throw or lose an edit.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { meanings } from '../../shared/replica-document-words.ts'
import type { DocumentInput, PhaseName } from '../../shared/replica-document-words.ts'
import { newHead, newPlace } from '../../shared/replica-records.ts'
import {
  bytes,
  epochA,
  epochB,
  hex,
  planKind,
  planReason,
  readAndWrite,
  right,
  room,
  seal,
  Story,
} from './replica-story.ts'

const whole = { kind: planKind.whole, reason: planReason.asked } as const
const made = { epoch: epochA, generation: 0 }

const reach: Record<PhaseName, () => Story> = {
  loading: () => new Story(),
  following: () => new Story().load(false),
  unlinked: () => new Story().load(),
  measuring: () => {
    const story = new Story().load().online(3).wait(2_000)
    story.tell({
      type: 'digestMade',
      request: story.last('makeDigest').request,
      digest: new Uint8Array(32),
    })
    return story.tell({ type: 'compared', room, position: 3, verdict: 1 })
  },
  opening: () => new Story().load().tell({ type: 'socketReady' }),
  catchingUp: () => new Story().load().tell({ type: 'socketReady' }).opened(whole, { head: 9 }),
  live: () => new Story().load().online(3),
  closed: () => {
    const closed = { type: 'closed', link: 1, code: 16, comeBack: 0, afterMs: 0, reason: '' } as const
    return new Story().load().online(3).tell(closed)
  },
}

const inputs: Record<DocumentInput['type'], DocumentInput> = {
  loaded: {
    type: 'loaded',
    leads: true,
    head: newHead,
    place: newPlace('notes'),
    pending: [],
    filed: 0,
  },
  edited: { type: 'edited', update: bytes(1), made },
  derived: { type: 'derived', update: bytes(2), made },
  rowsRead: { type: 'rowsRead', rows: [], head: { ...newHead, epoch: epochA } },
  stored: { type: 'stored', ticket: 999, sequences: [], filed: 0, head: newHead },
  storeFailed: { type: 'storeFailed', ticket: 999, outcome: 'notApplied' },
  discarded: { type: 'discarded' },
  socketReady: { type: 'socketReady' },
  linkLost: { type: 'linkLost' },
  steppedDown: { type: 'steppedDown' },
  retried: { type: 'retried' },
  woken: { type: 'woken' },
  pushGranted: { type: 'pushGranted' },
  stateVectorMade: { type: 'stateVectorMade', request: 999, stateVector: bytes(0) },
  differenceMade: { type: 'differenceMade', request: 999, update: bytes(0, 0) },
  digestMade: { type: 'digestMade', request: 999, digest: new Uint8Array(32) },
  opened: {
    type: 'opened',
    link: 1,
    room,
    rights: readAndWrite,
    epoch: epochA,
    head: 9,
    seal,
    plan: whole,
  },
  piece: { type: 'piece', room, update: bytes(3) },
  delivery: { type: 'delivery', room, after: 3, through: 4, updates: [bytes(4)] },
  caughtUp: { type: 'caughtUp', room, through: 9 },
  ack: { type: 'ack', room, ranges: [{ from: 1, count: 4 }] },
  refused: {
    type: 'refused',
    room,
    entries: [{ counter: 1, hash: new Uint8Array(16), code: 20, reason: '' }],
  },
  missing: { type: 'missing', room, stateVector: bytes(0) },
  compared: { type: 'compared', room, position: 3, verdict: 0 },
  rights: { type: 'rights', room, rights: right.read },
  closed: { type: 'closed', link: 1, code: 16, comeBack: 0, afterMs: 0, reason: '' },
}

const phases = Object.keys(reach) as PhaseName[]
const types = Object.keys(inputs) as DocumentInput['type'][]

describe.each(phases)('in %s', (phase) => {
  test('[L1] is a phase that a document gets into', () => {
    expect(reach[phase]().machine.phase).toBe(phase)
  })

  test.each(types)('[L1] %s does no harm', (type) => {
    const story = reach[phase]()
    const [rows, cursor] = [story.rows(), story.cursor()]
    story.forget().tell(inputs[type])
    if (meanings[phase][type] === 'take') return
    expect([story.rows(), story.cursor(), story.machine.phase]).toEqual([rows, cursor, phase])
    expect(
      story.effects.filter((effect) => effect.type !== 'wakeAt' && effect.type !== 'tellStatus'),
    ).toEqual([])
  })
})

test('[D3] [R1] whatever happens, each edit is on the disk or in the inbox, and a refused one in the inbox alone', () => {
  const position = fc.integer({ min: 0, max: 12 })
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ is: 'edit' } as const) },
    {
      weight: 8,
      arbitrary: fc.record({ is: fc.constant('word' as const), type: fc.constantFrom(...types) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ is: fc.constant('delivered' as const), after: position, by: position }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ is: fc.constant('answered' as const), how: fc.constantFrom('ack', 'refused') }),
    },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('opened' as const), isOther: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        is: fc.constant('disk' as const),
        disk: fc.constantFrom('works', 'refuses', 'holds'),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ is: 'restart' } as const) },
    { weight: 3, arbitrary: fc.constant({ is: 'wait' } as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const story = new Story().load()
      const edits = new Set<string>()
      const acknowledged = new Set<string>()
      let edit = 0
      for (const next of steps) {
        if (next.is === 'edit') {
          edit += 1
          edits.add(hex(bytes(100, edit)))
          story.edit(100, edit)
        } else if (next.is === 'word') {
          // Of another time of the store they would be lies of the shell, not of the world.
          if (next.type === 'loaded' || next.type === 'rowsRead' || next.type === 'steppedDown') continue
          if (next.type === 'edited' || next.type === 'derived') continue
          if (next.type !== 'ack' && next.type !== 'caughtUp') story.tell(inputs[next.type])
        } else if (next.is === 'delivered') {
          const updates = Array.from({ length: next.by }, (_, index) => next.after + index + 1)
          story.delivery(next.after, next.after + next.by, ...updates.map((at) => bytes(200, at)))
        } else if (next.is === 'answered') {
          const entry = story.all('push').at(-1)?.entries.at(-1)
          if (entry === undefined) continue
          const { counter, hash, update } = entry
          if (next.how === 'ack') {
            if (story.machine.phase === 'live') acknowledged.add(hex(update))
            story.ack(counter)
          } else {
            story.tell({ type: 'refused', room, entries: [{ counter, hash, code: 20, reason: '' }] })
          }
        } else if (next.is === 'opened') {
          if (story.machine.phase !== 'opening') continue
          const epoch = next.isOther ? epochB : epochA
          const knowledge = story.last('open').knowledge
          const isKnown = knowledge.kind === 1 && hex(knowledge.epoch) === hex(epoch)
          const plan = isKnown ? ({ kind: planKind.tail } as const) : whole
          story.opened(plan, { head: 12, epoch })
        } else if (next.is === 'disk') {
          if (next.disk === 'works') story.release()
          else story.disk = next.disk
        } else if (next.is === 'restart') {
          const lost = [...edits].filter((one) => !story.rows().some(({ update }) => update === one))
          const filed = new Set(story.store.inbox().map(({ update }) => hex(update)))
          // Only what the status called «in memory» may go with the tab.
          const unsaved = lost.filter((one) => !filed.has(one) && !acknowledged.has(one))
          expect(story.status!.inMemory + story.status!.pending).toBeGreaterThanOrEqual(unsaved.length)
          for (const one of lost) if (!filed.has(one)) edits.delete(one)
          story.release().disk = 'works'
          story.restart()
        } else {
          story.wait(60_000)
        }
      }
      story.release().wait(60_000)
      const rows = story.rows().map(({ update }) => update)
      const filed = story.store.inbox().map(({ update }) => hex(update))
      for (const one of edits) expect([...rows, ...filed]).toContain(one)
      // A refused edit is in no row any more. [R1]
      for (const one of filed) expect(rows.filter((update) => update === one)).toEqual([])
    }),
    { numRuns: 300 },
  )
})
