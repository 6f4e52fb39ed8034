// persistence.test.ts — what a page asks of its browser about the room it lends: once there is something to keep, without
// waiting for the answer, and not again and again; and what it says when there is none left.
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace } from '../../client/index.ts'
import { StoreError } from '../../shared/store.ts'
import type { Batch, Store } from '../../shared/store.ts'
import { Device, Disk, untilStatus } from './device.ts'

const nowhere = 'ws://127.0.0.1:1'
const dayMs = 24 * 60 * 60_000

type Browser = {
  isPersistent: boolean
  /** What somebody answers who is asked. */
  answer: () => Promise<boolean>
  asked: number
}

let browser: Browser
let workspaces: Workspace[]

beforeEach(() => {
  workspaces = []
  browser = { isPersistent: false, answer: () => Promise.resolve(true), asked: 0 }
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  for (const [name, value] of Object.entries(fake)) if (name.startsWith('IDB')) vi.stubGlobal(name, value)
  for (const name of ['localStorage', 'sessionStorage']) vi.stubGlobal(name, keptWords())
  vi.stubGlobal('navigator', {
    storage: {
      persisted: () => Promise.resolve(browser.isPersistent),
      persist: () => {
        browser.asked += 1
        return browser.answer()
      },
      estimate: () => Promise.resolve({ usage: 1_000, quota: 5_000 }),
    },
  })
})

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(workspaces.map((workspace) => workspace.close()))
  vi.unstubAllGlobals()
})

function keptWords(): Pick<Storage, 'getItem' | 'setItem'> {
  const words = new Map<string, string>()
  return {
    getItem: (key: string) => words.get(key) ?? null,
    setItem: (key: string, word: string) => void words.set(key, word),
  }
}

async function opened(): Promise<{ workspace: Workspace; document: SynclineDocument }> {
  const workspace = openWorkspace({ url: nowhere, store: 'person', socketClass: WebSocket })
  workspaces.push(workspace)
  const document = workspace.open('note')
  await document.loaded
  return { workspace, document }
}

async function write({ doc, status }: SynclineDocument): Promise<void> {
  doc.getText('text').insert(0, 'x')
  await untilStatus(status, ({ inMemory }) => inMemory === 0)
}

test('[D3] the browser is asked to keep what is kept, once the first edit is on the disk, and its answer is told [T1]', async () => {
  const { workspace, document } = await opened()
  expect([browser.asked, workspace.status.current.isPersistent]).toEqual([0, undefined])
  await write(document)
  await write(document)
  await untilStatus(workspace.status, ({ isPersistent }) => isPersistent === true)
  expect(browser.asked).toBe(1)
})

test('[L1] somebody who does not answer the question keeps nobody waiting', async () => {
  browser.answer = () => new Promise(() => undefined)
  const { workspace, document } = await opened()
  await write(document)
  await write(document)
  expect(workspace.status.current).toMatchObject({ isPersistent: undefined, keeps: 'disk', inMemory: 0 })
})

test('nobody is asked who has answered: a promise is looked up, and a no is good for a week', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  browser.answer = () => Promise.resolve(false)
  const asked: number[] = []
  for (const days of [0, 1, 5, 2]) {
    vi.setSystemTime(Date.now() + days * dayMs)
    const { workspace, document } = await opened()
    await write(document)
    await untilStatus(workspace.status, ({ isPersistent }) => isPersistent === false)
    await workspace.close()
    asked.push(browser.asked)
  }
  expect(asked).toEqual([1, 1, 1, 2])
  browser.isPersistent = true
  vi.setSystemTime(Date.now() + 30 * dayMs)
  const { workspace, document } = await opened()
  await write(document)
  await untilStatus(workspace.status, ({ isPersistent }) => isPersistent === true)
  expect(browser.asked).toBe(2)
})

test('[T1] a browser that fails at the question has promised nothing', async () => {
  browser.answer = () => Promise.reject(new TypeError('It is forbidden here.'))
  const { workspace, document } = await opened()
  await write(document)
  await untilStatus(workspace.status, ({ isPersistent }) => isPersistent === false)
})

test('[T1] how much room there is is told where somebody knows', async () => {
  const { workspace } = await opened()
  expect(await workspace.room()).toEqual({ usedBytes: 1_000, quotaBytes: 5_000 })
  await using device = new Device(nowhere)
  expect(await device.workspace.room()).toBeUndefined()
})

test.each<[string, object]>([
  ['the question is an error', { estimate: () => Promise.reject(new DOMException('No.', 'SecurityError')) }],
  ['there is nobody to ask', {}],
])('[T1] where nothing may be kept no room is told of, and nothing fails: %s', async (_what, storage) => {
  vi.stubGlobal('navigator', { storage })
  const { workspace } = await opened()
  expect(await workspace.room()).toBeUndefined()
})

test('[T1] a disk that is full: what is new is said to be in memory only, and lands by itself when there is room [D3]', async () => {
  vi.unstubAllGlobals()
  let isFull = false
  class FullDisk extends Disk {
    override async open(): Promise<Store> {
      const store = await super.open()
      return {
        ...store,
        write: (batch: Batch) =>
          isFull ? Promise.reject(new StoreError('full', 'There is no room left.')) : store.write(batch),
      }
    }
  }
  const disk = new FullDisk()
  {
    await using device = new Device(nowhere, {}, disk)
    const document = device.open('note')
    await untilStatus(device.workspace.status, ({ tab }) => tab === 'alone')
    isFull = true
    document.doc.getText('text').insert(0, 'kept?')
    await untilStatus(device.workspace.status, ({ keeps }) => keeps === 'memory')
    expect(device.workspace.status.current).toMatchObject({
      storeError: 'There is no room left.',
      inMemory: 1,
      pending: 0,
    })
    isFull = false
    await untilStatus(document.status, ({ inMemory }) => inMemory === 0)
    expect(device.workspace.status.current).toMatchObject({
      keeps: 'disk',
      storeError: undefined,
      pending: 1,
    })
  }
  await using again = new Device(nowhere, {}, disk)
  const document = again.open('note')
  await document.loaded
  expect(document.doc.getText('text').toString()).toBe('kept?')
})
