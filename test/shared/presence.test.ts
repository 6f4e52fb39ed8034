// Presence without a room: what it hears and whom it tells.
import { expect, test } from 'vitest'
import { Claims } from '../../shared/claims.ts'
import type { PresenceEntry } from '../../shared/message.ts'
import { Presence } from '../../shared/presence.ts'

test.each([
  ['a client id', { client: Number.NaN, clock: 1 }],
  ['a client id', { client: 2 ** 53, clock: 1 }],
  ['a client id', { client: 1.77e44, clock: 1 }],
  ['a clock', { client: 1, clock: Number.NaN }],
  ['a clock', { client: 1, clock: 0.5 }],
])('[W1] %s that no wire can carry is passed over: %o', (_what, { client, clock }) => {
  const told: PresenceEntry[] = []
  const presence = new Presence(new Claims(), {
    spread: (entry) => told.push(entry),
    ask: (_owner, entry) => told.push(entry),
  })
  const stock = { owner: 'stock', isNamed: false, isOpening: true }
  for (const state of ['{}', '']) presence.say(stock, [{ client, clock, state }], 0)
  expect(told).toEqual([])
  expect(presence.all()).toEqual([])
})
