// inbox.test.ts — what was refused, as all tabs of a browser have it: what one of them discards is gone in the others.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorkspace } from '../../client/index.ts'
import type { Workspace } from '../../client/index.ts'
import { memoryStore } from '../../client/memory-store.ts'
import { newIdentity, Records } from '../../client/records.ts'
import type { SocketLike } from '../../client/relay-socket.ts'
import { entryKind } from '../../shared/message.ts'
import { rowKind } from '../../shared/replica-records.ts'
import type { Store } from '../../shared/store.ts'
import { BrowserTabs } from './browser-tabs.ts'
import { untilStatus } from './device.ts'

/** Nobody answers there. */
class Nowhere implements SocketLike {
  binaryType = ''
  readonly readyState = 0
  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

let tabs: Workspace[]

beforeEach(() => {
  tabs = []
  new BrowserTabs().stub()
})

afterEach(async () => {
  await Promise.all(tabs.map((tab) => tab.close()))
  vi.unstubAllGlobals()
})

function openTab(store: Store): Workspace {
  const shared = { ...store, close: () => Promise.resolve() }
  const place = { isDurable: true, sharedName: 'one', open: () => Promise.resolve(shared) }
  const tab = openWorkspace({ url: 'ws://nowhere', store: place, socketClass: Nowhere })
  tabs.push(tab)
  return tab
}

/** Somebody wrote into a history that was over. */
async function hasRefused(store: Store): Promise<void> {
  const records = new Records(store)
  await records.identity(newIdentity)
  await records.claimTerm()
  const made = { epoch: new Uint8Array(16).fill(7), generation: 0 }
  const edit = { kind: rowKind.pending, counter: 0, entry: entryKind.edit, update: Uint8Array.of(0, 0) }
  await records.write('story', [
    { type: 'adopt', epoch: new Uint8Array(16) },
    { type: 'append', made, at: 1, ...edit },
  ])
}

test('[R1] what one tab discards is in the inbox of no other [D3]', async () => {
  const memory = memoryStore()
  const store: Store = {
    write: (batch) => memory.write(batch),
    get: (key) => memory.get(key),
    range: (range) => memory.range(range),
    close: () => memory.close(),
  }
  await hasRefused(store)
  const [first, second] = [openTab(store), openTab(store)]
  const both = [first, second]
  await Promise.all(both.map(({ refused }) => untilStatus(refused, ({ length }) => length === 1)))
  await Promise.all(both.map(({ status }) => untilStatus(status, ({ keeps }) => keeps === 'disk')))
  expect(JSON.parse(second.refused.export())).toMatchObject([{ document: 'story', update: 'AAA=' }])
  await second.refused.discard(second.refused.current[0]!)
  await untilStatus(first.status, ({ refused }) => refused === 0)
  expect(first.refused.current).toEqual([])
})
