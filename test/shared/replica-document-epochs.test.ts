// replica-document-epochs.test.ts — one document on a device whose history is not the relay's any more: another epoch,
// another branch.

import { describe, expect, test } from 'vitest'

import { closedCode } from '../../shared/message.ts'
import { rowlessCounterMin, unansweredMsMax } from '../../shared/replica-limits.ts'
import { rowKind } from '../../shared/replica-records.ts'
import {
  bytes,
  entryKind,
  epochA,
  epochB,
  planKind,
  planReason,
  room,
  Story,
  atHead,
  otherEpoch,
} from './replica-story.ts'

const { confirmed } = rowKind
const exchange = (...stateVector: number[]) =>
  ({ kind: planKind.exchange, reason: planReason.otherBranch, stateVector: bytes(...stateVector) }) as const

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
