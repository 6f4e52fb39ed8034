// Y.Docs beside the relay: kept while there is room, worked on in a thread of their own, and given up when they cost too
// much. The thread is the one that was built.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as v8 from 'node:v8'
import * as vm from 'node:vm'
import * as Y from 'yjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DocShelf } from '../../server/doc-shelf.ts'
import { LogViews } from '../../server/log-views.ts'
import { WorkshopHere } from '../../server/workshop-here.ts'
import { WorkshopThread } from '../../server/workshop-thread.ts'
import { WorkError } from '../../server/workshop.ts'
import type { Workshop } from '../../server/workshop.ts'
import { digestOf } from '../../shared/document-digest.ts'
import { LogState } from '../../shared/log-state.ts'
import { entryKind, knowledgeKind, verdict } from '../../shared/message.ts'
import { newDocument } from '../../shared/document-state.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import { chanceFrom } from '../chance.ts'
import { editingSession } from '../editing-session.ts'
import { NativePeer, TestRelay } from '../host-peers.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const { updates } = editingSession('automerge-paper', 3_000)
const author = new Y.Doc()
for (const update of updates) Y.applyUpdate(author, update)

const digest = (doc: Y.Doc) => new Uint8Array(digestOf(doc))

/** Yjs takes it apart and cannot put it together: an item whose parent is text. */
const unusable = Uint8Array.of(1, 1, 9, 0, 4, 0, 9, 0, 1, 120, 0)

describe.each([
  ['in this thread', () => new WorkshopHere()],
  ['in a thread of its own', () => new WorkshopThread()],
])('a workshop %s', (_where, make) => {
  let workshop: Workshop

  beforeEach(async () => {
    workshop = make()
    await workshop.begin('story', 'e1')
    await workshop.take('story', updates.slice(0, 2_000), 2_000)
    await workshop.take('story', updates.slice(2_000), 3_000)
  })

  afterEach(() => workshop.close())

  test('[C1] [C2] makes of a log what a replica makes of it', async () => {
    expect(await workshop.held('story')).toEqual({ epoch: 'e1', through: 3_000 })
    expect(new Uint8Array(await workshop.digest('story'))).toEqual(digest(author))
    const { pieces, state } = await workshop.snapshot('story')
    expect(pieces).toEqual([Y.encodeStateAsUpdate(author)])
    expect(LogState.fromBytes(state)?.stateVector()).toEqual(Y.encodeStateVector(author))
    const half = new Y.Doc()
    for (const update of updates.slice(0, 1_500)) Y.applyUpdate(half, update)
    for (const piece of await workshop.difference('story', Y.encodeStateVector(half)))
      Y.applyUpdate(half, piece)
    expect(digest(half)).toEqual(digest(author))
  })

  test('[E1] begins anew when it is told to, and forgets', async () => {
    await workshop.begin('story', 'e2')
    expect(await workshop.held('story')).toEqual({ epoch: 'e2', through: 0 })
    expect(new Uint8Array(await workshop.digest('story'))).toEqual(digest(new Y.Doc()))
    workshop.drop('story')
    expect(await workshop.held('story')).toBeUndefined()
  })

  test('names the update that Yjs cannot use, and drops the Y.Doc that is half of it', async () => {
    const spoiled = [...updates.slice(0, 5), unusable, ...updates.slice(5)]
    await workshop.begin('other', 'e1')
    await expect(workshop.take('other', spoiled, 1)).rejects.toMatchObject({
      code: 'update-unusable',
      index: 5,
    })
    expect(await workshop.held('other')).toBeUndefined()
    expect(await workshop.held('story')).toBeDefined()
  })
})

test('[B1] a thread that takes too long is given up with all it holds, and the next piece of work begins a new one', async () => {
  const workshop = new WorkshopThread({ workMsMax: 2_500 })
  await workshop.begin('story', 'e1')
  await workshop.take('story', updates, 3_000)
  const slow = await slowUpdate()
  await workshop.begin('slow', 'e1')
  await expect(workshop.take('slow', slow, 1)).rejects.toMatchObject({ code: 'work-took-too-long' })
  expect(await workshop.held('story')).toBeUndefined()
  await workshop.begin('story', 'e1')
  await workshop.take('story', updates.slice(0, 10), 10)
  expect(await workshop.held('story')).toEqual({ epoch: 'e1', through: 10 })
  await workshop.close()
  await expect(workshop.begin('story', 'e1')).rejects.toMatchObject({ code: 'work-broke-off' })
})

/** Each waits for the first, which never comes: Yjs merges what waits anew with every update. */
async function slowUpdate(): Promise<Uint8Array[]> {
  const doc = new Y.Doc()
  const all: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => all.push(update))
  for (let n = 0; n < 20_000; n++) doc.getText('text').insert(0, 'x')
  return all.slice(1)
}

test('[B1] Y.Docs are kept within bounds: the one that was needed longest ago goes, never the one in use', () => {
  const encoded = updates.reduce((sum, { length }) => sum + length, 0)
  const shelf = new DocShelf(3.5 * 16 * encoded)
  for (const name of ['a', 'b', 'c']) {
    shelf.begin(name, 'e')
    shelf.take(name, updates, 1)
  }
  shelf.digest('a')
  shelf.begin('d', 'e')
  shelf.take('d', updates, 1)
  expect(['a', 'b', 'c', 'd'].filter((name) => shelf.held(name) !== undefined)).toEqual(['a', 'c', 'd'])
  const small = new DocShelf(1)
  small.begin('a', 'e')
  small.take('a', updates, 1)
  expect(new Uint8Array(small.digest('a'))).toEqual(digest(author))
})

const place = { tenant: '', document: 'story' }
const history = { ...place, epoch: newDocument.epoch }

async function storeWith(log: readonly Uint8Array[]): Promise<RelayStore> {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance: chanceFrom(1),
    writeWaits: () => queueMicrotask(() => void disk.settle()),
  })
  const store = new RelayStore(disk.open(), 'synced')
  await store.write('', {
    headWas: 0,
    head: log.length,
    branch: undefined,
    rows: log.map((update, index) => {
      const position = index + 1
      return { ...history, position, previous: index, kind: entryKind.repair, author: undefined, update }
    }),
    documents: [{ document: 'story', state: { ...newDocument, last: log.length }, lastWas: 0 }],
    keep: [],
    forget: [],
    claims: [],
    begin: [],
    cleanUp: [],
  })
  return store
}

test('[L1] updates that Yjs cannot use are left out and told of, and all others stay', async () => {
  const store = await storeWith([...updates.slice(0, 5), unusable, ...updates.slice(5, 20), unusable])
  const told: string[] = []
  const views = new LogViews({
    store,
    workshop: new WorkshopHere(),
    reportUnusable: (_place, { label }) => told.push(label),
    reportGivenUp: (_place, { code }) => told.push(code),
  })
  const good = new Y.Doc()
  for (const update of updates.slice(0, 20)) Y.applyUpdate(good, update)
  expect(new Uint8Array((await views.digest(history, 22)).digest)).toEqual(digest(good))
  expect(told).toEqual(['row 6', 'row 22'])
})

test('[B1] a document that took too long once is not worked on again, and others are', async () => {
  const store = await storeWith(updates)
  let begun = 0
  class Slow extends WorkshopHere {
    override begin(name: string, epoch: string): Promise<void> {
      begun += 1
      if (name.includes('story')) return Promise.reject(new WorkError('work-took-too-long', 'Too long.'))
      return super.begin(name, epoch)
    }
  }
  const told: string[] = []
  const views = new LogViews({
    store,
    workshop: new Slow(),
    reportUnusable: () => undefined,
    reportGivenUp: ({ document }, { code }) => told.push(`${document}: ${code}`),
  })
  await expect(views.digest(history, 3_000)).rejects.toMatchObject({ code: 'work-took-too-long' })
  await expect(views.snapshot(history, 3_000)).rejects.toMatchObject({ code: 'work-given-up' })
  expect({ begun, told }).toEqual({ begun: 1, told: ['story: work-took-too-long'] })
  expect(await views.digest({ ...history, document: 'other' }, 0)).toMatchObject({ position: 0 })
})

test('[L1] a thread that could not be started says nothing of a document: it is worked on as soon as there is one', async () => {
  const store = await storeWith(updates)
  let hasThread = false
  class Passing extends WorkshopHere {
    override begin(name: string, epoch: string): Promise<void> {
      if (!hasThread) return Promise.reject(new WorkError('work-not-begun', 'Too many open files.'))
      return super.begin(name, epoch)
    }
  }
  const told: string[] = []
  const views = new LogViews({
    store,
    workshop: new Passing(),
    reportUnusable: () => undefined,
    reportGivenUp: (_place, { code }) => told.push(code),
  })
  await expect(views.digest(history, 3_000)).rejects.toMatchObject({ code: 'work-not-begun' })
  hasThread = true
  expect(await views.digest(history, 3_000)).toMatchObject({ position: 3_000 })
  expect(told).toEqual([])
})

test('[L1] without a file left for a thread it is said that there is none; later there is one', async () => {
  const program = `(async () => {
    const { closeSync, openSync } = require('node:fs')
    const { WorkshopThread } = await import('${new URL('../../dist/server/workshop-thread.js', import.meta.url).href}')
    const workshop = new WorkshopThread()
    const files = []
    try { for (;;) files.push(openSync('/dev/null')) } catch {}
    const code = await workshop.begin('story', 'e1').then(() => 'begun', ({ code }) => code)
    for (const file of files) closeSync(file)
    await workshop.begin('story', 'e1')
    console.log(code, JSON.stringify(await workshop.held('story')))
    await workshop.close()
  })()`
  const words = ['-c', 'ulimit -n 100; exec "$0" "$@"', process.execPath, '-e', program]
  const { stdout } = await promisify(execFile)('sh', words)
  expect(stdout.trim()).toBe('work-not-begun {"epoch":"e1","through":0}')
})

test('[C2] [B1] who cannot be told the difference is given everything, folds and digests wait', async () => {
  const relay = new TestRelay()
  relay.workshop = new (class extends WorkshopHere {
    override take(): Promise<void> {
      return Promise.reject(new WorkError('work-took-too-long', 'Too long.'))
    }
  })()
  await relay.start()
  const ana = new NativePeer(relay, 1)
  ana.open()
  await relay.write()
  ana.opened()
  for (const update of updates.slice(0, 10)) ana.push(update)
  await relay.write()
  ana.say({ type: 'digest', link: 1, position: 10, digest: new Uint8Array(32) })
  await relay.write()
  expect(ana.take('compared')).toMatchObject([{ verdict: verdict.notNow }])
  const half = new Y.Doc()
  for (const update of updates.slice(0, 4)) Y.applyUpdate(half, update)
  const ben = new NativePeer(relay, 2)
  ben.open('story', {
    kind: knowledgeKind.content,
    epoch: newDocument.epoch,
    stateVector: Y.encodeStateVector(half),
  })
  await relay.write()
  ben.opened()
  for (const update of ben.take('delivery').flatMap((delivery) => delivery.updates))
    Y.applyUpdate(half, update)
  expect(ben.take('caughtUp')).toMatchObject([{ through: 10 }])
  const all = new Y.Doc()
  for (const update of updates.slice(0, 10)) Y.applyUpdate(all, update)
  expect(digest(half)).toEqual(digest(all))
  expect(relay.reports.filter((code) => code === 'document-given-up')).toHaveLength(1)
})

test('[B1] of 2,000 documents that were opened, compared and left nothing stays in memory', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  const relay = await new TestRelay().start()
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed - heldBy(relay)
  }
  const visit = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const peer = new NativePeer(relay, 1)
      peer.open(`document ${n}`)
      await relay.write()
      peer.opened()
      peer.push(updates[0]!)
      await relay.write()
      peer.say({ type: 'digest', link: 1, position: n + 1, digest: new Uint8Array(32) })
      await relay.write()
      peer.lose()
      await relay.write()
    }
  }
  await visit(0, 200)
  const before = used()
  await visit(200, 2_000)
  expect(relay.host.openDocuments).toBe(0)
  expect(used()).toBeLessThan(before * 1.1)
})

/** The simulated disk holds what a real one would. */
function heldBy(relay: TestRelay): number {
  const all = { from: new Uint8Array(), to: Uint8Array.of(255) }
  return 2 * 400 * relay.disk.present(all).length
}
