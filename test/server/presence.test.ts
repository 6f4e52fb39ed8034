// Who is seen by whom, on both wires in one document: stock clients keep their states with y-protocols itself.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { presenceExpiryMs, presenceGraceMs, presenceRivalMs } from '../../shared/limits.ts'
import type { PresenceEntry } from '../../shared/message.ts'
import { encodeAwareness } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'
import { StockPerson } from '../stock-person.ts'

let relay: TestRelay
let people: StockPerson[]

beforeEach(async () => {
  relay = await new TestRelay().start()
  people = []
})

afterEach(() => {
  for (const person of people) person.end()
})

/** Until nobody has anything to say any more. */
async function settle(): Promise<void> {
  do await relay.write()
  while (people.map((person) => person.hear()).includes(true))
}

async function later(ms: number): Promise<void> {
  await relay.pass(ms)
  await settle()
}

async function stock(client: number, name: string | undefined, document?: string): Promise<StockPerson> {
  const person = new StockPerson(client, document)
  people.push(person)
  person.be(name)
  person.connect(relay)
  await settle()
  return person
}

async function native(id: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, id)
  peer.open()
  await settle()
  peer.opened()
  return peer
}

function say(peer: NativePeer, client: number, clock: number, state: string): void {
  peer.say({ type: 'presence', linkOrRoom: 1, entries: [{ client, clock, state }] })
}

function heardBy(peer: NativePeer): PresenceEntry[] {
  return peer.take('presence').flatMap(({ entries }) => entries)
}

/** Each time that somebody's coming, change or going is seen. */
function changesOf(client: number, reader: StockPerson): unknown[] {
  const changes: unknown[] = []
  reader.awareness.on('change', (change: Record<string, number[]>) => {
    if (Object.values(change).flat().includes(client)) changes.push(change)
  })
  return changes
}

test('[P1] people of both wires see each other in one document, and see each other go', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await native(7)
  expect(heardBy(ben).map(({ client }) => client)).toEqual([1])
  say(ben, 2, 1, '{"name":"Ben"}')
  await settle()
  expect(ana.seen).toEqual(['Ben'])
  ana.be('Ana, writing')
  await settle()
  expect(heardBy(ben).map(({ state }) => state)).toEqual(['{"name":"Ana, writing"}'])
  ben.say({ type: 'leave', link: 1 })
  await settle()
  expect(ana.seen).toEqual([])
})

test('[P1] who joins late sees at once everyone who has not moved since', async () => {
  await stock(1, 'Ana')
  await stock(2, 'Ben')
  await later(10_000)
  expect((await stock(3, 'Eve')).seen).toEqual(['Ana', 'Ben'])
  expect(heardBy(await native(7)).map(({ client }) => client)).toEqual([1, 2, 3])
})

test('[P1] the state that every client begins with, at clock 0, is seen at once', async () => {
  const ana = await stock(1, 'Ana')
  const ben = new StockPerson(2)
  people.push(ben)
  ben.connect(relay)
  await settle()
  expect(ana.awareness.getStates().get(2)).toEqual({})
})

test('[P1] who breaks off and is back within the grace is not seen to flicker', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const changes = changesOf(2, ana)
  ben.breakOff()
  await later(presenceGraceMs - 1)
  ben.connect(relay)
  await later(presenceExpiryMs - 1)
  expect(ana.seen).toEqual(['Ben'])
  expect(changes).toEqual([])
})

test('[P1] who comes back after it was given up is seen at once, with the clock it left with', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  ben.breakOff()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual([])
  ben.connect(relay)
  await settle()
  expect(ana.seen).toEqual(['Ben'])
})

test('[P1] a reader that is told nothing for a while hears afterwards who ended, also of one who broke off before', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await native(7)
  heardBy(ben)
  ana.breakOff()
  await later(1_000)
  ben.fill()
  await later(presenceGraceMs)
  expect(heardBy(ben)).toEqual([])
  ben.drain()
  await settle()
  expect(heardBy(ben)).toMatchObject([{ client: 1, state: '' }])
})

test('[P1] who comes back sees at once those who have not moved meanwhile', async () => {
  await stock(1, 'Ana')
  await stock(3, 'Eve')
  const ben = await stock(2, 'Ben')
  ben.breakOff()
  await later(1_000)
  ben.connect(relay)
  await settle()
  expect(ben.seen).toEqual(['Ana', 'Eve'])
  ben.disconnect()
  await later(6_000)
  ben.connect(relay)
  await settle()
  expect(ben.seen).toEqual(['Ana', 'Eve'])
})

test('[P1] after the relay was killed all who come back see each other at once', async () => {
  await stock(1, 'Ana')
  await stock(2, 'Ben')
  await stock(3, 'Eve')
  for (const person of people) person.vanish()
  relay.die()
  await relay.start()
  for (const person of people) person.connect(relay)
  await settle()
  expect(people.map((person) => person.seen)).toEqual([
    ['Ben', 'Eve'],
    ['Ana', 'Eve'],
    ['Ana', 'Ben'],
  ])
})

test('[P1] the second and the third leaving of one client are told as well as the first', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  for (let time = 0; time < 3; time++) {
    expect(ana.seen).toEqual(['Ben'])
    ben.breakOff()
    await later(presenceGraceMs)
    expect(ana.seen).toEqual([])
    ben.connect(relay)
    await settle()
  }
})

test('[P1] who says that it ends is gone at once, who breaks off after the grace', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const eve = await stock(3, 'Eve')
  ben.vanish().close()
  eve.breakOff()
  await settle()
  expect(ana.seen).toEqual(['Eve'])
  await later(presenceGraceMs)
  expect(ana.seen).toEqual([])
})

test('[P1] what is gone is said at the clock it was last said with, so that whoever comes back can be seen', async () => {
  const reader = await native(7)
  const ben = await stock(2, 'Ben')
  const { clock } = ben.awareness.meta.get(2)!
  heardBy(reader)
  ben.breakOff()
  await later(presenceGraceMs)
  expect(heardBy(reader)).toEqual([{ client: 2, clock, state: '' }])
})

test('[P1] the late end of a half-open socket takes nothing from the socket that came after it', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const old = ben.vanish()
  ben.connect(relay)
  await settle()
  expect(ana.seen).toEqual(['Ben'])
  await later(presenceRivalMs)
  ben.be('Ben is back')
  await settle()
  expect(ana.seen).toEqual(['Ben is back'])
  old.lose()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual(['Ben is back'])
  ben.renew()
  await later(presenceExpiryMs - 1)
  expect(ana.seen).toEqual(['Ben is back'])
})

test.each([
  ['is found dead', (old: StockPeer) => old.lose()],
  ['ends after all', (old: StockPeer) => old.close()],
])(
  '[P1] an old socket that %s leaves its id to the one that came after it, without a flicker',
  async (_how, end) => {
    const ana = await stock(1, 'Ana')
    const ben = await stock(2, 'Ben')
    const changes = changesOf(2, ana)
    const old = ben.vanish()
    ben.connect(relay)
    await settle()
    changes.length = 0
    end(old)
    await settle()
    ben.be('Ben is back')
    await later(presenceGraceMs)
    expect(ana.seen).toEqual(['Ben is back'])
    expect(changes).toHaveLength(1)
  },
)

test.each([
  ['breaks off', (impostor: StockPeer) => impostor.lose()],
  ['ends', (impostor: StockPeer) => impostor.close()],
])('[P1] an id that was waited for by a socket that %s goes with its owner', async (_how, end) => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const old = ben.vanish()
  const impostor = new StockPeer(relay)
  impostor.bytes(encodeAwareness([{ client: 2, clock: 1, state: '{"name":"not Ben"}' }]))
  await settle()
  end(impostor)
  old.lose()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual([])
})

test('[P1] who is there on two sockets is gone when the second ends', async () => {
  const ana = await stock(1, 'Ana')
  const sockets = [await native(7), await native(7)]
  say(sockets[0]!, 2, 1, '{"name":"Ben"}')
  await settle()
  sockets[0]!.lose()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual(['Ben'])
  sockets[1]!.say({ type: 'leave', link: 1 })
  await settle()
  expect(ana.seen).toEqual([])
})

test('[P1] nobody speaks for the client id of a stock client that is there, not even with a first word', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const clock = ben.awareness.meta.get(2)!.clock
  const impostor = new StockPeer(relay)
  await settle()
  impostor.bytes(encodeAwareness([{ client: 2, clock: clock + 50, state: '{"name":"not Ben"}' }]))
  await settle()
  await later(presenceRivalMs)
  impostor.bytes(encodeAwareness([{ client: 2, clock: clock + 51, state: '{"name":"not Ben"}' }]))
  impostor.bytes(encodeAwareness([{ client: 2, clock: clock + 52, state: '' }]))
  say(await native(7), 2, clock + 53, '{"name":"not Ben"}')
  await settle()
  expect(ana.seen).toEqual(['Ben'])
  expect(ben.awareness.getLocalState()).toEqual({ name: 'Ben' })
  impostor.lose()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual(['Ben'])
})

test('[P1] no stock client speaks for the client id of a replica, there or away', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await native(7)
  say(ben, 2, 1, '{"name":"Ben"}')
  await settle()
  const impostors = [await stock(2, 'not Ben'), await stock(2, 'nor this')]
  await later(presenceRivalMs)
  expect(ana.seen).toEqual(['Ben'])
  ben.lose()
  await later(presenceGraceMs)
  expect(ana.seen).toEqual([])
  for (const impostor of impostors) impostor.be('still not Ben')
  await settle()
  expect(ana.seen).toEqual([])
})

test('[P1] a replica that writes with an id takes it from a stock client that spoke for it', async () => {
  const ana = await stock(1, 'Ana')
  const doc = ana.awareness.doc
  const squatter = await stock(2, 'not Ben')
  const ben = await native(7)
  doc.clientID = 2
  doc.getText('text').insert(0, 'written by Ben')
  const { encodeStateAsUpdate } = await import('yjs')
  ben.push(encodeStateAsUpdate(doc))
  await settle()
  say(ben, 2, 9, '{"name":"Ben"}')
  squatter.be('still not Ben')
  await settle()
  expect(ana.seen).toEqual(['Ben'])
})

test('[P1] what a client repeats too late does not bring back who has gone', async () => {
  const ben = await stock(2, 'Ben')
  const slow = new StockPeer(relay)
  await settle()
  const state: PresenceEntry = { client: 2, clock: ben.awareness.meta.get(2)!.clock, state: '{"name":"Ben"}' }
  ben.disconnect()
  await settle()
  // It answers what it was asked at its coming, and then repeats what it was told before.
  slow.bytes(encodeAwareness([]))
  slow.bytes(encodeAwareness([state]))
  expect((await stock(3, 'Eve')).seen).toEqual([])
  expect(heardBy(await native(7)).map(({ client }) => client)).toEqual([3])
})

test('[P1] who is idle says itself again every 15 s and stays; who falls silent is gone after 30 s', async () => {
  const ana = await stock(1, 'Ana')
  const ben = await stock(2, 'Ben')
  const reader = await native(7)
  heardBy(reader)
  for (let time = 0; time < 8; time++) {
    reader.say({ type: 'ping', nonce: time })
    await later(15_000)
    ana.renew()
    ben.renew()
    await settle()
    expect(ana.seen).toEqual(['Ben'])
    // Told on, or other stock clients would take it for gone by their own clocks.
    expect(heardBy(reader).map(({ client }) => client)).toEqual([1, 2])
  }
  ben.vanish()
  reader.say({ type: 'ping', nonce: 99 })
  await later(presenceExpiryMs - 1)
  expect(heardBy(reader)).toEqual([])
  ana.renew()
  await later(1)
  expect(heardBy(reader).filter(({ state }) => state === '')).toMatchObject([{ client: 2 }])
})

test('[P1] a page whose clock the browser stopped says itself again when it is taken for gone', async () => {
  const ana = await stock(1, 'Ana')
  await stock(2, 'Ben')
  for (let time = 0; time < 2; time++) {
    ana.renew()
    await later(presenceExpiryMs)
    expect(ana.seen).toEqual(['Ben'])
  }
})

test('[P1] who asks who is there is told, and nobody else', async () => {
  const ana = await stock(1, 'Ana')
  const asker = new StockPeer(relay)
  await settle()
  asker.heard.length = 0
  ana.timesTold = 0
  asker.bytes(Uint8Array.of(3))
  await settle()
  expect(asker.heard).toMatchObject([{ type: 'awareness', entries: [{ client: 1 }] }])
  expect(ana.timesTold).toBe(0)
})

test('[P1] client ids of 53 bits are people too', async () => {
  const ana = await stock(1, 'Ana')
  await stock(2 ** 52 + 1, 'Ben')
  expect(ana.seen).toEqual(['Ben'])
})

test('[S1] nobody is seen from another document', async () => {
  const ana = await stock(1, 'Ana', 'one')
  const ben = await stock(2, 'Ben', 'other')
  expect([ana.seen, ben.seen]).toEqual([[], []])
})
