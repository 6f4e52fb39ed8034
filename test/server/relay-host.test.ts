// The relay's machines together, on a disk that writes when the test says so: what is said before, and what after.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import {
  closedCode,
  comeBack,
  entryKind,
  goodbyeCode,
  knowledgeKind,
  planKind,
  planReason,
  refusedCode,
  verdict,
} from '../../shared/message.ts'
import { digestOf } from '../../shared/document-digest.ts'
import { firstEpoch } from '../../shared/document-state.ts'
import { rowRange } from '../../shared/record-keys.ts'
import { joinUpdates } from '../../shared/update-joiner.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

/** A person's document: each edit is one update. */
class Author {
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []

  constructor(client: number) {
    this.doc.clientID = client
    this.doc.on('update', (update) => this.updates.push(update))
  }

  write(words: string): Uint8Array {
    this.doc.getText('text').insert(this.doc.getText('text').length, words)
    return this.updates.at(-1)!
  }
}

async function joined(name: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  peer.open()
  await relay.write()
  peer.opened()
  peer.heard.length = 0
  return peer
}

test('[D1] an ack comes after the disk has the edit, and not before', async () => {
  const ana = await joined(1)
  ana.push(new Author(1).write('hello'))
  await relay.think()
  expect(ana.heard).toEqual([])
  await relay.write()
  expect(ana.take('ack')).toEqual([{ type: 'ack', room: ana.room, ranges: [{ from: 1, count: 1 }] }])
})

test('[D1] a re-sent copy is acked only when its first copy is durable', async () => {
  const ana = await joined(1)
  const entry = ana.push(new Author(1).write('hello'))
  await relay.think()
  ana.pushAgain(entry)
  await relay.think()
  expect(ana.heard).toEqual([])
  await relay.write()
  expect(ana.take('ack').length).toBeGreaterThan(0)
  ana.pushAgain(entry)
  expect(ana.take('ack')).toHaveLength(1)
})

test('[D2] another is shown an edit after the disk has it; its author gets the range alone', async () => {
  const ana = await joined(1)
  const ben = await joined(2)
  const eve = new StockPeer(relay)
  await relay.write()
  eve.heard.length = 0
  const update = new Author(1).write('hello')
  ana.push(update)
  await relay.think()
  expect([...ben.heard, ...eve.heard]).toEqual([])
  await relay.write()
  expect(ben.take('delivery')).toEqual([
    { type: 'delivery', room: ben.room, after: 0, through: 1, updates: [update] },
  ])
  expect(ana.take('delivery')).toEqual([
    { type: 'delivery', room: ana.room, after: 0, through: 1, updates: [] },
  ])
  expect(eve.heard).toEqual([{ type: 'update', update }])
})

test('[D1] a disk that refuses stops acks and says so; the same batch is written when it takes it', async () => {
  const ana = await joined(1)
  relay.disk.failNext('full', 2)
  ana.push(new Author(1).write('hello'))
  await relay.write()
  expect(ana.heard).toEqual([])
  expect(relay.reports.join(' ')).toContain('refuses')
  for (let n = 0; n < 3; n++) {
    relay.now += 1_000
    relay.host.woke()
    await relay.write()
  }
  expect(ana.take('ack')).toHaveLength(1)
})

test('[T1] that the disk refuses is told once, and that it writes again, also where everyone was sent away between', async () => {
  const told = () => relay.reports.filter((code) => code.startsWith('disk-'))
  const ana = await joined(1)
  relay.disk.failNext('full', 4)
  ana.push(new Author(1).write('hello'))
  await relay.write()
  expect(told()).toEqual(['disk-refuses'])
  relay.host.startAnew()
  // With the name from before: to keep that of a newcomer the disk would have to write.
  const ben = new NativePeer(relay, 1)
  ben.open()
  await relay.write()
  expect(ben.take('opened')).toEqual([])
  expect(told()).toEqual(['disk-refuses'])
  await relay.pass(5_000)
  expect(ben.take('opened')).toHaveLength(1)
  expect(told()).toEqual(['disk-refuses', 'disk-writes'])
})

test('[C2] a known cursor gets the tail after it; at the head nothing follows', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  const updates = ['a', 'b', 'c'].map((words) => author.write(words))
  for (const update of updates) {
    ana.push(update)
    await relay.write()
  }
  const tail = joinUpdates(updates.slice(1), Number.POSITIVE_INFINITY)
  ana.open('story', { kind: knowledgeKind.nothing }, 2)
  await relay.write()
  const { epoch, seal } = ana.opened()
  for (const position of [1, 3]) {
    const ben = new NativePeer(relay, 2)
    ben.open('story', { kind: knowledgeKind.cursor, epoch, seal, position })
    await relay.write()
    const { plan, room, head } = ben.opened()
    expect(head).toBe(3)
    expect(plan).toEqual({ kind: position === 3 ? planKind.atHead : planKind.tail })
    expect(ben.take('delivery')).toEqual(
      position === 3 ? [] : [{ type: 'delivery', room, after: 1, through: 3, updates: tail }],
    )
    expect(ben.take('caughtUp')).toHaveLength(position === 3 ? 0 : 1)
  }
})

test('[C2] after the store was restored a cursor of the lost part meets by exchange, and gives back what was lost', async () => {
  const backup = relay.disk.copy()
  const ana = await joined(1)
  const author = new Author(1)
  ana.push(author.write('lost at the relay'))
  await relay.write()
  ana.open('story', { kind: knowledgeKind.nothing }, 2)
  await relay.write()
  const { epoch, seal } = ana.opened()
  relay = await new TestRelay(backup).start()
  const back = new NativePeer(relay, 1)
  back.open('story', { kind: knowledgeKind.cursor, epoch, seal, position: 1 })
  await relay.write()
  const { plan } = back.opened()
  expect(plan).toMatchObject({
    kind: planKind.exchange,
    reason: planReason.otherBranch,
    stateVector: Uint8Array.of(0),
  })
  back.say({ type: 'known', link: 1, stateVector: Y.encodeStateVector(author.doc) })
  back.push(Y.encodeStateAsUpdate(author.doc, Uint8Array.of(0)), entryKind.repair)
  await relay.write()
  expect(back.take('ack')).toHaveLength(1)
  const newcomer = new StockPeer(relay)
  await relay.write()
  newcomer.ask()
  await relay.write()
  const answer = newcomer.heard.find((message) => message.type === 'step2')
  const doc = new Y.Doc()
  Y.applyUpdate(doc, answer?.type === 'step2' ? answer.update : Uint8Array.of(0, 0))
  expect(doc.getText('text').toString()).toBe('lost at the relay')
})

test('[E1] content of another epoch is met with all of this one', async () => {
  const ana = await joined(1)
  ana.push(new Author(1).write('here'))
  await relay.write()
  const ben = new NativePeer(relay, 2)
  ben.open('story', {
    kind: knowledgeKind.content,
    epoch: new Uint8Array(16).fill(9),
    stateVector: Uint8Array.of(0),
  })
  await relay.write()
  expect(ben.opened().plan).toEqual({ kind: planKind.whole, reason: planReason.otherEpoch })
})

test('[C1] an edit that builds on what the log lacks is held back, asked for, and acked when it is whole', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  const first = author.write('first')
  const second = author.write('second')
  ana.push(second)
  await relay.write()
  expect(ana.take('ack')).toEqual([])
  expect(ana.take('missing')).toEqual([{ type: 'missing', room: ana.room, stateVector: Uint8Array.of(0) }])
  ana.push(first, entryKind.repair)
  await relay.write()
  expect(ana.take('ack').flatMap(({ ranges }) => ranges)).toEqual([{ from: 1, count: 2 }])
})

test('[R1] without the right to write an edit is refused, each time the same, and nothing is stored', async () => {
  const reader = new NativePeer(relay, 1, '1')
  reader.open()
  await relay.write()
  expect(reader.opened().rights).toBe(1)
  const entry = reader.push(new Author(1).write('may not'))
  reader.pushAgain(entry)
  await relay.write()
  const refusals = reader.take('refused').flatMap(({ entries }) => entries)
  expect(refusals.map(({ counter, code }) => ({ counter, code }))).toEqual([
    { counter: 1, code: refusedCode.readOnly },
    { counter: 1, code: refusedCode.readOnly },
  ])
  expect(reader.take('ack')).toEqual([])
})

test('[R1] a refusal is kept over a crash until it is filed, then forgotten', async () => {
  const ana = await joined(1)
  const ben = await joined(2)
  ana.push(new Author(1).write('hers'))
  await relay.write()
  const forged = new Author(1)
  forged.write('hers')
  const entry = ben.push(forged.write(' in her name'))
  await relay.think()
  expect(ben.take('refused')).toEqual([])
  await relay.write()
  const [refused] = ben.take('refused').flatMap(({ entries }) => entries)
  expect(refused).toMatchObject({ counter: 1, code: refusedCode.foreignClient })
  relay.die()
  await relay.start()
  const back = await joined(2)
  back.pushAgain(entry)
  await relay.write()
  expect(back.take('refused').flatMap(({ entries }) => entries)).toEqual([refused])
  back.say({ type: 'filed', link: 1, entries: [{ counter: 1, hash: entry.hash }] })
  await relay.write()
  expect(
    relay.disk.durable({ from: new TextEncoder().encode('a'), to: new TextEncoder().encode('b') }),
  ).toEqual([])
})

test('[C1] digests are compared at the position they are of, and at no other', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  ana.push(author.write('same'))
  await relay.write()
  const digest = digestOf(author.doc)
  ana.say({ type: 'digest', link: 1, position: 1, digest })
  ana.say({ type: 'digest', link: 1, position: 7, digest })
  await relay.write()
  ana.say({ type: 'digest', link: 1, position: 1, digest: new Uint8Array(32) })
  await relay.write()
  const verdicts = ana.take('compared').map((compared) => [compared.position, compared.verdict])
  expect(verdicts).toEqual([
    [7, verdict.notNow],
    [1, verdict.equal],
    [1, verdict.different],
  ])
})

test('[B1] who reads slowly is fed from the log later, and misses nothing', async () => {
  const ana = await joined(1)
  const ben = await joined(2)
  const author = new Author(1)
  ben.fill()
  for (const words of ['a', 'b', 'c']) {
    ana.push(author.write(words))
    await relay.write()
  }
  expect(ben.take('delivery')).toEqual([])
  ben.drain()
  await relay.write()
  ana.push(author.write('d'))
  await relay.write()
  const deliveries = ben.take('delivery')
  expect(deliveries.map(({ after, through }) => [after, through])).toEqual([
    [0, 3],
    [3, 4],
  ])
  const doc = new Y.Doc()
  for (const update of deliveries.flatMap(({ updates }) => updates)) Y.applyUpdate(doc, update)
  expect(doc.getText('text').toString()).toBe('abcd')
})

test('[P1] presence is seen, not for another’s client id, and ends when its replica leaves', async () => {
  const ana = await joined(1)
  const ben = await joined(2)
  ana.say({ type: 'presence', linkOrRoom: 1, entries: [{ client: 11, clock: 1, state: '{"name":"Ana"}' }] })
  ben.say({
    type: 'presence',
    linkOrRoom: 1,
    entries: [{ client: 11, clock: 5, state: '{"name":"not Ana"}' }],
  })
  expect(ana.take('presence')).toEqual([])
  expect(ben.take('presence').flatMap(({ entries }) => entries)).toEqual([
    { client: 11, clock: 1, state: '{"name":"Ana"}' },
  ])
  ana.lose()
  expect(ben.take('presence')).toEqual([])
  relay.now += 5_000
  relay.host.woke()
  await relay.think()
  expect(ben.take('presence').flatMap(({ entries }) => entries)).toEqual([
    { client: 11, clock: 1, state: '' },
  ])
})

test('[S1] a document that may not be read is closed, and a wrong token ends the socket', async () => {
  const nobody = new NativePeer(relay, 1, '0')
  nobody.open()
  await relay.write()
  expect(nobody.take('closed')).toMatchObject([
    { link: 1, code: closedCode.forbidden, comeBack: comeBack.withToken },
  ])
  const stranger = new NativePeer(relay, 2, 'wrong')
  stranger.open()
  await relay.write()
  expect(stranger.take('goodbye')).toMatchObject([
    { code: goodbyeCode.unauthenticated, comeBack: comeBack.withToken },
  ])
  expect(stranger.ended).toHaveLength(1)
})

test('[P1] a replica id belongs to who first named it with a secret', async () => {
  await joined(1)
  const thief = new NativePeer(relay, 1, '3', 8)
  await relay.write()
  expect(thief.take('goodbye')).toMatchObject([{ code: goodbyeCode.replicaTaken }])
})

test('[C2] a folded log gives a newcomer the same document, and cursors of late are still served', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  for (let n = 0; n < 4_100; n++) {
    ana.push(author.write('x'))
    if (n % 500 === 0) await relay.write()
  }
  await relay.write()
  relay.die()
  await relay.start()
  const newcomer = new NativePeer(relay, 3)
  newcomer.open()
  await relay.write()
  expect(newcomer.opened().plan).toEqual({ kind: planKind.whole, reason: planReason.asked })
  const doc = new Y.Doc()
  const pieces = newcomer.take('piece').map(({ update }) => update)
  expect(pieces.length).toBeGreaterThan(0)
  for (const update of [...pieces, ...newcomer.take('delivery').flatMap(({ updates }) => updates)]) {
    Y.applyUpdate(doc, update)
  }
  expect(digestOf(doc)).toEqual(digestOf(author.doc))
})

test('[B1] who pushes more than two pushes at once gets its acks in as many messages as they take', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  const updates = Array.from({ length: 2_500 }, () => author.write('x'))
  // Every other counter, so that no two make a range.
  for (const [n, update] of updates.entries()) {
    ana.pushAgain({ counter: 2 * n + 1, hash: new Uint8Array(16), kind: entryKind.edit, update })
  }
  await relay.write()
  const acks = ana.take('ack')
  expect(acks.flatMap(({ ranges }) => ranges)).toHaveLength(2_500)
  expect(Math.max(...acks.map(({ ranges }) => ranges.length))).toBeLessThanOrEqual(1024)
})

test('[P1] whose a client id is outlives a fold and a restart', async () => {
  const ana = await joined(1)
  const author = new Author(1)
  for (let n = 0; n < 4_100; n++) ana.push(author.write('x'))
  await relay.write()
  const history = { tenant: '', document: 'story', epoch: firstEpoch }
  const rowsLeft = relay.disk.durable(rowRange(history, 0)).length
  expect(rowsLeft).toBeLessThan(4_100)
  relay.die()
  await relay.start()
  const ben = await joined(2)
  ben.push(author.write('in her name'))
  await relay.write()
  expect(ben.take('refused').flatMap(({ entries }) => entries)).toMatchObject([
    { code: refusedCode.foreignClient },
  ])
})
