// feeding.test.ts — what many read of one page is made for all of them at once.
import { expect, test } from 'vitest'
import { Feeding } from '../../shared/feeding.ts'
import type { Message } from '../../shared/message.ts'
import type { RoomEffect, Row } from '../../shared/room-words.ts'

const rows: readonly Row[] = [1, 2, 3].map((position) => ({ position, update: Uint8Array.of(position) }))

function feedingOf(
  links: readonly number[],
  foldedThrough: number,
): { feeding: Feeding; effects: RoomEffect[] } {
  const effects: RoomEffect[] = []
  const feeding = new Feeding(1, (effect) => effects.push(effect))
  feeding.begin(foldedThrough + rows.length, foldedThrough, foldedThrough)
  for (const link of links) feeding.seatForAll(link, 'native')
  return { feeding, effects }
}

function toldTo(link: number, effects: readonly RoomEffect[], type: Message['type']): readonly Message[] {
  return effects.flatMap((effect) =>
    effect.type === 'tell' && effect.link === link && effect.message.type === type ? [effect.message] : [],
  )
}

test('[B1] a page of the log is the same message to all who read it', () => {
  const { feeding, effects } = feedingOf([1, 2], 0)
  for (const link of [1, 2]) feeding.rowsRead(link, rows, true)
  const [first] = toldTo(1, effects, 'delivery')
  expect(first).toEqual({
    type: 'delivery',
    room: 1,
    after: 0,
    through: 3,
    updates: rows.map((row) => row.update),
  })
  expect(toldTo(2, effects, 'delivery')[0]).toBe(first)
})

test('[B1] a piece of the snapshot is the same message to all who read it', () => {
  const { feeding, effects } = feedingOf([1, 2], 5)
  const piece = Uint8Array.of(7)
  for (const link of [1, 2]) feeding.piecesRead(link, 5, [piece], undefined)
  const [first] = toldTo(1, effects, 'piece')
  expect(first).toMatchObject({ update: piece })
  expect(toldTo(2, effects, 'piece')[0]).toBe(first)
})
