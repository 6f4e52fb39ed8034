// What waits for one disk, and how much of it goes at once.
import { expect, test } from 'vitest'
import { Acks } from '../../shared/acks.ts'
import { Backlog } from '../../shared/backlog.ts'
import { Commits } from '../../shared/commits.ts'
import type { CommitsEffect } from '../../shared/commits.ts'
import { newDocument } from '../../shared/document-state.ts'
import { commitIntentsMax, waitingBytesMax, waitingIntentBytes, writeRetryMs } from '../../shared/limits.ts'
import { entryKind } from '../../shared/message.ts'

const { epoch } = newDocument
const forget = { document: 'story', epoch, is: 'forget', ids: [] } as const

function started(): { commits: Commits; backlog: Backlog; effects: CommitsEffect[]; write: () => void } {
  const effects: CommitsEffect[] = []
  const backlog = new Backlog()
  const commits = new Commits(backlog, (effect) => effects.push(effect))
  return { commits, backlog, effects, write: () => commits.write(0, () => newDocument) }
}

test('[B1] a commit has a largest size; what is left over is the next one, in its order', () => {
  const { commits, effects, write } = started()
  for (let index = 0; index <= commitIntentsMax; index++)
    commits.add({ ...forget, document: index === commitIntentsMax ? 'last' : 'story' })
  write()
  expect(commits.waiting).toEqual([{ ...forget, document: 'last' }])
  expect(commits.hasToWrite).toBe(false)
  expect(commits.written().intents).toHaveLength(commitIntentsMax)
  expect(commits.hasToWrite).toBe(true)
  write()
  expect(commits.written().intents).toEqual([{ ...forget, document: 'last' }])
  expect(effects.map(({ type }) => type)).toEqual(['write', 'write'])
})

test('[B1] what waits, and what is being written, counts until it is written or dropped, also where a write failed', () => {
  const { commits, backlog, write } = started()
  commits.add(forget)
  commits.add({ ...forget, document: 'other' })
  const update = new Uint8Array(1_000)
  const effect = { type: 'append', update, kind: entryKind.edit, author: undefined } as const
  commits.add({ document: 'story', epoch, is: 'append', effect })
  const all = 3 * waitingIntentBytes + update.length
  expect(backlog.bytes).toBe(all)
  commits.drop(({ document }) => document === 'other')
  const left = all - waitingIntentBytes
  expect(backlog.bytes).toBe(left)
  write()
  commits.failed(0)
  commits.woken(writeRetryMs)
  commits.failed(writeRetryMs)
  commits.add(forget)
  expect(backlog.bytes).toBe(left + waitingIntentBytes)
  commits.written()
  expect(backlog.bytes).toBe(waitingIntentBytes)
  write()
  commits.written()
  expect(backlog.bytes).toBe(0)
})

test('[B1] whether sockets are held turns above the bound, and is told once', () => {
  const backlog = new Backlog()
  backlog.add(waitingBytesMax)
  expect(backlog.turned()).toBeUndefined()
  backlog.add(1)
  expect([backlog.turned(), backlog.turned()]).toEqual([true, undefined])
  backlog.remove(1)
  expect([backlog.turned(), backlog.turned()]).toEqual([false, undefined])
})

test('[B1] an answer counts until it is given, or whoever waited for it has left', () => {
  const backlog = new Backlog()
  const acks = new Acks<string, string>(backlog)
  acks.appended()
  acks.wait('ana', 'first', 100)
  acks.appended()
  acks.wait('ana', 'second', 20)
  acks.wait('ben', 'second', 3)
  acks.becameDurable(1)
  expect(acks.take()).toHaveLength(1)
  expect(backlog.bytes).toBe(23)
  acks.forget('ana')
  expect(backlog.bytes).toBe(3)
  acks.becameDurable(1)
  expect(acks.take()).toHaveLength(1)
  expect(backlog.bytes).toBe(0)
})
