// tabs.test.ts — several tabs that follow one store.

import { describe, expect, test } from 'vitest'

import { rowKind } from '../../shared/replica-records.ts'
import type { Head } from '../../shared/replica-records.ts'
import { meanings, Tab } from '../../shared/tabs.ts'
import type { Leading, TabInput } from '../../shared/tabs.ts'
import { bytes, epochA } from './replica-story.ts'

const headAt = (last: number, generation = 0): Head => {
  return { epoch: epochA, generation, last, foldedThrough: 0 }
}
const rowAt = (sequence: number) => {
  return { sequence, row: { kind: rowKind.pending, counter: 0, entry: 0, update: bytes(sequence) } } as const
}

function tabAt(last: number): (input: TabInput) => readonly unknown[] {
  const tab = new Tab()
  tab.step({ type: 'documentLoaded', document: 'notes', head: headAt(last) }, 0)
  return (input) => tab.step(input, 0)
}

const hint = (last: number, generation = 0): TabInput => {
  return { type: 'hinted', document: 'notes', last, generation }
}
const read = (after: number, head: Head, ...sequences: number[]): TabInput => {
  return { type: 'rowsRead', document: 'notes', after, rows: sequences.map(rowAt), head }
}

describe('hints', () => {
  test('[C1] a broadcast makes a tab read, from where it has read to, and is believed in nothing else', () => {
    const tell = tabAt(3)
    expect(tell(hint(9))).toEqual([{ type: 'readRows', document: 'notes', after: 3 }])
    // It said 9; the store has 5. Only what was read counts.
    expect(tell(read(3, headAt(5), 4, 5))).toMatchObject([{ type: 'tellRows', head: { last: 5 } }])
    expect(tell(hint(6))).toEqual([{ type: 'readRows', document: 'notes', after: 5 }])
  })

  test('[C1] a broadcast of what was read already, or of a document that is not open, does nothing', () => {
    const tell = tabAt(3)
    expect(tell(hint(3))).toEqual([])
    expect(tell({ type: 'hinted', document: 'other', last: 9, generation: 0 })).toEqual([])
  })

  test('[C1] what is hinted at while rows are read is read after them', () => {
    const tell = tabAt(3)
    tell(hint(4))
    expect(tell(hint(5))).toEqual([])
    expect(tell(read(3, headAt(4), 4))).toMatchObject([{ type: 'tellRows' }, { type: 'readRows', after: 4 }])
  })

  test('[R1] a generation that moved is news without any row', () => {
    const tell = tabAt(3)
    expect(tell(hint(3, 1))).toMatchObject([{ type: 'readRows' }])
    expect(tell(read(3, headAt(3, 1)))).toMatchObject([{ type: 'tellRows', head: { generation: 1 } }])
  })

  test('[L1] a store that could not be read is read again', () => {
    const tab = new Tab()
    tab.step({ type: 'documentLoaded', document: 'notes', head: headAt(3) }, 0)
    tab.step(hint(4), 0)
    expect(tab.step({ type: 'readFailed', document: 'notes' }, 0)).toEqual([{ type: 'wakeAt', time: 1_000 }])
    expect(tab.step({ type: 'woken' }, 1_000)).toMatchObject([{ type: 'readRows', after: 3 }])
  })
})

describe('gaps', () => {
  test('[C1] to have written is not to have read: rows of others between are read', () => {
    const tell = tabAt(3)
    expect(tell({ type: 'committed', document: 'notes', after: 3, head: headAt(4) })).toEqual([
      { type: 'hint', document: 'notes', last: 4, generation: 0 },
    ])
    expect(tell({ type: 'committed', document: 'notes', after: 6, head: headAt(7) })).toMatchObject([
      { type: 'hint' },
      { type: 'readRows', after: 4 },
    ])
  })

  test.each(['thawed', 'shown', 'leadershipLost'] as const)(
    '[C1] who was %s reads without a hint',
    (type) => {
      expect(tabAt(3)({ type })).toMatchObject([{ type: 'readRows', document: 'notes', after: 3 }])
    },
  )
})

describe('leading', () => {
  test('[L1] a tab leads when its term is claimed, and reads what the last leader hinted to nobody', () => {
    const tell = tabAt(3)
    expect(tell({ type: 'leadershipWon' })).toEqual([{ type: 'claimTerm' }])
    expect(tell({ type: 'claimFailed' })).toEqual([{ type: 'claimTerm' }])
    expect(tell({ type: 'termClaimed', term: 8 })).toMatchObject([
      { type: 'readRows' },
      { type: 'lead', term: 8, isAlone: false },
      { type: 'callRoll' },
    ])
  })

  test('[C2] a leader whose term is over steps down and lets the lock go', () => {
    const tell = tabAt(3)
    tell({ type: 'leadershipWon' })
    tell({ type: 'termClaimed', term: 8 })
    tell(read(3, headAt(3)))
    expect(tell({ type: 'fenced' })).toMatchObject([
      { type: 'releaseLock' },
      { type: 'stepDown' },
      { type: 'readRows' },
    ])
    expect(tell({ type: 'fenced' })).not.toContainEqual({ type: 'stepDown' })
  })

  test('[C2] a claim that comes back after the lock was lost makes nobody lead', () => {
    const tell = tabAt(3)
    tell({ type: 'leadershipWon' })
    tell({ type: 'leadershipLost' })
    expect(tell({ type: 'termClaimed', term: 8 })).toEqual([])
  })

  test('[R1] a leader that reads a generation it did not begin steps down before it pushes what was refused', () => {
    const tell = tabAt(3)
    tell({ type: 'leadershipWon' })
    tell({ type: 'termClaimed', term: 8 })
    tell(read(3, headAt(3)))
    // Its own.
    tell({ type: 'committed', document: 'notes', after: 3, head: headAt(3, 1) })
    tell(hint(4, 1))
    expect(tell(read(3, headAt(4, 1), 4))).not.toContainEqual({ type: 'stepDown' })
    tell(hint(4, 2))
    expect(tell(read(4, headAt(4, 2)))).toMatchObject([
      { type: 'releaseLock' },
      { type: 'stepDown' },
      { type: 'readRows' },
      { type: 'tellRows', head: { generation: 2 } },
    ])
  })

  test('[L1] a write of the old term that fails while the next one is claimed does not make its tab step down', () => {
    const tell = tabAt(3)
    tell({ type: 'leadershipWon' })
    tell({ type: 'termClaimed', term: 8 })
    tell({ type: 'leadershipLost' })
    tell({ type: 'leadershipWon' })
    expect(tell({ type: 'fenced' })).toEqual([])
    expect(tell({ type: 'termClaimed', term: 9 })).toContainEqual({ type: 'lead', term: 9, isAlone: false })
  })

  test.each(Object.keys(meanings) as Leading['is'][])(
    '[L1] in %s what is passed over asks for nothing',
    (phase) => {
      const reach: Record<Leading['is'], TabInput[]> = {
        following: [],
        claiming: [{ type: 'leadershipWon' }],
        leading: [{ type: 'leadershipWon' }, { type: 'termClaimed', term: 8 }],
      }
      const passed: TabInput[] = [
        { type: 'termClaimed', term: 9 },
        { type: 'claimFailed' },
        { type: 'fenced' },
        { type: 'leadershipWon' },
        { type: 'locksMissing' },
      ]
      for (const input of passed.filter(({ type }) => meanings[phase][type] === 'pass')) {
        const tab = new Tab()
        for (const before of reach[phase]) tab.step(before, 0)
        expect(tab.leading.is).toBe(phase)
        expect(tab.step(input, 0), input.type).toEqual([])
        expect(tab.leading.is).toBe(phase)
      }
    },
  )

  test('[L1] without Web Locks a tab is a replica of its own', () => {
    const tell = tabAt(3)
    tell({ type: 'locksMissing' })
    expect(tell({ type: 'termClaimed', term: 1 })).toContainEqual({ type: 'lead', term: 1, isAlone: true })
  })

  test('[L1] a tab says which documents it has open when a new leader asks', () => {
    expect(tabAt(3)({ type: 'rollCalled' })).toEqual([{ type: 'answerRoll', documents: ['notes'] }])
  })
})
