// Several unchanged y-websocket clients on the real relay: what each may do alone, and what all have afterwards.
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient, areStructurallyEqual } from '../stock-client.ts'

let relay: RelayProcess
let clients: StockClient[]

beforeEach(async () => {
  relay = await startRelayProcess()
  clients = []
})

afterEach(async () => {
  for (const client of clients) client[Symbol.dispose]()
  await relay[Symbol.asyncDispose]()
})

async function join(document = 'story'): Promise<StockClient> {
  const client = new StockClient(relay.url, document)
  clients.push(client)
  await client.synced()
  return client
}

async function allEqual(): Promise<void> {
  const docs = clients.map((client) => client.doc)
  await eventually(docs, () => areStructurallyEqual(docs))
}

test('[C1] two who type at the same place at the same time end with one text that has both', async () => {
  const ana = await join()
  const ben = await join()
  ana.write('The sea ')
  await eventually([ben.doc], () => ben.words === 'The sea ')
  ana.write('was calm.')
  ben.write('was loud.')
  await allEqual()
  await eventually([ana.doc], () => ana.words.includes('was loud.'))
  expect(ana.words).toBe(ben.words)
  expect(ana.words).toContain('was calm.')
})

test('[C1] one writes on while away, the other too; both texts meet when the first comes back', async () => {
  const ana = await join()
  const ben = await join()
  ana.write('Monday. ')
  await allEqual()
  ana.goOffline()
  ana.write('Written in the train. ')
  ben.write('Written at the desk. ', 0)
  await ana.comeBack()
  await eventually([ben.doc], () => ben.words.includes('train'))
  await allEqual()
  expect(ana.words).toContain('desk')
})

test('[C1] both delete overlapping parts: what one deleted is gone, what nobody deleted stays', async () => {
  const ana = await join()
  const ben = await join()
  ana.write('0123456789')
  await eventually([ben.doc], () => ben.words === '0123456789')
  ana.goOffline()
  ben.goOffline()
  ana.delete(2, 4)
  ben.delete(4, 4)
  await Promise.all([ana.comeBack(), ben.comeBack()])
  await eventually([ana.doc, ben.doc], () => ana.words === '0189' && ben.words === '0189')
  await allEqual()
})

test('[D2] after SIGKILL of the relay a newcomer finds all that anyone was shown', async () => {
  const ana = await join()
  const ben = await join()
  ana.write('Shown to Ben.')
  await eventually([ben.doc], () => ben.words === 'Shown to Ben.')
  const { data, port } = relay
  await relay.kill()
  for (const client of clients) client.goOffline()
  relay = await startRelayProcess({ data, port })
  const eve = await join()
  expect(eve.words).toBe('Shown to Ben.')
})

test('[L1] clients come back by themselves after SIGKILL, with what they wrote meanwhile', async () => {
  const ana = await join()
  const ben = await join()
  const { data, port } = relay
  await relay.kill()
  ana.write('Ana wrote while the relay was dead. ')
  ben.write('Ben too. ')
  relay = await startRelayProcess({ data, port })
  await eventually([ana.doc, ben.doc], () => ana.words.includes('Ben') && ben.words.includes('Ana'))
  await allEqual()
})

test('[C2] one who joins late gets a document that was written in thousands of edits', async () => {
  const ana = await join()
  const ben = await join()
  for (let n = 0; n < 3000; n++) ana.write(n % 50 === 0 ? '\n' : 'x', n % 7 === 0 ? 0 : ana.text.length)
  ana.delete(100, 500)
  await eventually([ben.doc], () => ben.text.length === 2500)
  const eve = await join()
  expect(eve.words).toBe(ana.words)
  await allEqual()
})

test('[C2] a document of several megabytes arrives in pieces that are whole before «synced» is said', async () => {
  const ana = await join()
  for (let n = 0; n < 40; n++) ana.write(String(n).padStart(100_000, 'ab'))
  const ben = await join()
  await eventually([ben.doc], () => ben.text.length === 4_000_000)
  const eve = await join()
  expect(eve.text.length).toBe(4_000_000)
  await allEqual()
})

test('[S1] documents with similar names do not mix', async () => {
  const names = ['a', 'a/b', 'a%2Fb', 'ab', '', '__proto__', '..%2Fa', 'ü']
  const writers = await Promise.all(names.map((name) => join(name)))
  for (const [n, writer] of writers.entries()) writer.write(`only ${n}`)
  const readers = await Promise.all(names.map((name) => join(name)))
  await eventually(
    readers.map((reader) => reader.doc),
    () => readers.every((reader, n) => reader.words === `only ${n}`),
  )
})

test('[C1] maps and arrays merge as well as text', async () => {
  const ana = await join()
  const ben = await join()
  ana.goOffline()
  ben.goOffline()
  ana.doc.getMap('settings').set('colour', 'blue')
  ben.doc.getMap('settings').set('size', 12)
  ana.doc.getArray('list').push(['apples'])
  ben.doc.getArray('list').push(['pears', new Y.Map([['ripe', true]])])
  await Promise.all([ana.comeBack(), ben.comeBack()])
  const docs = [ana.doc, ben.doc]
  await eventually(docs, () =>
    docs.every((doc) => doc.getArray('list').length === 3 && doc.getMap('settings').size === 2),
  )
  await allEqual()
  expect(ana.doc.getMap('settings').toJSON()).toEqual({ colour: 'blue', size: 12 })
})
