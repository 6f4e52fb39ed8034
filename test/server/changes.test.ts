// What changed since: the relay's host answers for all documents of a tenant, on a disk that writes when the test says.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { unchanging } from '../../server/live-grant.ts'
import type { LiveGrant } from '../../server/live-grant.ts'
import { firstEpoch } from '../../shared/document-state.ts'
import { changesGatherMs } from '../../shared/limits.ts'
import { entryKind, right } from '../../shared/message.ts'
import type { MessageOf } from '../../shared/message.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import { NativePeer, TestRelay } from '../host-peers.ts'

const readAndWrite = right.read + right.write
let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

/** A token that reads only what begins with one of these. */
function letRead(token: string, prefixes: readonly string[], rightsVersion = 1): LiveGrant {
  const rightsOf = (document: string) =>
    prefixes.some((prefix) => document.startsWith(prefix)) ? right.read : 0
  const grant = unchanging({ tenant: '', subject: token, expiresAt: undefined, rightsVersion, rightsOf })
  relay.grants.set(token, grant)
  return grant
}

let clients = 100

/** Somebody who may do everything writes into each of these. */
async function write(...documents: string[]): Promise<void> {
  for (const document of documents) {
    const writer = new NativePeer(relay, 9)
    writer.open(document)
    await relay.write()
    const doc = new Y.Doc()
    doc.clientID = clients++
    doc.getText('text').insert(0, document)
    writer.push(Y.encodeStateAsUpdate(doc), entryKind.repair)
    await relay.write()
    writer.lose()
  }
}

async function letTimePass(ms: number): Promise<void> {
  relay.now += ms
  relay.host.woke()
  await relay.write()
}

function listed(answers: readonly MessageOf<'changed'>[]): string[] {
  return answers.flatMap(({ documents }) => documents.map(({ document }) => document))
}

async function changes(
  token: string,
  cursor?: Uint8Array,
): Promise<{ full: boolean; documents: string[]; cursor: Uint8Array }> {
  const peer = new NativePeer(relay, 3, token)
  peer.askChanges(cursor)
  await relay.write()
  const answers = peer.take('changed')
  const last = answers.at(-1)!
  peer.lose()
  return { full: last.full, documents: listed(answers), cursor: last.cursor }
}

test('[L1] from the beginning all documents are told, later those that were committed to since', async () => {
  await write('a', 'b', 'c')
  const first = await changes('3')
  expect(first).toMatchObject({ full: true, documents: ['a', 'b', 'c'] })
  expect(await changes('3', first.cursor)).toMatchObject({ full: false, documents: [] })
  await write('b', 'd', 'b')
  const second = await changes('3', first.cursor)
  expect(second).toMatchObject({ full: false, documents: ['d', 'b'] })
  expect(await changes('3', second.cursor)).toMatchObject({ full: false, documents: [] })
})

test('[S1] nobody hears of a document that its token may not read, neither at once nor later', async () => {
  letRead('ana', ['ana/', 'all/'])
  await write('ana/1', 'ben/1', 'all/1')
  const { cursor, documents } = await changes('ana')
  expect(documents).toEqual(['ana/1', 'all/1'])
  const ana = new NativePeer(relay, 1, 'ana')
  ana.askChanges(cursor, true)
  await relay.write()
  ana.take('changed')
  await write('ben/2', 'all/2')
  await letTimePass(changesGatherMs)
  await write('ben/3')
  await letTimePass(changesGatherMs)
  expect(listed(ana.take('changed'))).toEqual(['all/2'])
  expect((await changes('ana', cursor)).documents).toEqual(['all/2'])
})

test('[S1] the rights to each document are told with it, so that one knows before one types', async () => {
  letRead('ana', ['a'])
  await write('a')
  const peer = new NativePeer(relay, 1, 'ana')
  peer.askChanges()
  await relay.write()
  const [answer] = peer.take('changed')
  expect(answer?.documents).toEqual([{ document: 'a', epoch: firstEpoch, position: 1, rights: right.read }])
})

test('[S1] a grant that has to ask an application is asked before anything is told', async () => {
  const known = new Map<string, number>()
  const asked: string[] = []
  const grant: LiveGrant = {
    ...unchanging({
      tenant: '',
      subject: 'app',
      expiresAt: undefined,
      rightsVersion: 1,
      rightsOf: (document) => known.get(document),
    }),
    ask: async (document) => {
      asked.push(document)
      if (document !== 'unsaid') known.set(document, document === 'open' ? readAndWrite : 0)
      return undefined
    },
  }
  relay.grants.set('app', grant)
  await write('open', 'shut', 'unsaid')
  const peer = new NativePeer(relay, 1, 'app')
  peer.askChanges(undefined, true)
  await relay.write()
  expect(listed(peer.take('changed'))).toEqual(['open'])
  expect(asked).toEqual(['open', 'shut', 'unsaid'])
  known.delete('open')
  await write('open')
  await letTimePass(changesGatherMs)
  expect(listed(peer.take('changed'))).toEqual(['open'])
})

test('[C2] other rights, another subject, another branch, a forged cursor: the whole list', async () => {
  letRead('ana', ['a'], 1)
  await write('a1', 'b1')
  const { cursor } = await changes('ana')
  letRead('ben', ['a'], 1)
  expect(await changes('ben', cursor)).toMatchObject({ full: true, documents: ['a1'] })
  for (let index = 0; index < cursor.length; index++) {
    const forged = Uint8Array.from(cursor)
    forged[index]! ^= 1
    expect(await changes('ana', forged)).toMatchObject({ full: true })
  }
  expect(await changes('ana', cursor.subarray(0, -1))).toMatchObject({ full: true })
  letRead('ana', ['a', 'b'], 2)
  expect(await changes('ana', cursor)).toMatchObject({ full: true, documents: ['a1', 'b1'] })
})

test('[C2] a cursor outlives a restart of the relay, but not the loss of what it stands for', async () => {
  await write('a')
  const backup = relay.disk.copy()
  await write('b')
  const { cursor } = await changes('3')
  relay.die()
  await relay.start()
  await write('c')
  expect(await changes('3', cursor)).toMatchObject({ full: false, documents: ['c'] })
  relay = await new TestRelay(backup).start()
  expect(await changes('3', cursor)).toMatchObject({ full: true, documents: ['a'] })
})

test('[L1] who follows is told of commits, gathered over a moment and each document once', async () => {
  const ana = new NativePeer(relay, 1)
  ana.askChanges(undefined, true)
  await relay.write()
  expect(ana.take('changed')).toMatchObject([{ full: true, more: false, documents: [] }])
  await write('a', 'b', 'a')
  expect(ana.take('changed')).toEqual([])
  await letTimePass(changesGatherMs)
  const [news, ...more] = ana.take('changed')
  expect(more).toEqual([])
  expect(news).toMatchObject({ full: false, more: false })
  expect(news?.documents.map(({ document, position }) => [document, position])).toEqual([
    ['b', 2],
    ['a', 3],
  ])
  expect((await changes('3', news?.cursor)).documents).toEqual([])
  await letTimePass(changesGatherMs)
  expect(ana.take('changed')).toEqual([])
})

test('[B1] who reads slowly is not told of each commit: it gets one list when it reads again', async () => {
  const ana = new NativePeer(relay, 1)
  ana.askChanges(undefined, true)
  await relay.write()
  ana.take('changed')
  ana.fill()
  await write('a')
  await letTimePass(changesGatherMs)
  await write('b', 'a')
  await letTimePass(changesGatherMs)
  expect(ana.take('changed')).toEqual([])
  ana.drain()
  await relay.write()
  expect(listed(ana.take('changed'))).toEqual(['b', 'a'])
})

test('[S1] a new token with other rights gets the whole list by itself, the same rights nothing', async () => {
  await write('a', 'b')
  const grant = letRead('one', ['a'], 1)
  const ana = new NativePeer(relay, 1, 'one')
  ana.askChanges(undefined, true)
  await relay.write()
  expect(listed(ana.take('changed'))).toEqual(['a'])
  relay.grants.set('same', grant)
  ana.say({ type: 'authenticate', token: 'same' })
  await relay.write()
  expect(ana.take('changed')).toEqual([])
  relay.grants.set('more', { ...letRead('two', ['a', 'b'], 2), subject: 'one' })
  ana.say({ type: 'authenticate', token: 'more' })
  await relay.write()
  const answers = ana.take('changed')
  expect(answers.map(({ full }) => full)).toEqual([true])
  expect(listed(answers)).toEqual(['a', 'b'])
})

test('[B1] 10,000 documents are told in bounded parts, and at rest they are checked in under 500 bytes', async () => {
  const documents = Array.from({ length: 10_000 }, (_, index) => {
    const last = index + 1
    const state = { epoch: firstEpoch, servedFrom: 0, foldedThrough: 0, last, stage: 0 } as const
    return { document: `documents/number ${last}`, state, lastWas: 0 }
  })
  const nothing = { rows: [], keep: [], forget: [], claims: [], begin: [], cleanUp: [], branch: undefined }
  relay.die()
  const store = new RelayStore(relay.disk.open(), 'synced')
  const written = store.write('', { ...nothing, documents, headWas: 0, head: documents.length })
  relay.disk.settle()
  await written
  relay.disk.crash('kill')
  await relay.start()
  const newcomer = new NativePeer(relay, 1)
  newcomer.askChanges()
  await relay.write()
  const answers = newcomer.take('changed')
  expect(answers.length).toBeGreaterThan(1)
  expect(Math.max(...answers.map((answer) => answer.documents.length))).toBeLessThanOrEqual(1_024)
  expect(answers.map(({ more }) => more)).toEqual(answers.map((_, index) => index < answers.length - 1))
  expect(answers.slice(0, -1).every(({ cursor }) => cursor.length === 0)).toBe(true)
  expect(new Set(listed(answers)).size).toBe(10_000)
  const back = new NativePeer(relay, 1)
  back.askChanges(answers.at(-1)?.cursor, true)
  await relay.write()
  expect(back.take('changed')).toMatchObject([{ full: false, more: false, documents: [] }])
  // Both ways, with the greeting and the token.
  expect(back.bytesSaid + back.bytesHeard).toBeLessThan(500)
})
