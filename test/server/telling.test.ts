// The application is told of commits by a function of its own: one that never ends holds nothing up, and is seen.
import { expect, test } from 'vitest'
import type { CommittedDocument } from '../../server/committed.ts'
import { Telling } from '../../server/telling.ts'
import { newDocument } from '../../shared/document-state.ts'
import { entryKind } from '../../shared/message.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import type { Store } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { SimulatedDisk } from '../sim/disk.ts'

async function storeWithCommit(): Promise<Store> {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance: chanceFrom(1),
    writeWaits: () => queueMicrotask(() => void disk.settle()),
  })
  const store = disk.open()
  const history = { tenant: 'home', document: 'story', epoch: newDocument.epoch }
  const row = { ...history, position: 1, previous: 0, kind: entryKind.edit, author: undefined }
  await new RelayStore(store, 'synced').write('home', {
    headWas: 0,
    head: 1,
    branch: undefined,
    rows: [{ ...row, update: Uint8Array.of(0, 0) }],
    documents: [{ document: 'story', state: { ...newDocument, last: 1 }, lastWas: 0 }],
    keep: [],
    forget: [],
    claims: [],
    begin: [],
    cleanUp: [],
  })
  return store
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

test('[L1] [B1] a call that never ends counts as failed after a minute: the same is told again, and for how long it waited is seen', async () => {
  const store = await storeWithCommit()
  const timers = new Map<number, () => void>()
  const reports: string[] = []
  const calls: (readonly CommittedDocument[])[] = []
  let now = 0
  const telling = new Telling({
    store,
    records: new RelayStore(store, 'synced'),
    durability: 'synced',
    committed: (documents) => {
      calls.push(documents)
      return calls.length === 1 ? new Promise(() => undefined) : undefined
    },
    report: ({ code }) => reports.push(code),
    after: (ms, then) => {
      timers.set(ms, then)
      return () => timers.delete(ms)
    },
    now: () => now,
  })
  await telling.start()
  await until(() => calls.length === 1)
  now = 60_000
  expect(telling.untoldSeconds).toBe(60)
  timers.get(60_000)?.()
  await until(() => timers.has(1_000))
  expect(reports).toEqual(['committed-late'])
  expect(telling.untoldSeconds).toBe(60)
  now = 61_000
  timers.get(1_000)?.()
  await until(() => telling.untoldSeconds === 0)
  expect(calls[1]).toEqual(calls[0])
  expect(calls[1]).toEqual([{ tenant: 'home', document: 'story', position: 1, isPurged: false }])
  expect([...timers.keys()]).toEqual([1_000])
  expect(reports).toEqual(['committed-late'])
})
