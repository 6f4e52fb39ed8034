// One flipped bit, anywhere in the relay's folder: it opens, it serves, and its replicas give back what was lost. And a
// folder of yesterday.
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as Y from 'yjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entryKind, knowledgeKind, planKind } from '../../shared/message.ts'
import type { Knowledge } from '../../shared/message.ts'
import { isEmptyUpdate } from '../../shared/stock-wire.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { NativePeer, StockPeer } from '../host-peers.ts'
import { temporaryFolder } from '../relay-process.ts'
import { DiskRelay } from './disk-relay.ts'

const flips = Number(process.env['FLIPS'] ?? 40)
/** Enough for a fold when everyone has left. */
const rowsBefore = 520
const rowsAfter = 40
/** Who is sent away comes back, and gives again. */
const visitsMax = 4

type Replica = { readonly document: string; readonly doc: Y.Doc; knowledge: Knowledge }

let whole: DiskRelay
const story = replicaOf('story', 1)
const other = replicaOf('other', 2)
const stock = new Y.Doc()
let yesterday: string

function replicaOf(document: string, client: number): Replica {
  const doc = new Y.Doc()
  doc.clientID = client
  return { document, doc, knowledge: { kind: knowledgeKind.nothing } }
}

/** A native replica writes so many edits, and is told that all are on the disk. */
async function write(relay: DiskRelay, replica: Replica, count: number): Promise<void> {
  const { document, doc } = replica
  const peer = new NativePeer(relay, 1)
  peer.open(document, replica.knowledge)
  await relay.until(() => peer.heard.some(({ type }) => type === 'opened'))
  const { epoch, seal } = peer.opened()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let n = 0; n < count; n++) text.insert(n % 7 === 0 ? 0 : text.length, `${document}${n} `)
  for (const update of updates) peer.push(update)
  let through = 0
  await relay.until(() => {
    for (const delivery of peer.take('delivery')) through = Math.max(through, delivery.through)
    return peer.heard.reduce((sum, message) => sum + acked(message), 0) === count
  })
  await relay.until(() => {
    for (const delivery of peer.take('delivery')) through = Math.max(through, delivery.through)
    return through > 0
  })
  replica.knowledge = { kind: knowledgeKind.cursor, epoch, seal, position: through }
  peer.lose()
}

function acked(message: NativePeer['heard'][number]): number {
  return message.type === 'ack' ? message.ranges.reduce((sum, { count }) => sum + count, 0) : 0
}

/** Comes back with its cursor, and gives what it is asked for. */
async function visit(relay: DiskRelay, { document, doc, knowledge }: Replica): Promise<void> {
  const peer = new NativePeer(relay, 1)
  peer.open(document, knowledge)
  const isOver = () => peer.heard.some(({ type }) => type === 'closed' || type === 'goodbye')
  await relay.until(() => isOver() || peer.heard.some(({ type }) => type === 'opened'))
  if (isOver()) return peer.lose()
  const { plan } = peer.opened()
  if (plan.kind === planKind.exchange) {
    peer.say({ type: 'known', link: 1, stateVector: Y.encodeStateVector(doc) })
    peer.push(Y.encodeStateAsUpdate(doc, plan.stateVector), entryKind.repair)
    await relay.until(() => isOver() || peer.heard.some((message) => acked(message) > 0))
  }
  peer.lose()
  return undefined
}

async function visitStock(relay: DiskRelay): Promise<void> {
  const peer = new StockPeer(relay)
  await relay.until(() => peer.ended.length > 0 || peer.heard.some(({ type }) => type === 'step1'))
  for (const message of peer.heard) {
    if (message.type !== 'step1') continue
    const update = Y.encodeStateAsUpdate(stock, message.stateVector)
    if (isEmptyUpdate(update)) continue
    peer.update(update)
    await relay.until(() => peer.ended.length > 0 || peer.heard.some(({ type }) => type === 'update'))
  }
  peer.lose()
}

async function givenToNewcomer(relay: DiskRelay, document: string): Promise<Y.Doc> {
  const peer = new StockPeer(relay, document)
  peer.ask()
  await relay.until(() => peer.ended.length > 0 || peer.heard.some(({ type }) => type === 'step2'))
  const doc = new Y.Doc()
  for (const message of peer.heard) {
    if (message.type === 'step2' || message.type === 'update') Y.applyUpdate(doc, message.update)
  }
  peer.lose()
  return doc
}

const holds = (doc: Y.Doc, all: Y.Doc) =>
  doc.store.pendingStructs === null && Y.snapshotContainsUpdate(Y.snapshot(doc), Y.encodeStateAsUpdate(all))

/** Everyone comes back, some more than once, and after that a newcomer gets everything. */
async function expectAllIsGivenBack(relay: DiskRelay, what: string): Promise<void> {
  const missing: string[] = []
  for (const replica of [story, other]) {
    let isWhole = false
    for (let visits = 0; visits < visitsMax && !isWhole; visits++) {
      await visit(relay, replica)
      await relay.until(() => relay.host.openDocuments === 0)
      isWhole = holds(await givenToNewcomer(relay, replica.document), replica.doc)
    }
    if (!isWhole) missing.push(replica.document)
  }
  await visitStock(relay)
  if (!holds(await givenToNewcomer(relay, 'story'), stock)) missing.push('stock')
  expect(missing, what).toEqual([])
}

async function copyOf(folder: string): Promise<DiskRelay> {
  const copy = await temporaryFolder()
  await cp(folder, copy, { recursive: true })
  return new DiskRelay(copy)
}

beforeAll(async () => {
  whole = await DiskRelay.make()
  await whole.start()
  await write(whole, other, 30)
  await write(whole, story, rowsBefore)
  await whole.until(() => whole.host.openDocuments === 0)
  expect(whole.host.meters.foldsMade).toBe(1)
  await whole.stop()
  yesterday = (await copyOf(whole.folder)).folder
  await whole.start()
  await write(whole, story, rowsAfter)
  Y.applyUpdate(stock, Y.encodeStateAsUpdate(story.doc))
  await write(whole, other, rowsAfter)
  await whole.stop()
})

afterAll(async () => {
  await whole.remove()
  await rm(yesterday, { recursive: true })
})

test('[D1] a folder to which nothing happened is whole, and asks for nothing', async () => {
  const relay = await (await copyOf(whole.folder)).start()
  await expectAllIsGivenBack(relay, 'nothing happened')
  expect([...relay.damages, ...relay.reports]).toEqual([])
  await relay.remove()
})

test(`[D1] [L1] whichever bit is flipped, of ${flips}: what the disk lost replicas give back`, async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const kinds = [/\.ldb$/, /\.ldb$/, /\.log$/, /\.log$/, /^MANIFEST/, /^CURRENT$/]
  for (let flip = 0; flip < flips; flip++) {
    const relay = await copyOf(whole.folder)
    const file = chance.oneOf(await relay.files(kinds[flip % kinds.length]!))
    const [share, bit] = [chance.between(0, 9_999) / 10_000, chance.between(0, 7)]
    await relay.flip(file, share, bit)
    await relay.endBadly()
    await relay.start()
    await expectAllIsGivenBack(relay, `flip ${flip}: bit ${bit} at ${share} of ${file}, seed ${seed}`)
    // And it is on the disk.
    await relay.stop()
    await relay.start()
    expect(holds(await givenToNewcomer(relay, 'story'), story.doc)).toBe(true)
    await relay.remove()
  }
}, 120_000)

test('[D1] a folder whose CURRENT is gone is put together again, and not begun anew', async () => {
  const relay = await copyOf(whole.folder)
  await rm(join(relay.folder, 'CURRENT'))
  await relay.start()
  expect(relay.damages).toEqual(['repaired'])
  expect(holds(await givenToNewcomer(relay, 'story'), story.doc)).toBe(true)
  await relay.remove()
})

test('[D1] [C2] on a folder of yesterday replicas of both wires give back what came since', async () => {
  const relay = await (await copyOf(yesterday)).start()
  expect(holds(await givenToNewcomer(relay, 'story'), story.doc)).toBe(false)
  await visitStock(relay)
  expect(holds(await givenToNewcomer(relay, 'story'), stock)).toBe(true)
  await expectAllIsGivenBack(relay, 'yesterday')
  await relay.remove()
})
