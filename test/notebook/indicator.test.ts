// indicator.test.ts — which word stands for which statuses: a table, and the rule that no status but one is called saved.
import { expect, test } from 'vitest'
import { indicatorOf } from '../../editor/notebook/indicator.ts'
import { documentBeginning } from '../../client/index.ts'
import type { DocumentStatus, WorkspaceStatus } from '../../client/index.ts'

const ready: WorkspaceStatus = {
  phase: 'ready',
  reason: undefined,
  nextTryAt: undefined,
  keeps: 'disk',
  storeError: undefined,
  isPersistent: true,
  tokenError: undefined,
  socketError: undefined,
  tab: 'leading',
  inMemory: 0,
  pending: 0,
  waiting: [],
  refused: 0,
  toFetch: 0,
  durability: 0,
  clockOffsetMs: 0,
}
const saved: DocumentStatus = { ...documentBeginning, phase: 'live', isSaved: true, isUpToDate: true }
const waiting: DocumentStatus = { ...saved, isSaved: false, pending: 2 }
const typing: DocumentStatus = { ...saved, isSaved: false, inMemory: 1 }
const away: WorkspaceStatus = { ...ready, phase: 'waiting' }

test.each([
  {
    when: 'the store is being read',
    workspace: { ...ready, keeps: 'opening' },
    document: saved,
    is: 'opening',
  },
  { when: 'the document is', workspace: ready, document: documentBeginning, is: 'opening' },
  { when: 'the relay has all', workspace: ready, document: saved, is: 'saved' },
  {
    when: 'much of others is on its way',
    workspace: ready,
    document: { ...saved, isUpToDate: false, progress: { position: 10, head: 100 } },
    is: 'catchingUp',
  },
  { when: 'nobody knows yet', workspace: ready, document: { ...saved, isSaved: false }, is: 'opening' },
  { when: 'the relay is about to answer', workspace: ready, document: waiting, is: 'saving' },
  { when: 'the disk is', workspace: ready, document: typing, is: 'saving' },
  { when: 'the disk is, and the relay away', workspace: away, document: typing, is: 'saving' },
  { when: 'the relay is away', workspace: away, document: waiting, is: 'onDevice' },
  {
    when: 'it is looked for',
    workspace: { ...ready, phase: 'connecting' },
    document: waiting,
    is: 'onDevice',
  },
  { when: 'it is away and has all', workspace: away, document: saved, is: 'offline' },
  {
    when: 'one works offline and it has all',
    workspace: { ...ready, phase: 'resting', reason: 'workOffline' },
    document: saved,
    is: 'offline',
  },
  { when: 'no disk takes it', workspace: { ...away, keeps: 'memory' }, document: typing, is: 'inMemory' },
  { when: 'an edit was refused', workspace: { ...ready, refused: 1 }, document: saved, is: 'needsYou' },
  {
    when: 'the token is refused',
    workspace: { ...ready, phase: 'resting', reason: 'tokenRefused' },
    document: waiting,
    is: 'needsYou',
  },
  {
    when: 'one works offline',
    workspace: { ...ready, phase: 'resting', reason: 'workOffline' },
    document: waiting,
    is: 'onDevice',
  },
  {
    when: 'it may not be read',
    workspace: ready,
    document: { ...saved, waitingFor: 'forbidden' },
    is: 'needsYou',
  },
] as const)('[T1] when $when it says «$is»', ({ workspace, document, is }) => {
  expect(indicatorOf(workspace, document).is).toBe(is)
})

test('[T1] whatever else is so, «saved» is said of nothing that is not', () => {
  const phases = ['opening', 'following', 'resting', 'waiting', 'connecting', 'greeting', 'ready'] as const
  for (const phase of phases)
    for (const keeps of ['opening', 'disk', 'memory'] as const)
      for (const [inMemory, pending] of [
        [0, 0],
        [1, 0],
        [0, 1],
      ] as const) {
        const { is } = indicatorOf(
          { ...ready, phase, keeps },
          { ...saved, isSaved: false, inMemory, pending },
        )
        expect(is, `${phase}, ${keeps}, ${inMemory} in memory, ${pending} waiting`).not.toBe('saved')
      }
})
