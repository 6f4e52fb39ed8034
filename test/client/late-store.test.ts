// late-store.test.ts — a store that does not open when the page begins, and does later: meanwhile the work goes on in memory
// and says so, and then the disk takes over what is there, whether it was empty or had a replica of its own.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { MemoryStore } from '../../client/index.ts'
import type { SynclineDocument } from '../../client/index.ts'
import { newIdentity, Records } from '../../client/records.ts'
import { entryKind } from '../../shared/message.ts'
import { rowKind } from '../../shared/replica-records.ts'
import { StoreError } from '../../shared/store.ts'
import type { Store } from '../../shared/store.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { tokenFor } from '../server/guarded-relay.ts'
import { areStructurallyEqual } from '../stock-client.ts'
import { Device, Disk, untilStatus } from './device.ts'
import { GuardedDevices } from './guarded-devices.ts'

const nowhere = 'ws://127.0.0.1:1'

const guarded = new GuardedDevices()

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterEach(() => {
  vi.useRealTimers()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

class LateDisk extends Disk {
  opens = false

  override async open(): Promise<Store> {
    if (!this.opens) throw new StoreError('broken', 'There is no disk.')
    return super.open()
  }
}

const wordsOf = ({ doc }: SynclineDocument): string => doc.getText('text').toString()
const write = ({ doc }: SynclineDocument, words: string): void =>
  doc.getText('text').insert(doc.getText('text').length, words)
const shows = (document: SynclineDocument, words: string): Promise<void> =>
  eventually([document.doc], () => wordsOf(document) === words)
const goesWithout = ({ workspace }: Device): Promise<void> =>
  untilStatus(workspace.status, ({ keeps }) => keeps === 'memory')

/** It is there now, and somebody asks for another try. */
async function opens({ workspace, disk }: Device): Promise<void> {
  if (disk instanceof LateDisk) disk.opens = true
  workspace.retryNow()
  await untilStatus(workspace.status, ({ keeps }) => keeps === 'disk')
}

/** A replica of its own, that has never met a relay. */
async function hasLived(disk: LateDisk, name: string, words: string): Promise<void> {
  disk.opens = true
  await using device = new Device(nowhere, {}, disk)
  write(device.open(name), words)
  await untilStatus(device.workspace.status, ({ phase }) => phase === 'waiting')
  disk.opens = false
}

const deviceOf = (subject: string, rights: Readonly<Record<string, 'read' | 'write'>>, disk: Disk): Device =>
  guarded.add(new Device(guarded.relay.url, { token: () => tokenFor(subject, rights) }, disk))

/** What the disk alone has. */
async function kept(disk: Disk, name: string): Promise<string> {
  await using device = new Device(nowhere, {}, disk)
  const document = device.open(name)
  await document.loaded
  return wordsOf(document)
}

test('[D3] what was typed without a relay while no disk opened is on it when it does, and goes up later [T1]', async () => {
  const disk = new LateDisk()
  {
    await using device = new Device(nowhere, {}, disk)
    const document = device.open('tunnel')
    write(document, 'one ')
    await goesWithout(device)
    write(document, 'two ')
    expect(document.status.current).toMatchObject({ inMemory: 2, pending: 0, isSaved: false })
    expect(device.workspace.status.current.storeError).toBe('There is no disk.')
    const { doc } = document
    await opens(device)
    write(document, 'three')
    await untilStatus(document.status, ({ inMemory, pending }) => inMemory === 0 && pending === 3)
    expect(document.doc).toBe(doc)
    expect(device.workspace.status.current).toMatchObject({
      keeps: 'disk',
      storeError: undefined,
      tab: 'alone',
    })
  }
  expect(await kept(disk, 'tunnel')).toBe('one two three')
  await using device = new Device(relay.url, {}, disk)
  expect(await device.open('tunnel').saved()).toEqual({ isSaved: true })
  await using other = new Device(relay.url)
  await shows(other.open('tunnel'), 'one two three')
})

test('[D3] what the relay has, and what it has not, is on the disk that was empty, and nothing is refused', async () => {
  const disk = new LateDisk()
  {
    await using device = new Device(relay.url, {}, disk)
    await using other = new Device(relay.url)
    const document = device.open('both')
    write(document, 'up ')
    expect(await document.saved()).toEqual({ isSaved: true })
    write(other.open('both'), 'down ')
    await eventually([document.doc], () => wordsOf(document).includes('down'))
    expect(device.workspace.status.current.keeps).toBe('memory')
    device.workspace.workOffline(true)
    await untilStatus(device.workspace.status, ({ reason }) => reason === 'workOffline')
    write(document, 'kept')
    const words = wordsOf(document)
    await opens(device)
    await untilStatus(document.status, ({ inMemory, pending }) => inMemory === 0 && pending === 1)
    await untilStatus(device.workspace.status, ({ reason }) => reason === 'workOffline')
    expect(await kept(disk, 'both')).toBe(words)
  }
  await using device = new Device(relay.url, {}, disk)
  const document = device.open('both')
  expect(await document.saved()).toEqual({ isSaved: true })
  write(document, ', and on')
  expect(await document.saved()).toEqual({ isSaved: true })
  expect(device.workspace.refused.current).toEqual([])
  await using late = new Device(relay.url)
  const atLate = late.open('both')
  await eventually([atLate.doc], () => areStructurallyEqual([atLate.doc, document.doc]))
})

test('[D3] a disk that has a replica keeps what that one had, and takes over what another was in memory [R1]', async () => {
  const disk = new LateDisk()
  await hasLived(disk, 'two lives', 'yesterday')
  await using device = new Device(relay.url, {}, disk)
  let document = device.open('two lives')
  write(document, 'today ')
  expect(await document.saved()).toEqual({ isSaved: true })
  const rebuilt = new Promise((resolve) => document.onRebuilt(resolve))
  await opens(device)
  // A client id is of the replica that first wrote with it.
  await rebuilt
  write(document, '!')
  await eventually([document.doc], () => wordsOf(document).includes('yesterday'))
  await untilStatus(document.status, ({ isSaved }) => isSaved)
  expect(device.workspace.refused.current).toEqual([])
  await using other = new Device(relay.url)
  document = other.open('two lives')
  await eventually([document.doc], () =>
    ['today ', 'yesterday', '!'].every((word) => wordsOf(document).includes(word)),
  )
})

test('[T1] what only the replica in memory may send goes to the relay before a disk with another takes over [L1]', async () => {
  const disk = new LateDisk()
  await hasLived(disk, 'owned', 'before ')
  await using device = new Device(relay.url, {}, disk)
  const document = device.open('owned')
  write(document, 'claimed ')
  expect(await document.saved()).toEqual({ isSaved: true })
  device.workspace.workOffline(true)
  await untilStatus(device.workspace.status, ({ reason }) => reason === 'workOffline')
  write(document, 'not sent ')
  disk.opens = true
  device.workspace.retryNow()
  await untilStatus(device.workspace.status, ({ storeError }) => storeError?.includes('first') === true)
  expect(device.workspace.status.current).toMatchObject({ keeps: 'memory', inMemory: 1 })
  device.workspace.workOffline(false)
  await untilStatus(device.workspace.status, ({ keeps }) => keeps === 'disk')
  await untilStatus(document.status, ({ isSaved }) => isSaved)
  expect(device.workspace.refused.current).toEqual([])
  await using other = new Device(relay.url)
  const read = other.open('owned')
  await eventually([read.doc], () =>
    ['before', 'claimed', 'not sent'].every((word) => wordsOf(read).includes(word)),
  )
})

test('[E1] of two histories the one of the disk is over when the relay says so, and not before [D3] [T1]', async () => {
  const disk = new LateDisk()
  await using device = new Device(relay.url, {}, disk)
  const document = device.open('two histories')
  write(document, 'current')
  expect(await document.saved()).toEqual({ isSaved: true })
  device.workspace.workOffline(true)
  await untilStatus(device.workspace.status, ({ reason }) => reason === 'workOffline')
  disk.opens = true
  const records = new Records(await disk.open())
  await records.identity(newIdentity)
  await records.claimTerm()
  const made = { epoch: new Uint8Array(16).fill(7), generation: 0 }
  const unsent = { counter: 0, kind: rowKind.pending, entry: entryKind.edit, update: Uint8Array.of(0, 0) }
  await records.write('two histories', [
    { type: 'adopt', epoch: made.epoch },
    { type: 'append', made, at: 1, ...unsent },
  ])
  device.workspace.retryNow()
  await untilStatus(device.workspace.status, ({ storeError }) => storeError?.includes('replaced') === true)
  expect(device.workspace.status.current).toMatchObject({ keeps: 'memory', refused: 0 })
  expect(wordsOf(document)).toBe('current')
  device.workspace.workOffline(false)
  await untilStatus(device.workspace.status, ({ keeps }) => keeps === 'disk')
  await shows(document, 'current')
  await untilStatus(device.workspace.refused, ({ length }) => length === 1)
  expect(device.workspace.refused.current).toMatchObject([{ document: 'two histories', epoch: made.epoch }])
})

test('[L1] a store that does not even answer is not waited for, and is taken when it does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  const store = await new MemoryStore().open()
  let answer: (store: Store) => void = () => undefined
  class SlowDisk extends Disk {
    override open = (): Promise<Store> => new Promise((resolve) => (answer = resolve))
  }
  await using device = new Device(nowhere, {}, new SlowDisk())
  const document = device.open('asleep')
  write(document, 'typed')
  await vi.advanceTimersByTimeAsync(9_000)
  expect(device.workspace.status.current.keeps).toBe('opening')
  await vi.advanceTimersByTimeAsync(1_000)
  await goesWithout(device)
  expect(document.status.current.inMemory).toBe(1)
  answer(store)
  await untilStatus(device.workspace.status, ({ keeps, pending }) => keeps === 'disk' && pending === 1)
})

test('[L1] a store that refuses is tried by itself, later and later, until it opens', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  let tries = 0
  class SulkingDisk extends Disk {
    override open(): Promise<Store> {
      tries += 1
      return tries < 12 ? Promise.reject(new StoreError('broken', 'No.')) : super.open()
    }
  }
  await using device = new Device(nowhere, {}, new SulkingDisk())
  await vi.advanceTimersByTimeAsync(2_000)
  expect(device.workspace.status.current).toMatchObject({ keeps: 'memory', storeError: 'No.' })
  expect(tries).toBeGreaterThanOrEqual(3)
  expect(tries).toBeLessThan(12)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(tries).toBe(12)
  await untilStatus(device.workspace.status, ({ keeps }) => keeps === 'disk')
})

test('[S1] a disk of another person than who signed in meanwhile stays closed, and says whose it is not [D3]', async () => {
  const disk = new LateDisk()
  disk.opens = true
  const bob = deviceOf('bob', { '*': 'write' }, disk)
  const secret = bob.open('secret')
  write(secret, 'of Bob')
  expect(await secret.saved()).toEqual({ isSaved: true })
  await bob.workspace.close()
  disk.opens = false

  const ann = deviceOf('ann', { hers: 'read' }, disk)
  const atAnn = ann.open('secret')
  write(ann.open('hers'), 'refused')
  await untilStatus(ann.workspace.refused, ({ length }) => length === 1)
  disk.opens = true
  ann.workspace.retryNow()
  await untilStatus(ann.workspace.status, ({ reason }) => reason === 'otherSubject')
  expect(ann.workspace.status.current).toMatchObject({
    phase: 'ready',
    keeps: 'memory',
    storeError: 'The store of this device is of another person.',
    refused: 1,
  })
  expect(wordsOf(atAnn)).toBe('')
  await ann.workspace.close()
  bob.revive()
  await bob.open('hers').loaded
  expect(bob.workspace.refused.current).toEqual([])
  expect(await kept(disk, 'hers')).toBe('')
})

test('[D3] what was refused while no disk opened is in the inbox of the disk', async () => {
  const disk = new LateDisk()
  const ann = deviceOf('ann', { '*': 'read' }, disk)
  write(ann.open('story'), 'refused')
  await untilStatus(ann.workspace.refused, ({ length }) => length === 1)
  const refused = ann.workspace.refused.current
  await opens(ann)
  await ann.kill()
  ann.revive()
  await untilStatus(ann.workspace.refused, ({ length }) => length === 1)
  expect(ann.workspace.refused.current).toEqual(refused)
})
