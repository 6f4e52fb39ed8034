// complaints.test.ts — what people complain of in engines like this one, each as a test of its own where no other test
// shows it. All of the complaints, with where each is tried, stand in docs/CLIENT.md.
import { fromBase64 } from 'lib0/buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { RefusedEdit, SynclineDocument } from '../../client/index.ts'
import { closedCode, refusedCode } from '../../shared/message.ts'
import { eventually } from '../eventually.ts'
import { tokenFor } from '../server/guarded-relay.ts'
import { Device, untilStatus } from './device.ts'
import { GuardedDevices } from './guarded-devices.ts'
import { OneWayLine } from './one-way-line.ts'

type May = 'read' | 'write'

const yearMs = 365 * 24 * 60 * 60_000
const second = 1_000

const guarded = new GuardedDevices()

afterEach(() => {
  vi.useRealTimers()
})

function deviceOf(subject: string, may: () => May = () => 'write', url = guarded.relay.url): Device {
  return guarded.add(new Device(url, { token: () => tokenFor(subject, { '*': may() }) }))
}

const words = ({ doc }: SynclineDocument): string => doc.getText('text').toString()
const write = ({ doc }: SynclineDocument, text: string): void =>
  doc.getText('text').insert(doc.getText('text').length, text)
const shows = (document: SynclineDocument, text: string): Promise<void> =>
  eventually([document.doc], () => words(document) === text)
const isStored = ({ status }: SynclineDocument): Promise<void> =>
  untilStatus(status, ({ inMemory }) => inMemory === 0)

async function refusedAt(device: Device, count: number): Promise<readonly RefusedEdit[]> {
  await untilStatus(device.workspace.refused, ({ length }) => length === count)
  return device.workspace.refused.current
}

/** On top of what the document was before. */
function wordsWith(before: Uint8Array, updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of [before, ...updates]) Y.applyUpdate(doc, update)
  return doc.getText('text').toString()
}

test('[D3] «refused offline data is lost for ever»: who may write no more finds all of it in the inbox, after any restart', async () => {
  let may: May = 'write'
  const ann = deviceOf('ann', () => may)
  const atAnn = ann.open('story')
  write(atAnn, 'before ')
  expect(await atAnn.saved()).toEqual({ isSaved: true })
  const before = Y.encodeStateAsUpdate(atAnn.doc)
  ann.workspace.workOffline(true)
  write(atAnn, 'one ')
  write(atAnn, 'two')
  await isStored(atAnn)
  await ann.kill()

  may = 'read'
  ann.revive()
  const again = ann.open('story')
  await again.loaded
  const refused = await refusedAt(ann, 2)
  expect(refused).toMatchObject([
    { document: 'story', code: refusedCode.readOnly },
    { document: 'story', code: refusedCode.readOnly },
  ])
  expect(
    wordsWith(
      before,
      refused.map(({ update }) => update),
    ),
  ).toBe('before one two')
  while (words(again) !== 'before ') await nextTurn()
  expect(again.status.current).toMatchObject({ pending: 0, refused: 2 })
  await ann.kill()
  ann.revive()
  expect(await refusedAt(ann, 2)).toEqual(refused)
})

test('[T1] what was refused is not saved until its author discards it, whatever else is', async () => {
  let may: May = 'read'
  const ann = deviceOf('ann', () => may)
  const story = ann.open('story')
  write(story, 'refused')
  const [edit] = await refusedAt(ann, 1)
  expect(await story.saved()).toEqual({ isSaved: false, reason: 'editsRefused' })
  may = 'write'
  await ann.kill()
  ann.revive()
  const again = ann.open('story')
  await again.loaded
  write(again, 'taken')
  expect(await again.saved()).toEqual({ isSaved: false, reason: 'editsRefused' })
  expect(again.status.current).toMatchObject({ isSaved: false, inMemory: 0, pending: 0, refused: 1 })
  await ann.workspace.refused.discard(edit!)
  expect(await again.saved()).toEqual({ isSaved: true })
  expect(again.status.current).toMatchObject({ isSaved: true, refused: 0 })
})

test('[R1] «a refusal looks like any other change»: which edit it was is told before its words go', async () => {
  const bob = deviceOf('bob')
  const ann = deviceOf('ann')
  const [atBob, atAnn] = [bob.open('story'), ann.open('story')]
  write(atBob, 'his')
  await shows(atAnn, 'his')
  const told: string[] = []
  ann.workspace.refused.subscribe(() =>
    told.push(`refused ${ann.workspace.refused.current.map(({ document }) => document).join()}`),
  )
  atAnn.onRebuilt(() => told.push('rebuilt'))
  atAnn.doc.clientID = atBob.doc.clientID
  write(atAnn, ' stolen')
  await untilStatus(atAnn.status, ({ refused, pending }) => refused === 1 && pending === 0)
  while (told.length < 2) await nextTurn()
  expect(told).toEqual(['refused story', 'rebuilt'])
})

test.each(['up', 'down'] as const)(
  '[L1] «uploading: true, for ever»: a line that carries nothing %s is found out, and all goes up on another, once [T1]',
  async (direction) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    await using line = await OneWayLine.to(guarded.relay.url)
    const device = deviceOf('ann', undefined, line.url)
    const document = device.open('story')
    write(document, 'before ')
    await untilStatus(document.status, ({ isSaved }) => isSaved)
    line.silence(direction)
    write(document, 'after')
    await isStored(document)
    for (let waited = 0; waited < 100 && !document.status.current.isSaved; waited++) {
      expect(document.status.current.pending).toBe(1)
      vi.advanceTimersByTime(second)
      for (let turn = 0; turn < 20; turn++) await nextTurn()
    }
    await untilStatus(document.status, ({ isSaved }) => isSaved)
    const reader = deviceOf('bob').open('story')
    await shows(reader, 'before after')
  },
)

test('[T1] «synced is only the first handshake»: of a line that fell silent nobody says saved', async () => {
  await using line = await OneWayLine.to(guarded.relay.url)
  const device = deviceOf('ann', undefined, line.url)
  const document = device.open('story')
  write(document, 'before')
  expect(await document.saved()).toEqual({ isSaved: true })
  line.silence('up')
  write(document, ' and after')
  const told: boolean[] = []
  document.status.subscribe(() => told.push(document.status.current.isSaved))
  await isStored(document)
  write(deviceOf('bob').open('story'), 'from elsewhere')
  await eventually([document.doc], () => words(document).includes('from elsewhere'))
  expect([document.status.current.isSaved, told.includes(true)]).toEqual([false, false])
})

test('[C1] «it flickers between the ack and the echo»: what was typed is there in every moment from then on', async () => {
  const ann = deviceOf('ann')
  const document = ann.open('story')
  const other = deviceOf('bob').open('story')
  await Promise.all([document.loaded, other.loaded])
  const typed: string[] = []
  const look = (): void => {
    const there = new Set(document.doc.getArray<string>('edits').toArray())
    expect(typed.filter((edit) => !there.has(edit))).toEqual([])
  }
  document.doc.on('update', look)
  document.status.subscribe(look)
  ann.workspace.status.subscribe(look)
  for (let edit = 0; edit < 50; edit++) {
    document.doc.getArray('edits').push([`a${edit}`])
    typed.push(`a${edit}`)
    other.doc.getArray('edits').push([`b${edit}`])
    await nextTurn()
  }
  expect(await document.saved()).toEqual({ isSaved: true })
  await eventually([document.doc], () => document.doc.getArray('edits').length === 100)
  look()
})

test('[D3] «I had left the page when it was refused»: the inbox is of the device, and has it whatever is open', async () => {
  let may: May = 'write'
  const device = deviceOf('ann', () => may)
  const document = device.open('left')
  write(document, 'before')
  expect(await document.saved()).toEqual({ isSaved: true })
  device.workspace.workOffline(true)
  write(document, ' and after')
  await document.close()
  await device.kill()

  may = 'read'
  device.revive()
  device.open('elsewhere')
  expect(await refusedAt(device, 1)).toMatchObject([{ document: 'left' }])
  expect(device.workspace.status.current.refused).toBe(1)
})

test('[D3] «edits before it is connected are lost»: what is typed in the first moment is at the relay', async () => {
  const document = deviceOf('ann').open('story')
  write(document, 'typed before anything else')
  expect(await document.saved()).toEqual({ isSaved: true })
  await shows(deviceOf('bob').open('story'), 'typed before anything else')
})

test('[C1] «a clock that is ahead makes edits vanish»: with one a year ahead, and then a year behind, all of them are there', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const now = Date.now()
  const token = await tokenFor('ann', { '*': 'write' })
  const device = guarded.add(new Device(guarded.relay.url, { token: () => Promise.resolve(token) }))
  const texts = []
  for (const off of [yearMs, -yearMs, 0]) {
    vi.setSystemTime(now + off)
    const document = device.open('story')
    await document.loaded
    document.doc.getMap('last').set('clock', off)
    write(document, `${off} `)
    texts.push(`${off} `)
    expect(await document.saved()).toEqual({ isSaved: true })
    await device.kill()
    device.revive()
  }
  const reader = deviceOf('bob').open('story')
  await shows(reader, texts.join(''))
  expect(reader.doc.getMap('last').get('clock')).toBe(0)
})

test('[R1] «every refusal is access denied»: each reason has a code of its own, from the relay to the inbox', async () => {
  let may: May = 'write'
  const bob = deviceOf('bob')
  const ann = deviceOf('ann', () => may)
  const documents = ['foreign', 'purged', 'read-only'].map((name) => ann.open(name))
  const [foreign, purged, readOnly] = documents as [SynclineDocument, SynclineDocument, SynclineDocument]
  for (const document of documents) {
    write(document, 'mine')
    expect(await document.saved()).toEqual({ isSaved: true })
  }
  const hers = bob.open('foreign')
  write(hers, 'his')
  expect(await hers.saved()).toEqual({ isSaved: true })
  foreign.doc.clientID = hers.doc.clientID
  write(foreign, 'stolen')
  await refusedAt(ann, 1)

  ann.workspace.workOffline(true)
  write(purged, ' to nowhere')
  await isStored(purged)
  const root = await tokenFor('root', { '*': 'write' }, { admin: true })
  const headers = { authorization: `Bearer ${root}` }
  await fetch(`${guarded.relay.http}/v1/documents/purged`, { method: 'DELETE', headers })
  ann.workspace.workOffline(false)
  await refusedAt(ann, 2)

  ann.workspace.workOffline(true)
  write(readOnly, ' too late')
  await isStored(readOnly)
  await ann.kill()
  may = 'read'
  ann.revive()
  const codes = (await refusedAt(ann, 3)).map(({ document, code }) => [document, code])
  expect(Object.fromEntries(codes)).toEqual({
    foreign: refusedCode.foreignClient,
    purged: closedCode.gone,
    'read-only': refusedCode.readOnly,
  })
})

test('[D3] «dead letters that nobody can open»: what the inbox exports is enough to have the words again', async () => {
  const device = deviceOf('ann', () => 'read')
  const document = device.open('story')
  write(document, 'worth keeping')
  await refusedAt(device, 1)
  const exported: readonly { document: string; update: string }[] = JSON.parse(
    device.workspace.refused.export(),
  )
  const doc = new Y.Doc()
  for (const { update } of exported) Y.applyUpdate(doc, fromBase64(update))
  expect(doc.getText('text').toString()).toBe('worth keeping')
})
