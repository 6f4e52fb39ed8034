// offline.test.ts — a long time without a network: many thousands of edits on one device, which then go up to the real relay.
// bench/offline.ts measures it at ten times the size.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SynclineDocument } from '../../client/index.ts'
import { pushEntriesMax } from '../../shared/limits.ts'
import type { MessageOf } from '../../shared/message.ts'
import { pushBytesMax, pushesOpenMax } from '../../shared/replica-limits.ts'
import { decodeFrame } from '../../shared/wire.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { areStructurallyEqual } from '../stock-client.ts'
import { Device, untilStatus } from './device.ts'

const edits = 10_000
/** So many are typed before anything else gets its turn. */
const burst = 100

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

async function typeAll({ doc, status }: SynclineDocument): Promise<void> {
  const text = doc.getText('text')
  for (let edit = 0; edit < edits; edit++) {
    text.insert(edit % 7 === 0 ? 0 : text.length, String(edit % 10))
    if (edit % burst === burst - 1) await nextTurn()
  }
  await untilStatus(status, ({ inMemory }) => inMemory === 0)
}

/** What goes up from now on. */
function pushesOf(device: Device): MessageOf<'push'>[] {
  const pushes: MessageOf<'push'>[] = []
  device.frameSent = (frame) => {
    for (const message of decodeFrame(frame.slice())) if (message.type === 'push') pushes.push(message)
  }
  return pushes
}

test('[B1] what was typed offline goes up in bounded messages, two at a time, and what is left only falls [T1]', async () => {
  await using device = new Device(relay.url)
  device.workspace.workOffline(true)
  const document = device.open('long-journey')
  await document.loaded
  await typeAll(document)
  expect(document.status.current).toMatchObject({ pending: edits, isSaved: false })

  const pushes = pushesOf(device)
  const left: number[] = [edits]
  let mostOnTheirWay = 0
  document.status.subscribe(() => {
    const { pending } = document.status.current
    const sent = pushes.reduce((sum, { entries }) => sum + entries.length, 0)
    mostOnTheirWay = Math.max(mostOnTheirWay, sent - (edits - pending))
    if (pending !== left.at(-1)) left.push(pending)
  })
  device.workspace.workOffline(false)
  expect(await document.saved()).toEqual({ isSaved: true })

  const sizes = pushes.map(({ entries }) => entries.length)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(edits)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(pushEntriesMax)
  const bytes = pushes.map(({ entries }) => entries.reduce((sum, { update }) => sum + update.length, 0))
  expect(Math.max(...bytes)).toBeLessThanOrEqual(pushBytesMax)
  expect(mostOnTheirWay).toBeLessThanOrEqual(pushesOpenMax * pushEntriesMax)
  expect(left).toEqual(left.toSorted((one, other) => other - one))
  // Not at the end alone: a person sees it go.
  expect(left.length).toBeGreaterThan(edits / pushEntriesMax / 2)

  await using reader = new Device(relay.url)
  const read = reader.open('long-journey')
  await eventually([read.doc], () => areStructurallyEqual([document.doc, read.doc]))
})

test('[D3] killed in the middle of it a device goes on where it was, and does not begin anew', async () => {
  await using device = new Device(relay.url)
  device.workspace.workOffline(true)
  const before = device.open('broken-journey')
  await before.loaded
  await typeAll(before)
  const pushes = pushesOf(device)
  device.workspace.workOffline(false)
  for (const share of [0.7, 0.3]) {
    const document = device.open('broken-journey')
    await untilStatus(document.status, ({ pending, phase }) => phase === 'live' && pending < edits * share)
    await device.kill()
    device.revive()
    const again = device.open('broken-journey')
    await again.loaded
    await untilStatus(again.status, ({ phase }) => phase !== 'loading')
    expect(again.status.current.pending).toBeLessThan(edits * (share + 0.1))
  }
  const document = device.open('broken-journey')
  expect(await document.saved()).toEqual({ isSaved: true })
  // What was on its way, or answered and not written down yet, went up twice.
  const sent = pushes.reduce((sum, { entries }) => sum + entries.length, 0)
  expect(sent).toBeLessThan(edits * 1.1)
  await using reader = new Device(relay.url)
  const read = reader.open('broken-journey')
  await eventually([read.doc], () => areStructurallyEqual([document.doc, read.doc]))
  expect(document.doc.getText('text').length).toBe(edits)
})
