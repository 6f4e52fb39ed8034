// What presence may cost: how often it is told, how much is kept of it, and of whom.
import { beforeEach, expect, test } from 'vitest'
import {
  ownerPresencesMax,
  presenceClockMax,
  presenceEntriesMax,
  presenceStateBytesMax,
  roomPresenceBytesMax,
  roomPresencesMax,
} from '../../shared/limits.ts'
import type { PresenceEntry } from '../../shared/message.ts'
import { encodeAwareness } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay, everyRight, grantFor } from '../host-peers.ts'

let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

async function stock(): Promise<StockPeer> {
  const peer = new StockPeer(relay)
  peer.ask()
  await relay.write()
  return peer
}

async function native(id: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, id)
  peer.open()
  await relay.write()
  peer.opened()
  return peer
}

function told(peer: StockPeer): PresenceEntry[][] {
  const messages = peer.heard.splice(0)
  return messages.flatMap((message) => (message.type === 'awareness' ? [[...message.entries]] : []))
}

function says(peer: StockPeer, ...entries: PresenceEntry[]): void {
  peer.bytes(encodeAwareness(entries))
}

async function whoIsSeen(): Promise<PresenceEntry[]> {
  return told(await stock()).flat()
}

test('[B1] what 200 people say within a moment is told in as few messages as hold it, with the newest state', async () => {
  const reader = await stock()
  const all: StockPeer[] = []
  for (let client = 1; client <= 200; client++) all.push(await stock())
  for (const [index, peer] of all.entries()) says(peer, { client: index + 1, clock: 1, state: '"came"' })
  await relay.think()
  told(reader)
  for (const clock of [2, 3, 4])
    for (const [index, peer] of all.entries())
      says(peer, { client: index + 1, clock, state: JSON.stringify({ clock }) })
  await relay.think()
  const messages = told(reader)
  // The first word in a quiet room waits for nobody.
  expect(messages[0]).toEqual([{ client: 1, clock: 2, state: '{"clock":2}' }])
  expect(messages).toHaveLength(1 + Math.ceil(200 / presenceEntriesMax))
  const rest = messages.slice(1).flat()
  expect(rest).toHaveLength(200)
  expect(new Set(rest.map(({ state }) => state))).toEqual(new Set(['{"clock":4}']))
})

test('[B1] one encoding serves all readers of a wire', async () => {
  const sent: (readonly Uint8Array[])[] = []
  for (let reader = 0; reader < 3; reader++) {
    const socket = {
      send: (frames: readonly Uint8Array[]) => sent.push(frames),
      end: () => undefined,
      hold: () => undefined,
    }
    relay.host.connectStock(socket, 'story', grantFor(everyRight))
  }
  const ana = await stock()
  sent.length = 0
  says(ana, { client: 1, clock: 1, state: '{}' })
  await relay.think()
  expect(sent).toHaveLength(3)
  expect(new Set(sent).size).toBe(1)
})

test('[B1] a replica is not told what it alone has said', async () => {
  const ana = await native(1)
  const ben = await native(2)
  ana.say({ type: 'presence', linkOrRoom: 1, entries: [{ client: 11, clock: 1, state: '{}' }] })
  await relay.think()
  expect(ana.take('presence')).toEqual([])
  expect(ben.take('presence')).toHaveLength(1)
})

test('[B1] what is no JSON, too deep, too large, or at the end of the clock is not taken, and all else is', async () => {
  const reader = await stock()
  const author = await stock()
  const states = [
    'not JSON',
    '{"open":',
    '[1] 2',
    '['.repeat(200) + ']'.repeat(200),
    JSON.stringify('x'.repeat(presenceStateBytesMax)),
    JSON.stringify('ü'.repeat(presenceStateBytesMax / 2)),
  ]
  says(
    author,
    ...states.map((state, index) => ({ client: 100 + index, clock: 1, state })),
    { client: 200, clock: presenceClockMax + 1, state: '{}' },
    { client: 1, clock: 1, state: '{"name":"Ana"}' },
  )
  await relay.think()
  expect(told(reader).flat()).toEqual([{ client: 1, clock: 1, state: '{"name":"Ana"}' }])
  expect(author.ended).toEqual([])
})

test('[B1] what a replica says that is no JSON reaches no stock client, which would stop at it', async () => {
  const reader = await stock()
  const ana = await native(1)
  ana.say({
    type: 'presence',
    linkOrRoom: 1,
    entries: [
      { client: 11, clock: 1, state: 'not JSON' },
      { client: 12, clock: 1, state: 'null' },
    ],
  })
  await relay.think()
  expect(told(reader)).toEqual([])
})

test('[B1] one socket speaks for a bounded number of ids, a room shows a bounded number of people and bytes', async () => {
  const one = await stock()
  for (let client = 1; client <= ownerPresencesMax + 5; client++) says(one, { client, clock: 1, state: '{}' })
  await relay.think()
  expect(await whoIsSeen()).toHaveLength(ownerPresencesMax)
  one.close()

  const large = JSON.stringify('x'.repeat(presenceStateBytesMax - 2))
  const fits = Math.floor(roomPresenceBytesMax / presenceStateBytesMax)
  const heavy = [await stock(), await stock()]
  for (let n = 0; n < fits + 5; n++) says(heavy[n % 2]!, { client: 1_000 + n, clock: 1, state: large })
  await relay.think()
  expect(await whoIsSeen()).toHaveLength(fits)
  // Room that was given back can be used again.
  for (const peer of heavy) peer.close()

  for (let n = 0; n < roomPresencesMax + ownerPresencesMax; n += ownerPresencesMax) {
    const peer = await stock()
    for (let client = n; client < n + ownerPresencesMax; client++)
      says(peer, { client: 10_000 + client, clock: 1, state: '{}' })
  }
  await relay.think()
  expect(await whoIsSeen()).toHaveLength(roomPresencesMax)
})

test('[B1] a reader whose socket is full is told nothing, and when it reads again who is there and who has gone', async () => {
  const ana = await stock()
  const ben = await stock()
  says(ana, { client: 1, clock: 1, state: '{"at":1}' })
  says(ben, { client: 2, clock: 1, state: '{}' })
  const slow = await stock()
  told(slow)
  slow.fill()
  for (let clock = 2; clock <= 50; clock++) {
    says(ana, { client: 1, clock, state: JSON.stringify({ at: clock }) })
    await relay.think()
  }
  ben.close()
  await relay.think()
  expect(told(slow)).toEqual([])
  slow.drain()
  await relay.think()
  expect(told(slow).flat()).toEqual([
    { client: 2, clock: 1, state: '' },
    { client: 1, clock: 50, state: '{"at":50}' },
  ])
  says(ana, { client: 1, clock: 51, state: '{"at":51}' })
  await relay.think()
  expect(told(slow).flat()).toEqual([{ client: 1, clock: 51, state: '{"at":51}' }])
})

test('[B1] who asks again and again who is there is told once for each moment', async () => {
  const ana = await stock()
  says(ana, { client: 1, clock: 1, state: '{}' })
  const asker = await stock()
  told(asker)
  asker.bytes(new Uint8Array(60).fill(3))
  asker.bytes(new Uint8Array(60).fill(3))
  await relay.think()
  expect(told(asker).length).toBeLessThanOrEqual(2)
})
