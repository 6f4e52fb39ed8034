// What the relay says to a stock client, frame by frame, on real sockets: the rules that y-websocket counts on.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  decodeStockFrame,
  encodeAwareness,
  emptyUpdate,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
} from '../../shared/stock-wire.ts'
import type { StockMessage } from '../../shared/stock-wire.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'

let relay: RelayProcess
let peers: RawPeer[]

beforeEach(async () => {
  relay = await startRelayProcess()
  peers = []
})

afterEach(async () => {
  for (const peer of peers) peer.socket.terminate()
  await relay[Symbol.asyncDispose]()
})

/** A socket and the frames that came in, to be taken one after the other. */
class RawPeer {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #frames: Uint8Array[] = []
  #arrived: (() => void) | undefined

  constructor(path: string, options: { origin?: string; protocols?: string[] } = {}) {
    const { origin, protocols = [] } = options
    this.socket = new WebSocket(`${relay.url}/${path}`, protocols, origin === undefined ? {} : { origin })
    this.socket.on('message', (content: Buffer) => {
      this.#frames.push(new Uint8Array(content))
      this.#arrived?.()
    })
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    peers.push(this)
  }

  async open(): Promise<this> {
    await once(this.socket, 'open')
    return this
  }

  async frame(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** The next frame, which holds one message, as the clients up to 3.x need it. */
  async message(): Promise<StockMessage> {
    const messages = decodeStockFrame(await this.frame())
    expect(messages).toHaveLength(1)
    return messages[0]!
  }
}

function textUpdate(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

test('[L1] the relay speaks first, and answers every step 1 even with nothing', async () => {
  const peer = await new RawPeer('story').open()
  expect(await peer.message()).toEqual({ type: 'step1', stateVector: Uint8Array.of(0) })
  for (let n = 0; n < 3; n++) {
    peer.socket.send(encodeStep1(Uint8Array.of(0)))
    expect(await peer.message()).toEqual({ type: 'step2', update: emptyUpdate })
  }
})

test('[L1] a client that never asks is sent what others write and who is there, all the same', async () => {
  const silent = await new RawPeer('story').open()
  expect((await silent.message()).type).toBe('step1')
  const author = await new RawPeer('story').open()
  await author.frame()
  const update = textUpdate('news')
  author.socket.send(encodeUpdate(update))
  expect(await silent.message()).toEqual({ type: 'update', update })
  author.socket.send(encodeAwareness([{ client: 7, clock: 3, state: '{"name":"Ana"}' }]))
  expect(await silent.message()).toEqual({
    type: 'awareness',
    entries: [{ client: 7, clock: 3, state: '{"name":"Ana"}' }],
  })
})

test('[P1] who says where it is hears it back: for clients up to 3.x that is the sign of life they wait for', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  peer.socket.send(encodeStep2(emptyUpdate))
  const entries = [{ client: 7, clock: 3, state: '{}' }]
  peer.socket.send(encodeAwareness(entries))
  expect(await peer.message()).toEqual({ type: 'awareness', entries })
})

test('[L1] frames that arrive before the document was read are answered, not lost', async () => {
  const peer = new RawPeer('story')
  peer.socket.on('open', () => {
    peer.socket.send(encodeUpdate(textUpdate('early')))
    peer.socket.send(encodeStep1(Uint8Array.of(0)))
  })
  expect((await peer.message()).type).toBe('step1')
  const rest = [await peer.message(), await peer.message()].map((message) => message.type).toSorted()
  expect(rest).toEqual(['step2', 'update'])
})

test('[D1] the author gets an echo too: for 4.x clients it is the acknowledgement', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  const update = textUpdate('mine')
  peer.socket.send(encodeUpdate(update))
  expect(await peer.message()).toEqual({ type: 'update', update })
})

test('[B1] a step 2 that repeats what the log has is echoed and not stored again', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  const update = textUpdate('once')
  peer.socket.send(encodeUpdate(update))
  await peer.frame()
  const other = await new RawPeer('story').open()
  await other.frame()
  for (let n = 0; n < 5; n++) {
    peer.socket.send(encodeStep2(update))
    expect(await peer.message()).toEqual({ type: 'update', update })
  }
  // Had it been stored, the other would have been sent it.
  other.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await other.message()).toEqual({ type: 'step2', update })
})

test('[W1] text, unknown types and queries for presence end nothing', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  for (const frame of [
    'hello',
    Uint8Array.of(99, 1),
    Uint8Array.of(3),
    Uint8Array.of(0, 77),
    new Uint8Array(0),
  ]) {
    peer.socket.send(frame)
  }
  peer.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await peer.message()).toEqual({ type: 'step2', update: emptyUpdate })
})

test('[W1] malformed bytes end the link of who sent them, for good, and nobody else notices', async () => {
  const other = await new RawPeer('story').open()
  await other.frame()
  const malformed = [
    encodeUpdate(Uint8Array.of(1, 2, 3)),
    encodeStep2(textUpdate('cut').subarray(0, 9)),
    encodeStep1(Uint8Array.of(5)),
    Uint8Array.of(0, 2, 200, 1),
  ]
  for (const frame of malformed) {
    const peer = await new RawPeer('story').open()
    peer.socket.send(frame)
    expect(await peer.closed).toMatchObject({ code: 4400 })
  }
  other.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await other.message()).toEqual({ type: 'step2', update: emptyUpdate })
})

test('[S1] pages of other machines are closed with 4406, those of this machine are welcome', async () => {
  for (const origin of [
    'https://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.evil',
    'null',
  ]) {
    expect(await new RawPeer('story', { origin }).closed, origin).toMatchObject({ code: 4406 })
  }
  for (const origin of [
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://[::1]:80',
    'https://localhost',
  ]) {
    const peer = new RawPeer('story', { origin })
    expect((await peer.message()).type, origin).toBe('step1')
  }
})

test('[B1] a name of more than 1,024 bytes is closed with 4414', async () => {
  expect(await new RawPeer('x'.repeat(1025)).closed).toMatchObject({ code: 4414 })
})

test('a sub-protocol that was offered is taken up, unless it looks like a token', async () => {
  const peer = await new RawPeer('story', { protocols: [`secret.${'x'.repeat(64)}`, 'chat'] }).open()
  expect(peer.socket.protocol).toBe('chat')
})

test('health checks of a stock server get their four letters, people get the page', async () => {
  const address = relay.url.replace('ws:', 'http:')
  expect(await (await fetch(address)).text()).toBe('okay')
  const page = await fetch(address, { headers: { accept: 'text/html' }, redirect: 'manual' })
  expect(new URL(page.headers.get('location') ?? '', address).pathname).toBe('/notebook/')
  expect((await fetch(`${address}/../../package.json`)).status).toBe(404)
})

test('[D1] SIGTERM commits what was accepted and ends with code 0', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  const update = textUpdate('last words')
  peer.socket.send(encodeUpdate(update))
  await peer.frame()
  const { data } = relay
  expect(await relay.kill('SIGTERM')).toBe(0)
  expect(await peer.closed).toMatchObject({ code: 1001 })
  relay = await startRelayProcess({ data })
  const next = await new RawPeer('story').open()
  await next.frame()
  next.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await next.message()).toEqual({ type: 'step2', update })
})

test('[C2] a large document arrives in several pieces, and what is written meanwhile comes after them', async () => {
  const author = await new RawPeer('long').open()
  await author.frame()
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update) => updates.push(update))
  for (let n = 0; n < 30; n++) doc.getText('text').insert(0, String(n).padEnd(100_000, 'ab'))
  for (const update of updates.splice(0)) {
    author.socket.send(encodeUpdate(update))
    await author.frame()
  }
  const reader = await new RawPeer('long').open()
  await reader.frame()
  reader.socket.pause()
  reader.socket.send(encodeStep1(Uint8Array.of(0)))
  doc.getText('text').insert(0, 'written while the reader reads')
  author.socket.send(encodeUpdate(updates[0]!))
  await author.frame()
  reader.socket.resume()
  const received = new Y.Doc()
  let pieces = 0
  for (;;) {
    const frame = await reader.frame()
    expect(frame.length).toBeLessThan(1.2 * 1024 * 1024)
    const [message] = decodeStockFrame(frame)
    if (message?.type !== 'update' && message?.type !== 'step2') throw new Error('an update was awaited')
    Y.applyUpdate(received, message.update)
    expect(received.store.pendingStructs).toBeNull()
    if (message.type === 'step2') break
    pieces++
  }
  expect(pieces).toBeGreaterThan(1)
  while (received.getText('text').length < doc.getText('text').length) {
    const message = await reader.message()
    if (message.type === 'update') Y.applyUpdate(received, message.update)
  }
  expect(received.getText('text').toString()).toBe(doc.getText('text').toString())
})

test('[B1] for a reader that does not read nothing is kept but its place in the log', async () => {
  const sleeper = await new RawPeer('story').open()
  await sleeper.frame()
  sleeper.socket.pause()
  const author = await new RawPeer('story').open()
  await author.frame()
  const written = new Y.Doc()
  const updates: Uint8Array[] = []
  written.on('update', (update) => updates.push(update))
  for (let n = 0; n < 12; n++) written.getText('text').insert(0, String(n).repeat(2_000_000))
  for (const update of updates) {
    author.socket.send(encodeUpdate(update))
    await author.frame()
  }
  sleeper.socket.resume()
  const received = new Y.Doc()
  while (received.getText('text').length < written.getText('text').length) {
    const message = await sleeper.message()
    if (message.type === 'update') Y.applyUpdate(received, message.update)
  }
  expect(received.getText('text').toString() === written.getText('text').toString()).toBe(true)
})

test('[B1] a frame with more messages than any client writes is refused at once', async () => {
  const peer = await new RawPeer('story').open()
  peer.socket.send(new Uint8Array(2 * 1024 * 1024).fill(3))
  expect(await peer.closed).toMatchObject({ code: 4400 })
})

test('[C2] an update that Yjs reads but cannot apply is refused, and the document stays readable', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  const doc = new Y.Doc()
  doc.clientID = 5
  doc.getText('text').insert(0, 'hello')
  const honest = Y.encodeStateAsUpdate(doc)
  peer.socket.send(encodeUpdate(honest))
  await peer.frame()
  // One letter of client 7 at clock 0, whose origin is clock 9 of client 7.
  peer.socket.send(encodeUpdate(Uint8Array.of(1, 1, 7, 0, 0x84, 7, 9, 1, 0x61, 0)))
  expect(await peer.closed).toMatchObject({ code: 4400 })
  const newcomer = await new RawPeer('story').open()
  await newcomer.frame()
  newcomer.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await newcomer.message()).toEqual({ type: 'step2', update: honest })
})

test('[W1] after a link was closed nothing more of it is read', async () => {
  const other = await new RawPeer('story').open()
  await other.frame()
  const peer = await new RawPeer('story').open()
  await peer.frame()
  peer.socket.send(encodeUpdate(Uint8Array.of(1, 2, 3)))
  peer.socket.send(encodeUpdate(textUpdate('too late')))
  expect(await peer.closed).toMatchObject({ code: 4400 })
  other.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await other.message()).toEqual({ type: 'step2', update: emptyUpdate })
})

test('[C1] an update that came before what it builds on is kept apart, asked for, and shown when it is whole', async () => {
  const peer = await new RawPeer('story').open()
  await peer.frame()
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update) => updates.push(update))
  doc.getText('text').insert(0, 'first')
  doc.getText('text').insert(5, 'second')
  // Every client answers what it is asked at its coming; before, it would be asked twice for the same.
  peer.socket.send(encodeStep2(emptyUpdate))
  peer.socket.send(encodeUpdate(updates[1]!))
  expect(await peer.message()).toEqual({ type: 'step1', stateVector: Uint8Array.of(0) })
  // A client that has no more to say is not asked for ever.
  peer.socket.send(encodeStep2(updates[1]!))
  peer.socket.send(encodeStep1(Uint8Array.of(0)))
  expect(await peer.message()).toEqual({ type: 'step2', update: emptyUpdate })
  peer.socket.send(encodeStep2(Y.encodeStateAsUpdate(doc)))
  const received = new Y.Doc()
  while (received.getText('text').toString() !== 'firstsecond') {
    const message = await peer.message()
    if (message.type === 'update') Y.applyUpdate(received, message.update)
  }
})

test('[S1] the relay listens on 127.0.0.1 and on no other address', async () => {
  const elsewhere = new WebSocket(relay.url.replace('127.0.0.1', '127.0.0.2'))
  const [error] = await once(elsewhere, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
})

test('[D2] what a full disk refuses is shown to nobody, and what was shown is there when it has room again', async () => {
  const small = await startRelayProcess({ fileBytesMax: 256 * 1024 })
  const shown = new Y.Doc()
  const author = new WebSocket(`${small.url}/story`)
  const refused = new Promise<void>((resolve) => {
    void small.says(/refuses/).then(resolve)
  })
  author.on('message', (content: Buffer) => {
    const [message] = decodeStockFrame(content)
    if (message?.type === 'update') Y.applyUpdate(shown, message.update)
  })
  await once(author, 'open')
  for (let n = 0; n < 10; n++) author.send(encodeUpdate(textUpdate(String(n).repeat(50_000))))
  await refused
  author.terminate()
  const { data } = small
  await small.kill()
  const again = await startRelayProcess({ data })
  const reader = new StockClient(again.url, 'story')
  await reader.synced()
  expect(Y.snapshotContainsUpdate(Y.snapshot(reader.doc), Y.encodeStateAsUpdate(shown))).toBe(true)
  expect(reader.text.length).toBeLessThan(500_000)
  reader[Symbol.dispose]()
  await again[Symbol.asyncDispose]()
  await small[Symbol.asyncDispose]()
})
