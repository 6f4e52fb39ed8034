// whole-workspace.test.ts — a device that brings every document it may read to its disk, opened or not, by the real relay's
// list of what changed: so that all of them are there where no relay is.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { SynclineDocument } from '../../client/index.ts'
import { Records } from '../../client/records.ts'
import { decodeFrame } from '../../shared/wire.ts'
import { tokenFor } from '../server/guarded-relay.ts'
import { Device, Disk, untilStatus } from './device.ts'
import { GuardedDevices } from './guarded-devices.ts'

type Rights = Readonly<Record<string, 'read' | 'write'>>
type Texts = Readonly<Record<string, string>>

/** A port where nobody listens. */
const nowhere = 'ws://127.0.0.1:1'

const guarded = new GuardedDevices()

/** One that is asked for its rights whenever it needs a token. */
function deviceOf(subject: string, rights: () => Rights, disk = new Disk()): Device {
  const token = (): Promise<string> => tokenFor(subject, rights())
  return guarded.add(new Device(guarded.relay.url, { token, wholeWorkspace: true }, disk))
}

const writer = (): Device => deviceOf('ann', () => ({ '*': 'write' }))
const reader = (disk?: Disk): Device => deviceOf('bob', () => ({ '*': 'write' }), disk)

const textOf = ({ doc }: SynclineDocument): string => doc.getText('text').toString()

async function writeAll(device: Device, texts: Texts): Promise<void> {
  const documents = Object.entries(texts).map(([name, text]) => {
    const document = device.open(name)
    document.doc.getText('text').insert(0, text)
    return document
  })
  for (const document of documents) expect(await document.saved()).toEqual({ isSaved: true })
}

async function kept({ shown }: Disk): Promise<Texts> {
  const records = new Records(await shown)
  const texts: Record<string, string> = {}
  for (const { document } of await records.documents()) {
    const doc = new Y.Doc()
    for (const { row } of (await records.load(document)).rows) Y.applyUpdate(doc, row.update)
    texts[document] = doc.getText('text').toString()
  }
  return texts
}

/** Resolves when these documents are on its disk, and no others. */
async function keeps({ disk }: Device, texts: Texts): Promise<void> {
  const isSo = (now: Texts): boolean =>
    Object.keys(now).length === Object.keys(texts).length &&
    Object.entries(texts).every(([name, text]) => now[name] === text)
  for (;;) {
    const written = disk.written()
    if (isSo(await kept(disk))) return
    await written
  }
}

/** The documents that it asks for from now on. */
function askedBy(device: Device): string[] {
  const asked: string[] = []
  device.frameSent = (frame) => {
    for (const message of decodeFrame(frame.slice()))
      if (message.type === 'open') asked.push(message.document)
  }
  return asked
}

async function purge(document: string): Promise<void> {
  const token = await tokenFor('root', { '*': 'write' }, { admin: true })
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await fetch(`${guarded.relay.http}/v1/documents/${document}`, {
    method: 'DELETE',
    headers,
  })
  expect(status).toBe(204)
}

test('[C2] documents that nobody opened are on the device, small ones and large ones, and open without a relay', async () => {
  const large = Array.from({ length: 60_000 }, (_, index) => `line ${index}\n`).join('')
  const texts = { shopping: 'milk', plan: 'rest', 'a/b c?': 'names are only names', large }
  await writeAll(writer(), texts)
  const disk = new Disk()
  const device = reader(disk)
  await keeps(device, texts)
  await device.kill()

  await using offline = new Device(nowhere, {}, disk)
  for (const [name, text] of Object.entries(texts)) {
    const document = offline.open(name)
    await document.loaded
    expect(textOf(document)).toBe(text)
  }
})

test('[L1] what changes is brought by itself, and after a time away only what changed meanwhile', async () => {
  const ann = writer()
  await writeAll(ann, { one: '1', two: '2', three: '3' })
  const bob = reader()
  await keeps(bob, { one: '1', two: '2', three: '3' })
  await writeAll(ann, { two: 'new ' })
  await keeps(bob, { one: '1', two: 'new 2', three: '3' })
  await untilStatus(bob.workspace.status, ({ toFetch }) => toFetch === 0)

  bob.workspace.workOffline(true)
  await writeAll(ann, { three: 'new ', four: '4' })
  const asked = askedBy(bob)
  bob.workspace.workOffline(false)
  await keeps(bob, { one: '1', two: 'new 2', three: 'new 3', four: '4' })
  expect(asked.toSorted()).toEqual(['four', 'three'])
})

test('[D3] what is written without a relay into a document that was never opened with one goes up', async () => {
  await writeAll(writer(), { brought: 'hers' })
  const bob = reader()
  await keeps(bob, { brought: 'hers' })
  bob.workspace.workOffline(true)
  const document = bob.open('brought')
  await document.loaded
  document.doc.getText('text').insert(4, ' and his')
  await document.close()
  bob.workspace.workOffline(false)
  const other = deviceOf('cid', () => ({ '*': 'read' }))
  await keeps(other, { brought: 'hers and his' })
})

test('[C2] killed in the middle it goes on where it was, and fetches little twice', async () => {
  const texts = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`note-${index}`, `${index}`]))
  await writeAll(writer(), texts)
  const disk = new Disk()
  const device = reader(disk)
  const asked = askedBy(device)
  for (const share of [15, 35]) {
    while (Object.values(await kept(disk)).filter((text) => text !== '').length < share) await disk.written()
    await device.kill()
    device.revive()
  }
  await keeps(device, texts)
  expect(new Set(asked).size).toBe(60)
  expect(asked.length).toBeLessThan(60 + 10)
})

test('[S1] what may not be read is not brought, and what may be read later is, though nobody wrote in it since', async () => {
  const ann = writer()
  await writeAll(ann, { open: 'for all', secret: 'for few' })
  let rights: Rights = { open: 'read' }
  const disk = new Disk()
  const device = deviceOf('bob', () => rights, disk)
  await keeps(device, { open: 'for all' })
  await writeAll(ann, { other: 'moves every cursor' })
  await writeAll(ann, { open: 'still ' })
  await keeps(device, { open: 'still for all' })
  await device.kill()
  rights = { open: 'read', secret: 'read' }
  device.revive()
  await keeps(device, { open: 'still for all', secret: 'for few' })
})

test('[E1] what was purged while a device was away leaves it, opened or not, and does not come back from it [D3]', async () => {
  const ann = writer()
  await writeAll(ann, { gone: 'to be forgotten', stays: 'here' })
  const disk = new Disk()
  const bob = reader(disk)
  await keeps(bob, { gone: 'to be forgotten', stays: 'here' })
  bob.workspace.workOffline(true)
  const document = bob.open('gone')
  await document.loaded
  document.doc.getText('text').insert(0, 'not ')
  await document.close()
  await purge('gone')
  // So that the purge is not the last thing that happened.
  await writeAll(ann, { stays: 'still ' })
  bob.workspace.workOffline(false)
  await keeps(bob, { stays: 'still here' })
  await untilStatus(bob.workspace.refused, ({ length }) => length === 1)
  expect(bob.workspace.refused.current).toMatchObject([{ document: 'gone' }])
  await keeps(
    deviceOf('cid', () => ({ '*': 'read' })),
    { stays: 'still here' },
  )
})
