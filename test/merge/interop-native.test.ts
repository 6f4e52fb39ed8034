// The package's own client beside unchanged y-websocket clients of every version, on the real relay: one document, and
// everyone is seen by everyone, also after the relay was killed.
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { SynclineDocument } from '../../client/index.ts'
import { Device } from '../client/device.ts'
import { eventually } from '../eventually.ts'
import { InteropClient, editions } from '../interop-client.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'

let relay: RelayProcess
let device: Device
let native: SynclineDocument
let clients: InteropClient[]

beforeEach(async () => {
  relay = await startRelayProcess()
  device = new Device(relay.url)
  native = device.open('story')
  clients = editions.map((edition) => new InteropClient(edition, relay.url))
  await Promise.all(clients.map((client) => client.synced()))
})

afterEach(async () => {
  for (const client of clients) client[Symbol.dispose]()
  await device[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

const wordsOf = ({ doc }: SynclineDocument): string => doc.getText('text').toString()

async function everyone(hasAll: (words: string) => boolean): Promise<void> {
  await eventually([native.doc], () => hasAll(wordsOf(native)))
  await Promise.all(clients.map((client) => client.until(() => hasAll(client.words))))
}

/** The names of others that the native client sees. */
function seen(): string[] {
  const { awareness } = native
  const others = [...awareness.getStates()].filter(([client]) => client !== awareness.clientID)
  return others.map(([, state]) => String(state['name'])).toSorted()
}

function untilSeen(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return
      native.awareness.off('update', look)
      resolve()
    }
    native.awareness.on('update', look)
    look()
  })
}

async function everyoneSeesEveryone(): Promise<void> {
  const names = [...editions.map(({ name }) => name), 'native'].toSorted()
  const others = (name: string) => names.filter((other) => other !== name).join(', ')
  await untilSeen(() => seen().join(', ') === others('native'))
  await Promise.all(
    clients.map((client) => client.until(() => client.seen.join(', ') === others(client.edition.name))),
  )
}

test('[C1] clients of both wires and of every version end with one text, written together, offline and after SIGKILL', async () => {
  native.doc.getText('text').insert(0, 'native. ')
  for (const client of clients) client.write(`${client.edition.name}. `)
  await everyone(
    (words) => words.includes('native. ') && editions.every(({ name }) => words.includes(`${name}. `)),
  )
  const { data, port } = relay
  await relay.kill()
  native.doc.getText('text').insert(0, 'native, offline. ')
  for (const client of clients) client.write(`${client.edition.name}, offline. `)
  relay = await startRelayProcess({ data, port })
  await everyone(
    (words) =>
      words.includes('native, offline. ') &&
      editions.every(({ name }) => words.includes(`${name}, offline. `)),
  )
  for (const client of clients) {
    expect(client.words).toBe(wordsOf(native))
    const doc = new Y.Doc()
    Y.applyUpdate(doc, client.paper.encoded())
    expect(Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(native.doc))).toBe(true)
  }
})

test('[P1] everyone sees everyone, whichever wire, and again after the relay was killed', async () => {
  native.awareness.setLocalStateField('name', 'native')
  for (const client of clients) client.be(client.edition.name)
  await everyoneSeesEveryone()
  const { data, port } = relay
  await relay.kill()
  relay = await startRelayProcess({ data, port })
  await everyoneSeesEveryone()
  clients[0]!.goOffline()
  await untilSeen(() => !seen().includes(clients[0]!.edition.name))
  await native.close()
  await Promise.all(clients.slice(1).map((client) => client.until(() => !client.seen.includes('native'))))
})
