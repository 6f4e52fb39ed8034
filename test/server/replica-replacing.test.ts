// Both halves together: devices that were away, or are in the middle of a sentence, while the relay replaces and purges
// documents, and while rights and lists change.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { unchanging } from '../../server/live-grant.ts'
import { changesGatherMs } from '../../shared/limits.ts'
import { closedCode, right } from '../../shared/message.ts'
import { HostDevice } from '../host-device.ts'
import { TestRelay } from '../host-peers.ts'

let relay: TestRelay
let lastClient = 5_000

beforeEach(async () => {
  relay = await new TestRelay().start()
})

function updateSaying(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = ++lastClient
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

async function replace(words?: string, document = 'story'): Promise<void> {
  const update = words === undefined ? undefined : updateSaying(words)
  const replaced = relay.host.replace('', document, update)
  await relay.write()
  await replaced
}

async function purge(document = 'story'): Promise<void> {
  const purged = relay.host.purge('', document)
  await relay.write()
  await purged
}

async function deviceWith(words: string, name = 1, followsWorkspace = false): Promise<HostDevice> {
  const device = new HostDevice(relay, name, { followsWorkspace })
  device.open('story')
  await device.goOnline()
  if (words !== '') device.write('story', words)
  await device.settle()
  return device
}

test('[E1] [D3] a device that was away finds the new history, and what it wrote into the old one in its inbox', async () => {
  const ana = await deviceWith('old')
  ana.goOffline()
  ana.write('story', ' and written offline')
  await replace('new')
  await ana.goOnline()
  expect(ana.textOf('story')).toBe('new')
  expect(ana.inbox).toMatchObject([{ document: 'story', code: closedCode.replaced }])
  ana.write('story', ', and on')
  await ana.settle()
  const ben = await deviceWith('', 2)
  expect(ben.textOf('story')).toBe('new, and on')
  expect(ana.status.get('story')).toMatchObject({ isSaved: false, pending: 0, refused: 1 })
})

test('[E1] [D3] who writes while the document is replaced loses nothing: it is there, or in the inbox', async () => {
  const ana = await deviceWith('old')
  const replaced = relay.host.replace('', 'story', updateSaying('new'))
  ana.write('story', ' in the middle')
  await ana.settle()
  await replaced
  ana.write('story', ' after')
  await ana.settle()
  expect(ana.textOf('story')).toBe('new after')
  expect(ana.inbox).toHaveLength(1)
  const ben = await deviceWith('', 2)
  expect(ben.textOf('story')).toBe('new after')
})

test('[E1] a purged document leaves every device that has it, with what was not sent in the inbox', async () => {
  const ana = await deviceWith('old')
  const ben = await deviceWith('', 2)
  expect(ben.textOf('story')).toBe('old')
  ana.goOffline()
  ana.write('story', ' unsent')
  await purge()
  await ben.settle()
  expect([ben.textOf('story'), ben.storedTextOf('story'), ben.held]).toEqual(['', '', []])
  expect(ben.status.get('story')).toMatchObject({ phase: 'closed', waitingFor: 'gone', mayWrite: false })
  await ana.goOnline()
  expect(ana.inbox).toMatchObject([{ document: 'story', code: closedCode.gone }])
  expect([ana.textOf('story'), ana.held]).toEqual(['', []])
})

test('[E1] [D3] what is typed into a purged document goes to the inbox, and into its successor goes what is typed there', async () => {
  const ana = await deviceWith('old')
  await purge()
  await ana.settle()
  ana.write('story', 'to nowhere')
  await ana.settle()
  expect(ana.inbox).toMatchObject([{ code: closedCode.gone, text: 'to nowhere' }])
  expect(ana.textOf('story')).toBe('')
  await replace('reborn')
  ana.goOffline()
  await ana.goOnline()
  expect(ana.textOf('story')).toBe('reborn')
  ana.write('story', ' for all')
  await ana.settle()
  const ben = await deviceWith('', 2)
  expect(ben.textOf('story')).toBe('reborn for all')
  expect(ben.textOf('story')).not.toContain('nowhere')
})

test('[E1] a device that follows fetches the new history, and lets go of what was purged, without opening either', async () => {
  const ana = await deviceWith('one')
  ana.open('other')
  await ana.settle()
  ana.write('other', 'two')
  await ana.settle()
  const ben = new HostDevice(relay, 2, { followsWorkspace: true })
  await ben.goOnline()
  expect(ben.held.toSorted()).toEqual(['other', 'story'])
  await replace('one anew')
  await purge('other')
  await ben.wait(changesGatherMs)
  expect(ben.storedTextOf('story')).toBe('one anew')
  expect(ben.held).toEqual(['story'])
  expect(ben.toFetch).toEqual([])
})

function allow(token: string, documents: readonly string[], rightsVersion: number): void {
  const rightsOf = (document: string) => (documents.includes(document) ? right.read + right.write : 0)
  relay.grants.set(
    token,
    unchanging({ tenant: '', subject: 'ana', expiresAt: undefined, rightsVersion, rightsOf }),
  )
}

test('[S1] a full list takes away what may not be read any more, when it is looked at nowhere and all of it is sent', async () => {
  allow('both', ['a', 'b'], 1)
  allow('only a', ['a'], 2)
  const ana = new HostDevice(relay, 1, { followsWorkspace: true, token: 'both' })
  for (const document of ['a', 'b']) {
    ana.open(document)
    await ana.goOnline()
    ana.write(document, document)
    await ana.settle()
    ana.close(document)
  }
  expect(ana.held.toSorted()).toEqual(['a', 'b'])
  ana.goOffline()
  ana.token = 'only a'
  await ana.goOnline()
  expect(ana.held).toEqual(['a'])
  expect(ana.storedTextOf('b')).toBe('')
  expect(ana.toFetch).toEqual([])
  ana.goOffline()
  ana.token = 'both'
  allow('both', ['a', 'b'], 3)
  await ana.goOnline()
  expect(ana.storedTextOf('b')).toBe('b')
})

test('[S1] what may not be read any more stays as long as somebody looks at it, and leaves then', async () => {
  allow('both', ['a', 'b'], 1)
  allow('only a', ['a'], 2)
  const ana = new HostDevice(relay, 1, { followsWorkspace: true, token: 'both' })
  ana.open('b')
  await ana.goOnline()
  ana.write('b', 'read by somebody')
  await ana.settle()
  ana.token = 'only a'
  ana.tell({ type: 'tokenGiven', token: ana.token })
  await ana.settle()
  expect(ana.status.get('b')).toMatchObject({ phase: 'closed', waitingFor: 'forbidden' })
  expect(ana.textOf('b')).toBe('read by somebody')
  ana.close('b')
  expect(ana.held).toEqual([])
})

test('[D3] what was not sent of it stays, and so does what was never the relay’s', async () => {
  allow('both', ['a', 'b', 'new'], 1)
  allow('only a', ['a'], 2)
  const ben = new HostDevice(relay, 2, { token: 'both' })
  ben.open('a')
  await ben.goOnline()
  ben.write('a', 'of somebody else')
  await ben.settle()
  const ana = new HostDevice(relay, 1, { followsWorkspace: true, token: 'both' })
  ana.open('b')
  await ana.goOnline()
  ana.write('b', 'sent')
  await ana.settle()
  ana.goOffline()
  ana.write('b', ', unsent')
  ana.close('b')
  ana.open('new')
  ana.write('new', 'made offline')
  ana.close('new')
  ana.token = 'only a'
  await ana.goOnline()
  expect([ana.storedTextOf('b'), ana.storedTextOf('new')]).toEqual(['sent, unsent', 'made offline'])
  expect(ana.inbox).toEqual([])
  expect(ana.storedTextOf('a')).toBe('of somebody else')
})

test('[C2] a relay that was restored from before a document does not take it away: it is given it back', async () => {
  const backup = relay.disk.copy()
  const ana = await deviceWith('written after the backup', 1, true)
  ana.close('story')
  ana.goOffline()
  relay.disk.crash('kill')
  const restored = await new TestRelay(backup).start()
  relay = restored
  await ana.movedTo(relay).goOnline()
  expect(ana.storedTextOf('story')).toBe('written after the backup')
  const ben = await deviceWith('', 2)
  expect(ben.textOf('story')).toBe('written after the backup')
})

test('[C2] the cursor is stored with the list of what is still to be fetched, never before it', async () => {
  const ana = await deviceWith('words')
  const ben = new HostDevice(relay, 2, { followsWorkspace: true })
  expect(ben.workspaceCursor).toBeUndefined()
  await ben.goOnline()
  expect(ben.workspaceCursor).toBeDefined()
  ben.goOffline()
  ana.write('story', ' and more')
  await ana.settle()
  const before = ben.workspaceCursor
  await ben.goOnline()
  expect(ben.workspaceCursor).not.toEqual(before)
  expect(ben.storedTextOf('story')).toBe('words and more')
  expect(ben.toFetch).toEqual([])
})
