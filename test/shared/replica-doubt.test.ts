// replica-doubt.test.ts — one document on a device between two histories, and with a disk of which nobody knows what it
// has taken: what must not be said, moved or written twice meanwhile.

import { describe, expect, test } from 'vitest'

import { closedCode, comeBack } from '../../shared/message.ts'
import { headKey } from '../../shared/replica-keys.ts'
import { rowlessCounterMin, writeChangesMax } from '../../shared/replica-limits.ts'
import { encodeHead, rowKind } from '../../shared/replica-records.ts'
import { bytes, epochA, epochB, hex, planKind, planReason, room, Story } from './replica-story.ts'

const exchange = { kind: planKind.exchange, reason: planReason.otherBranch, stateVector: bytes(0) } as const

describe('a history that no disk has taken yet', () => {
  test('[E1] it is written before what was pushed into it meanwhile', () => {
    const story = new Story().load()
    story.disk = 'refuses'
    story.edit(1).online()
    expect(story.pushed()).toHaveLength(1)
    story.disk = 'works'
    story.forget().wait(60_000)
    const written = story.all('write').flatMap(({ changes }) => changes.map(({ type }) => type))
    expect(written).toEqual(['adopt', 'append', 'grant'])
  })

  test('[E1] nothing is pushed into it while a row that does not know of it is on its way to the disk', () => {
    const story = new Story().load()
    story.disk = 'refuses'
    story.edit(1)
    story.disk = 'holds'
    story.wait(60_000).online()
    expect(story.pushed()).toEqual([])
    story.release()
    expect(story.pushed()).toHaveLength(1)
    expect(story.store.head(story.tag)?.epoch).toEqual(epochA)
  })

  test('[E1] a tab that led in it, and leads no more, shows nothing of it: the next one may be another', () => {
    const story = new Story().load()
    story.disk = 'holds'
    story.online().delivery(0, 1, bytes(7))
    expect(story.doc).toEqual(['07'])
    story.tell({ type: 'steppedDown' })
    expect([story.rebuilds, story.doc]).toEqual([1, []])
  })

  test('[E1] so does one that was told that its history is over, which no disk has taken', () => {
    const gone = { type: 'closed', link: 1, comeBack: comeBack.no, afterMs: 0, reason: 'gone' } as const
    const story = new Story().load()
    story.disk = 'refuses'
    story
      .online()
      .delivery(0, 1, bytes(7))
      .tell({ ...gone, code: closedCode.gone })
    expect(story.doc).toEqual(['07'])
    story.tell({ type: 'steppedDown' })
    expect([story.rebuilds, story.doc]).toEqual([1, []])
  })
})

describe('a history that is over, and that no disk has let go of yet', () => {
  const otherEpoch = { kind: planKind.whole, reason: planReason.otherEpoch } as const

  function replacedWhileTheDiskRefuses(): Story {
    const story = new Story().load().online().delivery(0, 3, bytes(7))
    story.disk = 'refuses'
    story.tell({ type: 'linkLost' }).tell({ type: 'socketReady' })
    story.opened(otherEpoch, { head: 5, epoch: epochB })
    return story.tell({ type: 'caughtUp', room, through: 5 }).forget()
  }

  test('[E1] where state vectors are exchanged nothing of it is told, or given back', () => {
    const story = replacedWhileTheDiskRefuses()
    story.tell({ type: 'linkLost' }).tell({ type: 'socketReady' })
    story.opened(exchange, { head: 5, epoch: epochB })
    expect(story.said('known')).toEqual([{ type: 'known', stateVector: bytes(0) }])
    expect([story.all('makeStateVector'), story.all('makeDifference')]).toEqual([[], []])
    story.tell({ type: 'piece', room, update: bytes(8) }).tell({ type: 'caughtUp', room, through: 5 })
    story.disk = 'works'
    story.wait(60_000)
    expect(story.rows()).toEqual([{ kind: rowKind.confirmed, update: '08' }])
    expect(story.cursor()).toBe(5)
  })
})

describe('a document that was taken away', () => {
  test('[E1] what was typed while there was none, and no disk took, is shown by no later one', () => {
    const gone = { type: 'closed', link: 1, comeBack: comeBack.no, afterMs: 0, reason: 'gone' } as const
    const story = new Story()
      .load()
      .online(3)
      .tell({ ...gone, code: closedCode.gone })
    story.disk = 'refuses'
    story.edit(1)
    const head = { epoch: bytes(), generation: 2, last: 3, foldedThrough: 0 }
    story.tell({ type: 'rowsRead', rows: [], head })
    expect([story.rebuilds, story.doc]).toEqual([2, []])
    story.disk = 'works'
    story.store.write({ put: [{ key: headKey(story.tag), value: encodeHead(head) }], durability: 'synced' })
    story.wait(60_000)
    expect(story.store.inbox()).toMatchObject([{ update: bytes(1) }])
  })
})

describe('what the relay lost', () => {
  test('[C1] the cursor stays where it was until the relay has it again, whatever is delivered meanwhile', () => {
    const story = new Story().load().online(30).tell({ type: 'linkLost' }).forget()
    story.tell({ type: 'socketReady' }).opened(exchange, { head: 9 })
    const { request } = story.last('makeDifference')
    story.tell({ type: 'piece', room, update: bytes(8) }).tell({ type: 'caughtUp', room, through: 9 })
    story.delivery(9, 10, bytes(9))
    expect(story.cursor()).toBe(30)
    story.tell({ type: 'differenceMade', request, update: bytes(4, 4, 4) })
    expect(story.cursor()).toBe(30)
    story.ack(rowlessCounterMin + 1)
    expect(story.cursor()).toBe(10)
  })
})

describe('rows that were written', () => {
  test('[C1] a row that was born confirmed is not written again: a fold may be where it was', () => {
    const story = new Story().load().online()
    story.disk = 'refuses'
    for (let index = 0; index < writeChangesMax; index++) story.edit(index % 256)
    story.ack(rowlessCounterMin + 1, writeChangesMax)
    story.disk = 'works'
    story.forget().wait(60_000)
    const [appended, acknowledged] = story.all('write').map(({ changes }) => changes)
    expect(appended).toHaveLength(writeChangesMax)
    expect(acknowledged).toMatchObject([{ type: 'acknowledge', entries: [] }])
    expect(new Set(story.rows().map(({ kind }) => kind))).toEqual(new Set([rowKind.confirmed]))
  })

  test('[D3] a batch in doubt is known again where another tab has confirmed its row, or moved it to the inbox', () => {
    for (const next of ['acknowledge', 'replace'] as const) {
      const { store, tag } = new Story()
      const made = { epoch: new Uint8Array(), generation: 0 }
      const row = { made, at: 1, kind: rowKind.pending, counter: 0, entry: 0, update: bytes(5) } as const
      const doubted = store.plan([{ type: 'append', ...row }], 'notes', tag, undefined)
      const isThere = () =>
        doubted.proofs.some(({ key, isHeldBy }) => {
          const found = store.get(key)
          return found !== undefined && isHeldBy(found)
        })
      expect(isThere()).toBe(false)
      store.write(doubted.batch)
      expect(isThere()).toBe(true)
      const entry = { counter: 1, hash: bytes(), kind: 0, update: bytes(5), sequence: 1 } as const
      const change =
        next === 'acknowledge'
          ? ({ type: next, at: 1, entries: [entry] } as const)
          : ({
              type: next,
              epoch: epochB,
              cursor: { seal: bytes(1), position: 1 },
              updates: [],
              at: 1,
            } as const)
      store.write(store.plan([change], 'notes', tag, 1).batch)
      expect(isThere()).toBe(true)
    }
  })

  test('[D3] a row of another tab under the same number is no proof', () => {
    const { store, tag } = new Story()
    const made = { epoch: new Uint8Array(), generation: 0 }
    const row = { type: 'append', made, at: 1, kind: rowKind.pending, counter: 0, entry: 0 } as const
    const doubted = store.plan([{ ...row, update: bytes(5) }], 'notes', tag, undefined)
    store.write(store.plan([{ ...row, update: bytes(6) }], 'notes', tag, undefined).batch)
    expect(store.rows(tag).map(({ row: { update } }) => hex(update))).toEqual(['06'])
    for (const { key, isHeldBy } of doubted.proofs) {
      const found = store.get(key)
      expect(found !== undefined && isHeldBy(found)).toBe(false)
    }
  })
})
