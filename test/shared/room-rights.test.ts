// A room told by hand: whose right to write counts when an entry comes late, or while it is being judged, and how often
// somebody is asked for what the log lacks.
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { entryHash } from '../../shared/entry-hash.ts'
import { entryKind, refusedCode } from '../../shared/message.ts'
import type { PushEntry } from '../../shared/message.ts'
import type { RoomEffect } from '../../shared/room-words.ts'
import { joined, loaded, TestRoom } from './relay-room.ts'

class OpenRoom extends TestRoom {
  constructor(isJudged = false) {
    super({ isJudged })
    this.tell(loaded)
  }

  join(link: number, mayWrite = true): void {
    this.tell(joined(link, 'native', mayWrite))
  }

  push(link: number, ...entries: PushEntry[]): readonly RoomEffect[] {
    return this.tell({ type: 'pushed', link, entries })
  }

  rights(link: number, mayWrite: boolean): void {
    this.tell({ type: 'rightsChanged', link, mayWrite })
  }
}

/** One letter after the other, each an update that builds on the one before. */
function letters(count: number): PushEntry[] {
  const entries: PushEntry[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => {
    entries.push({ counter: entries.length + 1, hash: entryHash(update), kind: entryKind.edit, update })
  })
  for (let index = 0; index < count; index++) doc.getText('text').insert(index, 'a')
  return entries
}

function refusalsIn(effects: readonly RoomEffect[]): number[] {
  return effects.flatMap((effect) =>
    effect.type === 'tell' && effect.message.type === 'refused'
      ? effect.message.entries.map(({ code }) => code)
      : [],
  )
}

const types = (effects: readonly RoomEffect[]): string[] => effects.map(({ type }) => type)

describe('two sockets of one replica', () => {
  test('[R1] when the newer one may write no more, neither may the older: one edit gets one answer', () => {
    const room = new OpenRoom()
    const entries = letters(1)
    room.join(1)
    room.join(2)
    room.rights(2, false)
    expect(refusalsIn(room.push(2, ...entries))).toEqual([refusedCode.readOnly])
    expect(refusalsIn(room.push(1, ...entries))).toEqual([refusedCode.readOnly])
  })

  test('[R1] the older one gets no right back that the newer one has not', () => {
    const room = new OpenRoom()
    room.join(1)
    room.join(2, false)
    room.rights(1, true)
    expect(refusalsIn(room.push(1, ...letters(1)))).toEqual([refusedCode.readOnly])
  })

  test('[S1] the older one may lose its right alone', () => {
    const room = new OpenRoom()
    const [first, second] = letters(2)
    if (first === undefined || second === undefined) throw new Error('Two were asked for.')
    room.join(1)
    room.join(2)
    room.rights(1, false)
    expect(types(room.push(2, first))).toContain('append')
    expect(types(room.push(1, second))).not.toContain('append')
    expect(refusalsIn(room.tell({ type: 'committed', positions: [1], answers: 0 }))).toEqual([
      refusedCode.readOnly,
    ])
  })
})

describe('being judged', () => {
  test('[D2] nothing of an entry enters before the verdict, and later ones wait behind it', () => {
    const room = new OpenRoom(true)
    room.join(1)
    expect(types(room.push(1, ...letters(2)))).toEqual(['judge'])
    expect(types(room.tell({ type: 'judged', refusal: undefined }))).toEqual(['append', 'judge'])
    expect(types(room.tell({ type: 'judged', refusal: undefined }))).toEqual(['append'])
  })

  test('[R1] what is refused gets that answer, and no other when it is sent again', () => {
    const room = new OpenRoom(true)
    const entries = letters(1)
    room.join(1)
    room.push(1, ...entries)
    const refusal = { code: refusedCode.badUpdate, reason: 'No. (rule)' }
    expect(types(room.tell({ type: 'judged', refusal }))).toContain('keepAnswer')
    room.tell({ type: 'committed', positions: [], answers: 1 })
    expect(refusalsIn(room.push(1, ...entries))).toEqual([refusedCode.badUpdate])
  })

  test('[S1] a right that ends meanwhile counts, whatever the verdict', () => {
    const room = new OpenRoom(true)
    room.join(1)
    room.push(1, ...letters(1))
    room.rights(1, false)
    const effects = room.tell({ type: 'judged', refusal: undefined })
    expect(refusalsIn(effects)).toEqual([refusedCode.readOnly])
    expect(types(effects)).not.toContain('append')
  })
})

test('[B1] whoever sends much that lacks something is asked for it once', () => {
  const room = new OpenRoom()
  room.join(1)
  const [, ...gapped] = letters(20)
  const asked = room
    .push(1, ...gapped)
    .filter((effect) => effect.type === 'tell' && effect.message.type === 'missing')
  expect(asked).toHaveLength(1)
})

test('[B1] what the log has is written once for all who are told of what is missing, until more comes', () => {
  const room = new OpenRoom()
  const [first, ...gapped] = letters(4)
  if (first === undefined) throw new Error('Four were asked for.')
  room.join(1)
  room.join(2)
  const missing = (effects: readonly RoomEffect[]): Uint8Array[] =>
    effects.flatMap((effect) =>
      effect.type === 'tell' && effect.message.type === 'missing' ? [effect.message.stateVector] : [],
    )
  const [one] = missing(room.push(1, ...gapped))
  const [other] = missing(room.push(2, ...gapped))
  expect(one).toBeDefined()
  expect(other).toBe(one)
  room.push(1, first)
  const far = letters(9).slice(8)
  const [later] = missing(room.push(1, ...far))
  expect(later).not.toEqual(one)
})
