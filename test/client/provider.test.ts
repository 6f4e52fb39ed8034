// provider.test.ts — the face that y-websocket's provider has: what bindings and applications written for that one find.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SynclineProvider } from '../../client/index.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { Device } from './device.ts'

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

test('[T1] it says synced when it has caught up, and not any more when it is disconnected', async () => {
  await using device = new Device(relay.url)
  const provider = new SynclineProvider(device.workspace, 'provided')
  const told: unknown[] = []
  provider.on('sync', (isSynced) => told.push(isSynced))
  provider.on('status', ({ status }) => told.push(status))
  expect(provider.synced).toBe(false)
  await new Promise<void>((resolve) => provider.once('sync', () => resolve()))
  expect(provider.synced).toBe(true)
  provider.disconnect()
  expect(provider.synced).toBe(false)
  provider.connect()
  await new Promise<void>((resolve) => provider.once('sync', () => resolve()))
  expect(told).toEqual([
    'connecting',
    'connected',
    true,
    false,
    'disconnected',
    'connecting',
    'connected',
    true,
  ])
  provider.destroy()
})

test('[C1] its doc and its awareness are those of the document', async () => {
  await using ann = new Device(relay.url)
  await using bob = new Device(relay.url)
  const atAnn = new SynclineProvider(ann.workspace, 'shared-doc')
  const atBob = new SynclineProvider(bob.workspace, 'shared-doc')
  expect(atAnn.awareness.doc).toBe(atAnn.doc)
  atAnn.doc.getText('text').insert(0, 'hello')
  await eventually([atBob.doc], () => atBob.doc.getText('text').toString() === 'hello')
  atAnn.destroy()
  atBob.destroy()
})
