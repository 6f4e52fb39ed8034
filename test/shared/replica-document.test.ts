// replica-document.test.ts — one document on a device, against the words of a relay written by hand: what goes up, what is
// refused, and whose turn it is. What comes down: replica-document-down.test.ts.

import { describe, expect, test } from 'vitest'

import { entryHash } from '../../shared/entry-hash.ts'
import { rowlessCounterMin, unansweredMsMax } from '../../shared/replica-limits.ts'
import { rowKind } from '../../shared/replica-records.ts'
import { bytes, entryKind, epochA, refusedCode, right, room, Story, atHead } from './replica-story.ts'

const { confirmed, pending } = rowKind

describe('going up', () => {
  test('[D3] an edit is sent only once it is on the disk', () => {
    const story = new Story().load().online()
    story.disk = 'holds'
    story.edit(1)
    expect(story.pushed()).toEqual([])
    expect(story.status).toMatchObject({ inMemory: 1, pending: 0, isSaved: false })
    story.release()
    expect(story.pushed()).toEqual([{ counter: 1, kind: entryKind.edit, update: '01' }])
    expect(story.status).toMatchObject({ inMemory: 0, pending: 1, isSaved: false, waitingFor: 'answer' })
  })

  test('[T1] saved is said when everything is acknowledged, and not before', () => {
    const story = new Story().load().online().edit(1).edit(2)
    expect(story.status!.isSaved).toBe(false)
    story.ack(1)
    expect(story.status!.isSaved).toBe(false)
    story.ack(2)
    expect(story.status).toMatchObject({ isSaved: true, pending: 0, lastSaved: 1_000 })
    expect(story.rows().map(({ kind }) => kind)).toEqual([confirmed, confirmed])
    expect(story.store.outbox()).toEqual([])
  })

  test('[C2] an ack moves no cursor', () => {
    const story = new Story().load().online(3).edit(1).ack(1)
    expect(story.cursor()).toBe(3)
    expect(story.rows().at(-1)!.kind).toBe(confirmed)
  })

  test('[L1] what was sent and not answered goes again on the next link, under the same id', () => {
    const story = new Story().load().online().edit(1)
    const [first] = story.all('push')[0]!.entries
    story.tell({ type: 'linkLost' }).forget()
    story.tell({ type: 'socketReady' }).opened(atHead)
    const [again] = story.all('push')[0]!.entries
    expect(again).toEqual(first)
  })

  test('[L1] pending edits of a tab that was killed go up from the disk', () => {
    const story = new Story().load().edit(1).edit(2)
    story.restart().online()
    expect(story.pushed().map(({ counter }) => counter)).toEqual([1, 2])
  })

  test('[B1] a push has at most 50 entries and 256 KiB, in the order in which they were made', () => {
    const story = new Story().load()
    for (let index = 0; index < 60; index++) story.edit(index)
    story.online()
    expect(story.all('push').map(({ entries }) => entries.length)).toEqual([50, 10])
    const large = new Story().load()
    for (let index = 0; index < 3; index++) {
      large.tell({ type: 'edited', update: new Uint8Array(200 * 1024).fill(index), made: large.made })
    }
    large.online()
    expect(large.all('push').map(({ entries }) => entries.length)).toEqual([1, 1, 1])
  })

  test('[L1] a push that nobody answers is asked about by opening again', () => {
    const story = new Story().load().online().edit(1)
    story.forget().wait(unansweredMsMax)
    expect(story.effects.map(({ type }) => type)).toContain('leave')
    story.opened(atHead)
    expect(story.pushed()).toHaveLength(1)
  })

  test('[D3] while the disk refuses, edits go up from memory and the status says so; ids stay when it takes them', () => {
    const story = new Story().load().online()
    story.disk = 'refuses'
    story.edit(1)
    expect(story.pushed()).toEqual([{ counter: rowlessCounterMin + 1, kind: entryKind.edit, update: '01' }])
    expect(story.status).toMatchObject({ inMemory: 1, waitingFor: 'storeRefuses', isSaved: false })
    story.disk = 'works'
    story.wait(1_000)
    expect(story.status).toMatchObject({ inMemory: 0, pending: 1 })
    story.forget().restart().online()
    expect(story.pushed()[0]!.counter).toBe(rowlessCounterMin + 1)
  })

  test('[C2] an edit that was acknowledged from memory is on the disk before any cursor that covers it', () => {
    const story = new Story().load().online(3)
    story.disk = 'refuses'
    story.edit(1)
    story.ack(rowlessCounterMin + 1).delivery(3, 4)
    expect(story.cursor()).toBe(3)
    story.disk = 'works'
    story.wait(1_000)
    expect(story.cursor()).toBe(4)
    expect(story.rows()).toEqual([{ kind: confirmed, update: '01' }])
  })

  test('[D3] a batch that may have landed is looked for before it is written again', () => {
    const story = new Story().load().online()
    story.disk = 'holds'
    story.edit(1)
    const { ticket, changes } = story.last('write')
    const { batch, sequences, filed, head } = story.store.plan(changes, 'notes', story.tag, 1)
    story.store.write(batch)
    story.tell({ type: 'storeFailed', ticket, outcome: 'unknown' })
    expect(story.pushed()).toEqual([])
    story.forget().wait(1_000)
    expect(story.last('settle').ticket).toBe(ticket)
    story.tell({ type: 'stored', ticket, sequences, filed, head })
    expect(story.rows()).toHaveLength(1)
    expect(story.pushed().map(({ counter }) => counter)).toEqual([1])
  })
})

describe('derived deletes', () => {
  test('[D3] a derived delete is pushed as what it is, and is no edit', () => {
    const story = new Story().load().online()
    story.tell({ type: 'derived', update: bytes(9), made: story.made })
    expect(story.pushed()).toEqual([{ counter: 1, kind: entryKind.derived, update: '09' }])
    expect(story.status).toMatchObject({ inMemory: 0, pending: 0, isSaved: true })
  })

  test('[D3] of someone who may not write it is kept and pushed by nobody', () => {
    const story = new Story().load().online(0, right.read)
    story.tell({ type: 'derived', update: bytes(9), made: story.made })
    expect(story.pushed()).toEqual([])
    expect(story.rows()).toEqual([{ kind: rowKind.kept, update: '09' }])
    expect(story.status!.mayWrite).toBe(false)
  })
})

describe('refusals', () => {
  test('[R1] a refused edit is in the inbox before filed is said, and the Y.Doc is made anew without it', () => {
    const story = new Story().load().online().edit(1).edit(2)
    story.disk = 'holds'
    story.forget()
    const hash = story.store.rows(story.tag)
    expect(hash).toHaveLength(2)
    story.tell({
      type: 'refused',
      room,
      entries: [{ ...idOf(story, 1), code: refusedCode.badUpdate, reason: 'no' }],
    })
    expect(story.said('filed')).toEqual([])
    expect(story.store.inbox()).toEqual([])
    expect(story.store.outbox()).toEqual([1, 2])
    expect(story.status!.isSaved).toBe(false)
    story.release()
    expect(story.store.inbox()).toMatchObject([
      { document: 'notes', counter: 1, code: refusedCode.badUpdate, reason: 'no' },
    ])
    expect(story.store.outbox()).toEqual([2])
    expect(story.said('filed')).toHaveLength(1)
    expect(story.rebuilds).toBe(1)
    expect(story.doc).toEqual(['02'])
    expect(story.status).toMatchObject({ refused: 1, pending: 1 })
  })

  test('[R1] what was typed into the old Y.Doc meanwhile is in the new one, and goes up', () => {
    const story = new Story().load().online().edit(1)
    const old = story.made
    story.refuse()
    expect(story.rebuilds).toBe(1)
    story.forget().tell({ type: 'edited', update: bytes(3), made: old })
    expect(story.doc).toContain('03')
    expect(story.pushed().map(({ update }) => update)).toEqual(['03'])
    expect(story.store.inbox()).toHaveLength(1)
  })

  test('[D3] where all writing is refused, each edit has its own answer: the log may have one from before', () => {
    const story = new Story().load().edit(1).edit(2).edit(3)
    story.tell({ type: 'socketReady' }).opened(atHead, { rights: right.read })
    story.refuse(0, refusedCode.readOnly)
    expect(story.store.inbox()).toHaveLength(1)
    story.ack(2)
    story.refuse(2, refusedCode.readOnly)
    expect(story.store.inbox().map(({ counter }) => counter)).toEqual([1, 3])
    expect(story.store.outbox()).toEqual([])
    expect(story.said('filed')).toEqual([])
    expect(story.status).toMatchObject({ refused: 2, pending: 0, mayWrite: false })
  })

  test('[R1] a refusal of what a clone of this profile sent under the same counter refuses nothing here', () => {
    const story = new Story().load().online().edit(1)
    const foreign = { counter: 1, hash: new Uint8Array(16), code: refusedCode.badUpdate, reason: '' }
    story.tell({ type: 'refused', room, entries: [foreign] })
    expect(story.store.inbox()).toEqual([])
    expect(story.status).toMatchObject({ pending: 1, refused: 0 })
  })

  test('[D3] an edit that is refused before any disk took it survives that the tab steps down', () => {
    const story = new Story().load().online()
    story.disk = 'refuses'
    story.edit(1)
    story.refuse()
    story.tell({ type: 'steppedDown' })
    story.disk = 'works'
    story.wait(60_000)
    expect(story.rows()).toEqual([{ kind: pending, update: '01' }])
    expect(story.store.outbox()).toEqual([1])
  })
})

describe('stepping down', () => {
  test('[D3] an edit that was being written beside a delivery is there once', () => {
    const story = new Story().load().online()
    story.disk = 'refuses'
    story.edit(1).delivery(0, 1, bytes(2))
    story.disk = 'holds'
    story.wait(60_000).tell({ type: 'steppedDown' })
    story.release().wait(60_000)
    expect(story.rows()).toEqual([{ kind: pending, update: '01' }])
    expect(story.store.outbox()).toEqual([1])
  })

  test('[D3] many refused edits that no disk took yet survive it too, beyond one batch', () => {
    const story = new Story().load().online()
    story.disk = 'refuses'
    for (let index = 0; index < 70; index++) story.edit(index)
    story.refuse(0, refusedCode.readOnly)
    story.disk = 'holds'
    story.wait(60_000).tell({ type: 'steppedDown' })
    story.release().wait(60_000)
    expect(story.rows()).toHaveLength(70)
    expect(story.store.outbox()).toHaveLength(70)
  })
})

describe('another tab leads', () => {
  test('[D3] a tab that follows writes its edits and sends nothing', () => {
    const story = new Story().load(false).edit(1).tell({ type: 'socketReady' })
    expect(story.rows()).toEqual([{ kind: pending, update: '01' }])
    expect(story.all('open')).toEqual([])
    expect(story.status).toMatchObject({ phase: 'following', waitingFor: 'otherTab', isSaved: false })
  })

  test('[D3] rows of another tab reach the Y.Doc, and go up from the tab that leads', () => {
    const story = new Story().load().online()
    const head = { epoch: epochA, generation: 0, last: 1, foldedThrough: 0 }
    const row = { kind: pending, counter: 0, entry: entryKind.edit, update: bytes(6) }
    story.tell({ type: 'rowsRead', rows: [{ sequence: 1, row }], head })
    expect(story.doc).toEqual(['06'])
    expect(story.pushed()).toEqual([{ counter: 1, kind: entryKind.edit, update: '06' }])
  })

  test('[R1] a tab that follows makes its Y.Doc anew when the generation moved', () => {
    const story = new Story().load(false)
    const head = { epoch: epochA, generation: 1, last: 4, foldedThrough: 0 }
    story.tell({ type: 'rowsRead', rows: [], head })
    expect(story.rebuilds).toBe(1)
  })

  test('[D3] taking the lead finds all that is pending', () => {
    const story = new Story().load(false).edit(1).edit(2)
    story.load(true).online()
    expect(story.pushed().map(({ counter }) => counter)).toEqual([1, 2])
  })
})

function idOf(story: Story, counter: number): { counter: number; hash: Uint8Array } {
  const update = story.store.rows(story.tag).find(({ sequence }) => sequence === counter)!.row.update
  return { counter, hash: entryHash(update) }
}
