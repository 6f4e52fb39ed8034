// replica-document-down.test.ts — one document on a device, against the words of a relay written by hand: what comes down,
// and what is compared.

import { describe, expect, test } from 'vitest'

import { closedCode, comeBack } from '../../shared/message.ts'
import { rowKind } from '../../shared/replica-records.ts'
import {
  bytes,
  epochA,
  epochB,
  planKind,
  planReason,
  room,
  Story,
  verdict,
  tail,
  whole,
} from './replica-story.ts'

const { confirmed, pending } = rowKind
const exchange = (...stateVector: number[]) =>
  ({ kind: planKind.exchange, reason: planReason.otherBranch, stateVector: bytes(...stateVector) }) as const

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

  test('[T1] [L1] a comparison that the line cut is made again at once, and not after a minute', () => {
    const story = new Story().load().online(3).wait(2_000)
    expect(story.all('makeDigest')).toHaveLength(1)
    story
      .tell({ type: 'linkLost' })
      .tell({ type: 'socketReady' })
      .opened({ kind: planKind.atHead }, { head: 3 })
    story.wait(2_000)
    expect(story.all('makeDigest')).toHaveLength(2)
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
