// What waits for one disk, and how much of it goes at once.
import { expect, test } from 'vitest'
import { Commits } from '../../shared/commits.ts'
import type { CommitsEffect } from '../../shared/commits.ts'
import { newDocument } from '../../shared/document-state.ts'
import { commitIntentsMax, waitingBytesMax } from '../../shared/limits.ts'

const { epoch } = newDocument
const forget = { document: 'story', epoch, is: 'forget', ids: [] } as const

function started(): { commits: Commits; effects: CommitsEffect[]; write: () => void } {
  const effects: CommitsEffect[] = []
  const commits = new Commits((effect) => effects.push(effect))
  return { commits, effects, write: () => commits.write(0, () => newDocument) }
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

test('[B1] sockets that were held are let go when what is left fits, also where it was dropped', () => {
  const { commits, effects } = started()
  commits.add(forget, waitingBytesMax)
  commits.add({ ...forget, document: 'other' }, 1)
  expect(effects).toEqual([{ type: 'holdSockets', hold: true }])
  commits.drop(({ document }) => document === 'other')
  commits.letGoOfSockets()
  expect(effects.at(-1)).toEqual({ type: 'holdSockets', hold: false })
  expect(commits.waitingBytes).toBe(waitingBytesMax)
})
