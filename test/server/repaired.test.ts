// repaired.test.ts — a disk that was repaired while the relay runs, and has lost the end of its log: what is written from
// then on takes the positions of what is gone, and nothing that was read before may be taken for it.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { changesSince } from '../../server/changes-visit.ts'
import { StoreError } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { grantFor, NativePeer, TestRelay } from '../host-peers.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const diskOptions = { chance: chanceFrom(1), writeWaits: () => undefined }

test('[C2] [D1] who reads after a repair is given what is on the disk, not what was read before it', async () => {
  const relay = await new TestRelay(new SimulatedDisk(diskOptions)).start()
  const author = await opened(relay, 1)
  await writes(relay, author, 'one ', 'two ')
  const repaired = relay.disk.copy(diskOptions)
  await writes(relay, author, 'lost three ', 'lost four ')
  expect(textOf(await opened(relay, 2))).toContain('lost four')
  expect(await jsonOf(relay)).toContain('lost four')

  relay.putBack(repaired)
  await relay.write()
  expect(author.ended).toHaveLength(1)

  const other = await opened(relay, 3)
  await writes(relay, other, 'new three ', 'new four ')
  expect(other.take('ack').flatMap(({ ranges }) => ranges)).toHaveLength(2)
  const newcomer = textOf(await opened(relay, 4))
  for (const words of ['one', 'two', 'new three', 'new four']) expect(newcomer).toContain(words)
  expect(newcomer).not.toContain('lost')
  // The Y.Doc that differences and folds are made of is another one too.
  expect(await jsonOf(relay)).toContain('new four')
  expect(await jsonOf(relay)).not.toContain('lost')
})

test('[C2] who reads a document without a socket after a repair is given what is on the disk', async () => {
  const relay = await new TestRelay(new SimulatedDisk(diskOptions)).start()
  const author = await opened(relay, 1)
  await writes(relay, author, 'one ')
  const repaired = relay.disk.copy(diskOptions)
  await writes(relay, author, 'lost ')
  author.lose()
  await relay.write()
  expect(await jsonOf(relay)).toContain('lost')
  relay.putBack(repaired)
  await relay.write()
  expect(await jsonOf(relay)).toContain('one')
  expect(await jsonOf(relay)).not.toContain('lost')
})

test('[L1] what is asked without a socket when the disk is repaired has its answer', async () => {
  const relay = await new TestRelay(new SimulatedDisk(diskOptions)).start()
  const repaired = relay.disk.copy(diskOptions)
  relay.disk.stall()
  const changes = changesSince(relay.host.connectionHost, grantFor(3, 'asked'), new Uint8Array())
  const purged = relay.host.purge('', 'story').then(
    () => 'purged',
    (error: unknown) => error,
  )
  await relay.think()
  relay.putBack(repaired)
  expect(await changes).toBe(undefined)
  // Whether it came to the disk nobody knows: it is to be asked for again.
  expect(await purged).toBeInstanceOf(StoreError)
  expect(relay.host.state.nativeLinks).toBe(0)
})

async function opened(relay: TestRelay, name: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  await relay.write()
  peer.open()
  await relay.write()
  return peer
}

async function writes(relay: TestRelay, peer: NativePeer, ...words: string[]): Promise<void> {
  for (const word of words) {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, word)
    peer.push(Y.encodeStateAsUpdate(doc))
    await relay.write()
  }
}

function textOf({ heard }: NativePeer): string {
  const doc = new Y.Doc()
  for (const message of heard) {
    if (message.type === 'delivery') for (const update of message.updates) Y.applyUpdate(doc, update)
    if (message.type === 'piece') Y.applyUpdate(doc, message.update)
  }
  return doc.getText('text').toString()
}

async function jsonOf(relay: TestRelay): Promise<string> {
  const reading = relay.host.reading.read({ tenant: '', document: 'story' }, 'json')
  await relay.write()
  return new TextDecoder().decode((await reading)?.bytes)
}
