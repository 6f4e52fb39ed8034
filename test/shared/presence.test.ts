// Presence without a room: what it hears and whom it tells.
import { expect, test } from 'vitest'
import { Claims } from '../../shared/claims.ts'
import { ownerPresencesMax, presenceStateBytesMax, roomPresenceBytesMax } from '../../shared/limits.ts'
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

test('[B1] states are counted in bytes, whatever letters they are made of', () => {
  const presence = new Presence(new Claims(), { spread: () => {}, ask: () => {} })
  // Three bytes a letter: counted as letters they would be three times what a room may hold.
  const state = JSON.stringify('あ'.repeat(Math.floor((presenceStateBytesMax - 2) / 3)))
  const stateBytes = new TextEncoder().encode(state).length
  const fits = Math.floor(roomPresenceBytesMax / stateBytes)
  for (let client = 1; client <= fits + 3; client++) {
    const owner = `stock ${Math.floor(client / ownerPresencesMax)}`
    presence.say({ owner, isNamed: false, isOpening: false }, [{ client, clock: 1, state }], 0)
  }
  expect(presence.all()).toHaveLength(fits)
})
