// replica-document.test.ts — one document on a device, against the words of a relay written by hand.

import { describe, expect, test } from 'vitest'

import { entryHash } from '../../shared/entry-hash.ts'
import { closedCode, comeBack } from '../../shared/message.ts'
import { rowlessCounterMin, unansweredMsMax } from '../../shared/replica-limits.ts'
import { rowKind } from '../../shared/replica-records.ts'
import {
  bytes,
  entryKind,
  epochA,
  epochB,
  planKind,
  planReason,
  refusedCode,
  right,
  room,
  Story,
  verdict,
} from './replica-story.ts'

const { confirmed, pending } = rowKind
const atHead = { kind: planKind.atHead } as const
const tail = { kind: planKind.tail } as const
const whole = { kind: planKind.whole, reason: planReason.asked } as const
const otherEpoch = { kind: planKind.whole, reason: planReason.otherEpoch } as const
const exchange = (...stateVector: number[]) =>
  ({ kind: planKind.exchange, reason: planReason.otherBranch, stateVector: bytes(...stateVector) }) as const

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

describe('coming down', () => {
  test('[C2] a delivery and the cursor that it stands for are one batch', () => {
    const story = new Story().load().online(3).forget()
    story.disk = 'holds'
    story.delivery(3, 5, bytes(1), bytes(2))
    expect(story.doc).toEqual(['01', '02'])
    expect(story.cursor()).toBe(3)
    expect(story.last('write').changes).toMatchObject([{ type: 'advance', cursor: { position: 5 } }])
    story.release()
    expect(story.cursor()).toBe(5)
    expect(story.rows().map(({ update }) => update)).toEqual(['01', '02'])
  })

  test('[C2] a batch that failed goes again before later ones: no cursor gets ahead of its data', () => {
    const story = new Story().load().online(3)
    story.disk = 'refuses'
    story.delivery(3, 4, bytes(1))
    story.delivery(4, 5, bytes(2))
    expect(story.cursor()).toBe(3)
    story.disk = 'works'
    story.wait(60_000)
    expect(story.cursor()).toBe(5)
    expect(story.rows().map(({ update }) => update)).toEqual(['01', '02'])
  })

  test('[C2] pieces move no cursor before caughtUp', () => {
    const story = new Story().load()
    story.tell({ type: 'socketReady' }).opened(whole, { head: 8 })
    story.tell({ type: 'piece', room, update: bytes(1) })
    expect(story.doc).toEqual(['01'])
    expect(story.cursor()).toBeUndefined()
    expect(story.status).toMatchObject({ phase: 'catchingUp', progress: { position: 0, head: 8 } })
    story.tell({ type: 'caughtUp', room, through: 8 })
    expect(story.cursor()).toBe(8)
    expect(story.rows()).toEqual([{ kind: confirmed, update: '01' }])
  })

  test('[C2] a delivery that leaves something out makes the link open again with the cursor', () => {
    const story = new Story().load().online(3).forget()
    story.delivery(4, 5, bytes(1))
    expect(story.doc).toEqual([])
    expect(story.cursor()).toBe(3)
    expect(story.last('open').knowledge).toMatchObject({ kind: 1, position: 3 })
  })

  test('[C2] caughtUp beyond what a tail delivered is a gap as well', () => {
    const story = new Story().load().online(3)
    story.tell({ type: 'linkLost' }).tell({ type: 'socketReady' }).opened(tail, { head: 9 }).forget()
    story.tell({ type: 'caughtUp', room, through: 9 })
    expect(story.cursor()).toBe(3)
    expect(story.last('open').knowledge).toMatchObject({ position: 3 })
  })

  test('[C2] what is known already is passed over', () => {
    const story = new Story().load().online(3).delivery(3, 4, bytes(1)).forget()
    story.delivery(3, 4, bytes(1)).delivery(2, 3, bytes(8))
    expect(story.all('applyToDoc')).toEqual([])
    expect(story.cursor()).toBe(4)
  })

  test('[C2] an author hears of its own range without bytes', () => {
    const story = new Story().load().online(3).edit(1).delivery(3, 4)
    expect(story.cursor()).toBe(4)
    expect(story.rows()).toEqual([{ kind: pending, update: '01' }])
  })

  test('[L1] a link that never gets further waits before it opens once more, and then it does', () => {
    const story = new Story().load().online(3)
    for (let round = 0; round < 4; round++) {
      story.delivery(9, 10)
      if (round < 3) story.opened(tail, { head: 10 })
    }
    expect(story.status).toMatchObject({ phase: 'unlinked', waitingFor: 'noProgress' })
    story.forget().wait(30_000)
    expect(story.last('open').knowledge).toMatchObject({ position: 3 })
  })

  test('[B1] deliveries that no disk takes make the link go, and it comes back with the disk', () => {
    const story = new Story().load().online(3)
    story.disk = 'refuses'
    for (let position = 3; position < 3 + 34; position++) {
      story.delivery(position, position + 1, new Uint8Array(512 * 1024))
      story.wait(60_000)
    }
    expect(story.status).toMatchObject({ phase: 'unlinked', waitingFor: 'storeRefuses' })
    story.disk = 'works'
    story.forget().wait(60_000)
    expect(story.last('open').knowledge.kind).toBe(1)
  })
})

describe('epochs', () => {
  function replaced(): Story {
    const story = new Story().load().online(3).delivery(3, 4, bytes(1))
    story.tell({ type: 'linkLost' }).edit(2)
    return story.forget().tell({ type: 'socketReady' })
  }

  test('[E1] nothing pending is pushed into another epoch: it goes to the inbox, and the Y.Doc is made anew', () => {
    const story = replaced()
    story.opened(otherEpoch, { head: 20, epoch: epochB }).tell({ type: 'piece', room, update: bytes(7) })
    expect(story.pushed()).toEqual([])
    expect(story.all('applyToDoc')).toEqual([])
    story.tell({ type: 'caughtUp', room, through: 20 })
    expect(story.pushed()).toEqual([])
    expect(story.rows()).toEqual([{ kind: confirmed, update: '07' }])
    expect(story.doc).toEqual(['07'])
    expect(story.made).toEqual({ epoch: epochB, generation: 1 })
    expect(story.store.inbox()).toMatchObject([{ code: closedCode.replaced, epoch: epochA }])
    expect(story.status).toMatchObject({ refused: 1, pending: 0, inMemory: 0 })
    expect(story.cursor()).toBe(20)
  })

  test('[E1] what is typed into the old Y.Doc while it is replaced goes to the inbox too', () => {
    const story = replaced()
    const old = story.made
    story.opened(otherEpoch, { head: 20, epoch: epochB }).edit(3)
    story.tell({ type: 'caughtUp', room, through: 20 })
    story.tell({ type: 'edited', update: bytes(4), made: old })
    expect(story.store.inbox()).toHaveLength(3)
    expect(story.doc).toEqual([])
    expect(story.pushed()).toEqual([])
    expect(story.store.outbox()).toEqual([])
  })

  test('[E1] nothing of the new history reaches the old Y.Doc, and all of it the new one', () => {
    const story = replaced().opened(otherEpoch, { head: 20, epoch: epochB })
    story.disk = 'holds'
    story.tell({ type: 'caughtUp', room, through: 20 }).delivery(20, 21, bytes(8))
    expect(story.all('applyToDoc')).toEqual([])
    story.release()
    expect(story.doc).toEqual(['08'])
    expect(story.cursor()).toBe(21)
  })

  test('[E1] an exchange with another epoch is answered as one who has nothing', () => {
    const story = replaced()
    story.opened(
      { kind: planKind.exchange, reason: planReason.otherEpoch, stateVector: bytes(0) },
      { epoch: epochB },
    )
    expect(story.said('known')).toEqual([{ type: 'known', stateVector: bytes(0) }])
    expect(story.all('makeDifference')).toEqual([])
  })

  test('[E1] what was written before there was an epoch goes up, once it is on the disk which epoch that is', () => {
    const story = new Story().load().edit(1)
    story.disk = 'holds'
    story.tell({ type: 'socketReady' }).opened(atHead)
    expect(story.pushed()).toEqual([])
    story.release()
    expect(story.store.head(story.tag)!.epoch).toEqual(epochA)
    expect(story.pushed()).toHaveLength(1)
  })

  test('[E1] a Y.Doc of before the first epoch is still of it after a refusal', () => {
    const story = new Story().load().edit(1)
    const { made } = story
    story.online().refuse()
    story.tell({ type: 'edited', update: bytes(5), made })
    expect(story.store.inbox()).toHaveLength(1)
    expect(story.pushed().at(-1)).toMatchObject({ update: '05' })
  })
})

describe('giving back', () => {
  function asked(): Story {
    const story = new Story().load().online(3).forget()
    return story.edit(1).tell({ type: 'missing', room, stateVector: bytes(0) })
  }

  function repair(story: Story, ...update: number[]): void {
    const { request } = story.last('makeDifference')
    story.tell({ type: 'differenceMade', request, update: bytes(...update) })
  }

  test('[C1] what the relay lacks is given back, and what it held back is sent again', () => {
    const story = asked()
    expect(story.status!.waitingFor).toBe('repairing')
    repair(story, 1, 2, 3)
    expect(story.pushed().at(-1)).toEqual({
      counter: rowlessCounterMin + 1,
      kind: entryKind.repair,
      update: '010203',
    })
    story.ack(rowlessCounterMin + 1)
    expect(story.pushed().map(({ update }) => update)).toEqual(['01', '010203', '01'])
    expect(story.store.outbox()).toEqual([1])
  })

  test('[L1] of many that lack the same only the first asks for a repair', () => {
    const story = asked().tell({ type: 'missing', room, stateVector: bytes(0) })
    expect(story.all('makeDifference')).toHaveLength(1)
  })

  test('[L1] what builds on something that is nowhere any more waits for a person, not for ever', () => {
    // Of client 7 the first clock is nowhere; what client 8 wrote needs nothing.
    const story = new Story().load().online(3).forget()
    story.edit(1, 1, 7, 1, 4, 1, 1, 97, 1, 98, 0).edit(1, 1, 8, 0, 4, 1, 1, 97, 1, 98, 0)
    for (let round = 0; round < 2; round++) {
      story.tell({ type: 'missing', room, stateVector: bytes(0) })
      repair(story, 0, 0)
    }
    story.tell({ type: 'missing', room, stateVector: bytes(1, 8, 1) })
    expect(story.store.inbox()).toMatchObject([{ counter: 1, code: 0 }])
    expect(story.status).toMatchObject({ refused: 1, pending: 1 })
    expect(story.rebuilds).toBe(1)
  })

  test('[L1] what the relay could have taken, and does not answer, is asked about after a while', () => {
    const story = new Story().load().online(3).edit(1, 1, 7, 1, 4, 1, 1, 97, 1, 98, 0)
    for (let round = 0; round < 2; round++) {
      story.tell({ type: 'missing', room, stateVector: bytes(0) })
      repair(story, 0, 0)
    }
    story.tell({ type: 'missing', room, stateVector: bytes(1, 7, 1) })
    expect(story.store.inbox()).toEqual([])
    story.forget().wait(unansweredMsMax)
    expect(story.all('open')).toHaveLength(1)
  })

  test('[C2] after a restore state vectors decide: the relay is told, and given back what it lost', () => {
    const story = new Story().load().online(30).tell({ type: 'linkLost' }).forget()
    story.tell({ type: 'socketReady' }).opened(exchange(5, 5), { head: 9 })
    const { request } = story.last('makeStateVector')
    story.tell({ type: 'stateVectorMade', request, stateVector: bytes(6) })
    expect(story.said('known')).toEqual([{ type: 'known', stateVector: bytes(6) }])
    repair(story, 4, 4, 4)
    expect(story.pushed().map(({ kind }) => kind)).toEqual([entryKind.repair])
    story
      .tell({ type: 'piece', room, update: bytes(8) })
      .tell({ type: 'caughtUp', room, through: 9 })
      .ack(rowlessCounterMin + 1)
    expect(story.cursor()).toBe(9)
  })
})

describe('comparing', () => {
  function compare(story: Story, word: 0 | 1 | 2): void {
    story.wait(60_000)
    const { request, position } = story.last('makeDigest')
    story.tell({ type: 'digestMade', request, digest: new Uint8Array(32) })
    expect(story.said('digest').at(-1)).toMatchObject({ position })
    story.tell({ type: 'compared', room, position, verdict: word })
  }

  test('[T1] a handshake is no proof: up to date is said after a comparison that agreed', () => {
    const story = new Story().load().online(3)
    expect(story.status!.isUpToDate).toBe(false)
    compare(story, verdict.equal)
    expect(story.status!.isUpToDate).toBe(true)
    story.tell({ type: 'linkLost' })
    expect(story.status!.isUpToDate).toBe(false)
    story.tell({ type: 'socketReady' }).opened(tail, { head: 4 })
    expect(story.status!.isUpToDate).toBe(false)
    story.delivery(3, 4, bytes(1)).tell({ type: 'caughtUp', room, through: 4 })
    expect(story.status!.isUpToDate).toBe(true)
  })

  test('[C1] nothing is compared while something is on its way', () => {
    const story = new Story().load().online(3).edit(1).wait(10_000)
    expect(story.all('makeDigest')).toEqual([])
    story.ack(1).wait(2_000)
    const { request } = story.last('makeDigest')
    story.delivery(3, 4, bytes(1)).tell({ type: 'digestMade', request, digest: new Uint8Array(32) })
    expect(story.said('digest')).toEqual([])
  })

  test('[C1] [L1] a difference is mended by state vectors, then by all of it, and then it is only said', () => {
    const story = new Story().load().online(3).delivery(3, 4, bytes(1)).edit(2).ack(2)
    compare(story, verdict.different)
    expect(story.status).toMatchObject({ differs: true, isUpToDate: false, phase: 'opening' })
    story.tell({
      type: 'stateVectorMade',
      request: story.last('makeStateVector').request,
      stateVector: bytes(1),
    })
    expect(story.last('open').knowledge).toMatchObject({ kind: 2, stateVector: bytes(1) })
    story.opened(exchange(1), { head: 4 })
    story.tell({
      type: 'differenceMade',
      request: story.last('makeDifference').request,
      update: bytes(0, 0),
    })
    story.tell({ type: 'caughtUp', room, through: 4 })
    compare(story, verdict.different)
    expect(story.last('open').knowledge).toMatchObject({ kind: 3 })
    // A cut must not turn the doubt into a cursor.
    story.tell({ type: 'linkLost' }).tell({ type: 'socketReady' })
    expect(story.last('open').knowledge).toMatchObject({ kind: 3 })
    story.opened(whole, { head: 4 }).tell({ type: 'piece', room, update: bytes(9) })
    story.tell({ type: 'caughtUp', room, through: 4 })
    expect(story.rows()).toEqual([{ kind: confirmed, update: '09' }])
    expect(story.doc).toEqual(['09'])
    story.forget()
    compare(story, verdict.different)
    expect(story.all('open')).toEqual([])
    expect(story.status).toMatchObject({ differs: true, phase: 'live' })
    story.delivery(4, 5, bytes(3))
    compare(story, verdict.equal)
    expect(story.status).toMatchObject({ differs: false, isUpToDate: true })
  })
})

describe('stops', () => {
  const closed = {
    type: 'closed',
    link: 1,
    comeBack: comeBack.no,
    afterMs: 0,
    reason: '',
  } as const

  test('[L1] a document that may not be read keeps what is pending, says why, and opens when it is asked to', () => {
    const story = new Story().load().edit(1).tell({ type: 'socketReady' })
    story.tell({ ...closed, code: closedCode.forbidden })
    expect(story.status).toMatchObject({ phase: 'closed', waitingFor: 'forbidden', pending: 1 })
    expect(story.store.outbox()).toEqual([1])
    story.forget().tell({ type: 'retried' })
    expect(story.all('open')).toHaveLength(1)
  })

  test('[E1] a document that was replaced is opened again at once', () => {
    const story = new Story().load().online(3).forget()
    story.tell({ ...closed, code: closedCode.replaced, comeBack: comeBack.later })
    expect(story.all('open')).toHaveLength(1)
  })

  test('[E1] what goes up from memory while the disk refuses does not enter the history that comes after', () => {
    const other = { kind: planKind.whole, reason: planReason.otherEpoch } as const
    const replaced = { ...closed, code: closedCode.replaced, comeBack: comeBack.later }
    const typed = new Story().load().online(3)
    typed.disk = 'refuses'
    typed.edit(1)
    const repairing = new Story().load().online(3).edit(1)
    repairing.disk = 'refuses'
    repairing.ack(1).tell({ type: 'linkLost' }).tell({ type: 'socketReady' })
    repairing.opened(
      { kind: planKind.exchange, reason: planReason.otherBranch, stateVector: bytes(0) },
      { head: 3 },
    )
    for (const story of [typed, repairing]) {
      story.tell(replaced).forget().opened(other, { head: 9, epoch: epochB })
      story.tell({ type: 'caughtUp', room, through: 9 })
      story.disk = 'works'
      story.wait(60_000).wait(60_000)
      expect(story.pushed()).toEqual([])
      expect(story.status).toMatchObject({ inMemory: 0, pending: 0, phase: 'live' })
    }
    expect(typed.store.inbox()).toMatchObject([{ code: closedCode.replaced }])
  })

  test('[E1] [D3] a document that was deleted leaves the device; what is pending goes to the inbox', () => {
    const story = new Story().load().online(3).delivery(3, 4, bytes(7)).edit(1)
    story.forget().tell({ ...closed, code: closedCode.gone })
    expect(story.rows()).toEqual([])
    expect(story.store.outbox()).toEqual([])
    expect(story.store.inbox()).toMatchObject([{ code: closedCode.gone, epoch: epochA }])
    expect(story.store.place(story.tag)).toBeUndefined()
    expect([story.rebuilds, story.doc]).toEqual([1, []])
    expect(story.status).toMatchObject({ phase: 'closed', waitingFor: 'gone', refused: 1, pending: 0 })
    // Typed before anybody could see that it is gone.
    story.edit(2)
    expect(story.store.inbox()).toHaveLength(2)
    expect(story.rows()).toEqual([])
  })

  test('[E1] [D3] what a disk could not take before the document was deleted goes to the inbox when it can', () => {
    const story = new Story().load().online(3)
    story.disk = 'refuses'
    story.edit(1).tell({ ...closed, code: closedCode.gone })
    expect(story.status).toMatchObject({ inMemory: 1, refused: 0 })
    story.disk = 'works'
    story.wait(60_000)
    expect(story.store.inbox()).toHaveLength(1)
    expect(story.rows()).toEqual([])
    expect(story.status).toMatchObject({ inMemory: 0, pending: 0, refused: 1 })
  })

  test('[E1] a document that was deleted says so once: opened again, there is nothing left to take away', () => {
    const story = new Story()
      .load()
      .online(3)
      .tell({ ...closed, code: closedCode.gone })
    story.forget().tell({ type: 'retried' })
    expect(story.last('open').knowledge).toEqual({ kind: 0 })
    story.tell({ ...closed, code: closedCode.gone })
    expect(story.all('write')).toEqual([])
  })

  test('[L1] a link that is told to come back later does', () => {
    const story = new Story().load().online(3).forget()
    story.tell({ ...closed, code: closedCode.tooLarge, comeBack: comeBack.later, afterMs: 5_000 })
    expect(story.status!.waitingFor).toBe('relayBusy')
    expect(story.last('wakeAt').time).toBe(story.now + 5_000)
    story.wait(5_000)
    expect(story.all('open')).toHaveLength(1)
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
