// document-status.test.ts — what a tab says of a document that another tab brings to the relay.
import { expect, test } from 'vitest'
import { beginning, shownStatus } from '../../client/document-status.ts'
import type { Sources } from '../../client/document-status.ts'

const following: Sources = {
  own: { ...beginning, phase: 'following' },
  early: 0,
  leader: undefined,
  written: 0,
  unanswered: 0,
  isDurable: true,
  filed: 0,
}
const live = { ...beginning, phase: 'live', isSaved: true, isUpToDate: true } as const

test('[T1] what the leader says is saved counts only for rows that it has read', () => {
  const leader = { status: live, last: 7 }
  expect(shownStatus({ ...following, leader, written: 7 })).toMatchObject({ isSaved: true, pending: 0 })
  expect(shownStatus({ ...following, leader, written: 8 })).toMatchObject({ isSaved: false, pending: 1 })
})

test('[T1] what is in this tab alone is not saved, whatever the leader says', () => {
  const own = { ...following.own, inMemory: 1 }
  const leader = { status: live, last: 7 }
  expect(shownStatus({ ...following, own, leader })).toMatchObject({ isSaved: false, inMemory: 1 })
})

test('[T1] while nobody leads, what was not answered is pending', () => {
  expect(shownStatus({ ...following, unanswered: 3 })).toMatchObject({ isSaved: false, pending: 3 })
})

test('[T1] what was typed before the store was read is in memory', () => {
  expect(shownStatus({ ...following, own: beginning, early: 2 })).toMatchObject({
    inMemory: 2,
    isSaved: false,
  })
})

test('[T1] a store in memory is no disk', () => {
  const own = { ...live, isSaved: false, pending: 2 }
  expect(shownStatus({ ...following, own, isDurable: false })).toMatchObject({ inMemory: 2, pending: 0 })
})

test('[D3] what is in the inbox is refused, whoever put it there', () => {
  expect(shownStatus({ ...following, own: live, filed: 2 }).refused).toBe(2)
})

test('[T1] while something of it is in the inbox not everything is saved', () => {
  expect(shownStatus({ ...following, own: live, filed: 1 }).isSaved).toBe(false)
  expect(shownStatus({ ...following, own: live }).isSaved).toBe(true)
})
