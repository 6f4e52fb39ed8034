// texts.test.ts — the one line that the notes page says of a note.
import { expect, test } from 'vitest'
import { documentBeginning } from '../../client/index.ts'
import type { DocumentStatus, WorkspaceStatus } from '../../client/index.ts'
import { statusLine } from '../../editor/notes/texts.ts'

const workspace: WorkspaceStatus = {
  phase: 'ready',
  reason: undefined,
  nextTryAt: undefined,
  keeps: 'disk',
  storeError: undefined,
  isPersistent: undefined,
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

test('[T1] what was refused is never called saved', () => {
  expect(statusLine(saved, workspace)).toBe('Saved: the relay has everything you wrote on its disk.')
  expect(statusLine({ ...saved, isSaved: false, refused: 7 }, workspace)).toBe(
    'The relay has not taken everything you wrote. 7 changes are refused, and kept in this browser.',
  )
  expect(statusLine({ ...saved, isSaved: false, refused: 1, pending: 2 }, workspace)).toBe(
    '2 changes are on this browser’s disk, and not at the relay yet. One change is refused, and kept in this browser.',
  )
})

test('[T1] where no socket can be made it says why', () => {
  const none = { ...workspace, phase: 'waiting', socketError: 'SecurityError: Not over ws.' } as const
  expect(statusLine({ ...saved, isSaved: false }, none)).toMatch(/\(SecurityError: Not over ws\.\)$/)
})
