// Replacing and purging: the relay's host with links of both wires, and a disk that fails, waits and dies on demand.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { firstEpoch } from '../../shared/document-state.ts'
import { changesGatherMs } from '../../shared/limits.ts'
import { closedCode, comeBack, knowledgeKind, planKind, planReason } from '../../shared/message.ts'
import type { Knowledge } from '../../shared/message.ts'
import { documentKey, everything, historyRanges } from '../../shared/record-keys.ts'
import { decodeDocument } from '../../shared/relay-records.ts'
import { stockClose } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

const place = { tenant: '', document: 'story' }
let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

let lastClient = 1_000

function updateSaying(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = ++lastClient
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

async function joined(name: number, knowledge?: Knowledge): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  peer.open('story', knowledge)
  await relay.write()
  return peer
}

/** What somebody finds who knows nothing. */
async function textOfNewcomer(): Promise<string> {
  const peer = await joined(200)
  const doc = new Y.Doc()
  const pieces = peer.take('piece').map(({ update }) => update)
  const delivered = peer.take('delivery').flatMap(({ updates }) => updates)
  for (const update of [...pieces, ...delivered]) Y.applyUpdate(doc, update)
  peer.lose()
  return doc.getText('text').toString()
}

function stateOnDisk(): ReturnType<typeof decodeDocument> {
  const key = documentKey(place)
  const [entry] = relay.disk.durable({ from: key, to: Uint8Array.of(...key, 0) })
  return decodeDocument(entry!.value)
}

function leftOf(epoch: Uint8Array): number {
  const ranges = historyRanges({ ...place, epoch })
  return ranges.reduce((count, range) => count + relay.disk.durable(range).length, 0)
}

function bytesOnDisk(words: string): boolean {
  return relay.disk
    .durable(everything)
    .some(({ key, value }) => Buffer.concat([key, value]).includes(Buffer.from(words)))
}

test('[E1] all links are told when it is durable, come back, and meet the new history alone', async () => {
  const ana = await joined(1)
  const eve = new StockPeer(relay)
  ana.push(updateSaying('old'))
  await relay.write()
  const { seal } = ana.opened()
  const replaced = relay.host.replace('', 'story', updateSaying('new'))
  await relay.think()
  expect(ana.take('closed')).toEqual([])
  await relay.write()
  await replaced
  expect(ana.take('closed')).toMatchObject([{ code: closedCode.replaced, comeBack: comeBack.later }])
  expect(eve.ended).toMatchObject([{ code: stockClose.replaced }])
  const back = await joined(1, { kind: knowledgeKind.cursor, epoch: firstEpoch, seal, position: 1 })
  const { plan, epoch, head } = back.opened()
  expect(plan).toEqual({ kind: planKind.whole, reason: planReason.otherEpoch })
  expect(epoch).not.toEqual(firstEpoch)
  expect(head).toBe(2)
  expect(await textOfNewcomer()).toBe('new')
  expect(leftOf(firstEpoch)).toBe(0)
  expect(bytesOnDisk('old')).toBe(false)
})

test('[E1] a name that was ever replaced is closed to stock clients, also after a restart', async () => {
  const replaced = relay.host.replace('', 'story')
  await relay.write()
  await replaced
  relay.die()
  await relay.start()
  const eve = new StockPeer(relay)
  await relay.write()
  expect(eve.ended).toMatchObject([{ code: stockClose.replaced }])
  expect(eve.heard).toEqual([])
})

test('[E1] what comes while a document is being replaced is in no log, and its author hears no ack', async () => {
  const ana = await joined(1)
  ana.opened()
  ana.push(updateSaying('in time'))
  await relay.think()
  const replaced = relay.host.replace('', 'story', updateSaying('new'))
  const late = ana.push(updateSaying('too late'))
  await relay.write()
  await replaced
  expect(ana.take('ack').flatMap(({ ranges }) => ranges)).toEqual([{ from: 1, count: 1 }])
  ana.pushAgain(late)
  await relay.write()
  expect(ana.take('ack')).toEqual([])
  expect(await textOfNewcomer()).toBe('new')
  expect(bytesOnDisk('too late')).toBe(false)
})

test('[E1] a purged name answers that it is gone, on both wires, and nothing of its content is left', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('secret words'))
  await relay.write()
  expect(bytesOnDisk('secret words')).toBe(true)
  const purged = relay.host.purge('', 'story')
  await relay.write()
  await purged
  expect(ana.take('closed')).toMatchObject([{ code: closedCode.gone, comeBack: comeBack.no }])
  expect(bytesOnDisk('secret words')).toBe(false)
  relay.die()
  await relay.start()
  const ben = await joined(2)
  const eve = new StockPeer(relay)
  await relay.write()
  expect(ben.take('opened')).toEqual([])
  expect(ben.take('closed')).toMatchObject([{ link: 1, code: closedCode.gone, comeBack: comeBack.no }])
  expect(eve.ended).toMatchObject([{ code: stockClose.replaced }])
  ben.push(updateSaying('again'))
  await relay.write()
  expect(bytesOnDisk('again')).toBe(false)
  expect(relay.reports).not.toContain('log-hole')
  expect(relay.host.openDocuments).toBe(0)
})

test('[E1] a purged document can begin anew, and several replacements at once come one after the other', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('first'))
  await relay.write()
  const all = Promise.all([
    relay.host.replace('', 'story', updateSaying('second')),
    relay.host.purge('', 'story'),
    relay.host.replace('', 'story', updateSaying('third')),
  ])
  await relay.write()
  await all
  expect(await textOfNewcomer()).toBe('third')
  expect(['first', 'second', 'third'].map(bytesOnDisk)).toEqual([false, false, true])
  const ben = await joined(2)
  ben.opened()
  ben.push(updateSaying(' and on'))
  await relay.write()
  expect(ben.take('ack')).toHaveLength(1)
})

test('[E1] with nothing to begin with the new history is empty, and grows as any other', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('old'))
  await relay.write()
  const replaced = relay.host.replace('', 'story')
  await relay.write()
  await replaced
  expect(await textOfNewcomer()).toBe('')
  const ben = await joined(2)
  ben.push(updateSaying('grown'))
  await relay.write()
  relay.die()
  await relay.start()
  expect(await textOfNewcomer()).toBe('grown')
  expect(relay.reports).not.toContain('log-hole')
})

test('[E1] a crash at any step leaves the old document or the new one, whole, and in the end nothing of the old', async () => {
  const seen = new Set<string>()
  for (let steps = 0; steps < 12; steps++) {
    relay = await new TestRelay().start()
    const ana = await joined(1)
    ana.push(updateSaying('old'))
    await relay.write()
    // A relay that dies settles nothing any more.
    relay.host.replace('', 'story', updateSaying('new')).catch(() => undefined)
    await relay.think()
    for (let step = 0; step < steps; step++) {
      relay.disk.settle()
      await relay.think()
    }
    relay.die()
    await relay.start()
    const text = await textOfNewcomer()
    seen.add(text)
    await relay.write()
    expect(['old', 'new']).toContain(text)
    expect([bytesOnDisk('old'), bytesOnDisk('new')]).toEqual([text === 'old', text === 'new'])
  }
  expect(seen.size).toBe(2)
})

test('[E1] a disk that refuses replaces nothing and tells nobody; when it writes again it is done', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('old'))
  await relay.write()
  relay.disk.failNext('full', 2)
  let isReplaced = false
  const replaced = relay.host.replace('', 'story', updateSaying('new')).then(() => (isReplaced = true))
  await relay.write()
  expect([isReplaced, ana.take('closed')]).toEqual([false, []])
  expect(stateOnDisk().epoch).toEqual(firstEpoch)
  for (let n = 0; n < 3; n++) {
    relay.now += 1_000
    relay.host.woke()
    await relay.write()
  }
  await replaced
  expect(await textOfNewcomer()).toBe('new')
})

test('[E1] a clean-up that fails is tried again, and one that was cut short is gone on with', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('old'))
  await relay.write()
  const replaced = relay.host.replace('', 'story', updateSaying('new'))
  await relay.think()
  relay.disk.settle()
  await relay.think()
  await replaced
  relay.disk.failNext('broken', 1)
  await relay.write()
  expect(relay.reports).toContain('clean-up-failed')
  relay.die()
  await relay.start()
  await joined(2)
  await relay.write()
  expect(leftOf(firstEpoch)).toBe(0)
})

test('[E1] a fold that was being made when the document was replaced revives nothing', async () => {
  const ana = await joined(1)
  ana.opened()
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => void ana.push(update))
  for (let n = 0; n < 4_000; n++) doc.getText('text').insert(0, 'x')
  await relay.think()
  relay.disk.settle()
  await relay.think()
  // The snapshot is on its way to the disk now.
  const replaced = relay.host.replace('', 'story', updateSaying('new'))
  await relay.write()
  await replaced
  await relay.write()
  const { epoch, foldedThrough, last } = stateOnDisk()
  expect(epoch).not.toEqual(firstEpoch)
  expect([foldedThrough, last]).toEqual([4_001, 4_001])
  expect(leftOf(firstEpoch)).toBe(0)
  expect(await textOfNewcomer()).toBe('new')
})

test('[E1] whoever asks what changed hears of it: of another history, and of what is gone', async () => {
  const ana = await joined(1)
  ana.push(updateSaying('old'))
  await relay.write()
  const watcher = new NativePeer(relay, 5)
  watcher.askChanges(undefined, true)
  await relay.write()
  watcher.take('changed')
  for (const change of [() => relay.host.replace('', 'story'), () => relay.host.purge('', 'story')]) {
    const done = change()
    await relay.write()
    await done
    relay.now += changesGatherMs
    relay.host.woke()
    await relay.write()
  }
  const told = watcher.take('changed').flatMap(({ documents }) => documents)
  expect(told.map(({ position, rights }) => [position, rights])).toEqual([
    [2, 3],
    [3, 0],
  ])
  expect(told[0]?.epoch).not.toEqual(told[1]?.epoch)
  const newcomer = new NativePeer(relay, 6)
  newcomer.askChanges()
  await relay.write()
  expect(newcomer.take('changed')).toMatchObject([{ full: true, documents: [] }])
})

test('[E1] what cannot be all of a document begins none', async () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'first ')
  const before = Y.encodeStateVector(doc)
  doc.getText('text').insert(6, 'second')
  const tail = Y.encodeStateAsUpdate(doc, before)
  await expect(relay.host.replace('', 'story', tail)).rejects.toMatchObject({ code: 'not-whole' })
  await expect(relay.host.replace('', 'story', Uint8Array.of(0))).rejects.toMatchObject({ code: 'truncated' })
  expect(relay.host.openDocuments).toBe(0)
})
