// What the relay says to a stock client, frame by frame, on real sockets: the rules that y-websocket counts on.
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stockSilenceMsMax } from '../../shared/limits.ts'
import {
  decodeStockFrame,
  emptyUpdate,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  keepAliveFrame,
} from '../../shared/stock-wire.ts'
import type { StockMessage } from '../../shared/stock-wire.ts'
import { Link } from '../../server/link.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'

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

test('[W1] text, unknown types and queries for presence are passed over', async () => {
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

test('[S1] pages of other machines are closed with 4403, those of this machine are welcome', async () => {
  for (const origin of [
    'https://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.evil',
    'null',
  ]) {
    expect(await new RawPeer('story', { origin }).closed, origin).toMatchObject({ code: 4403 })
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
  expect(page.headers.get('location')).toBe('/stock/')
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

test('[L1] a link on which nothing was sent for 20 s gets a sign of life that changes nothing', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const accepted = once(server, 'connection')
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}`)
  const message = once(socket, 'message')
  const [serverSocket] = await accepted
  const link = new Link(serverSocket, () => undefined)
  link.keepAlive(Date.now() + stockSilenceMsMax)
  const [content] = await message
  expect(new Uint8Array(content)).toEqual(keepAliveFrame)
  socket.terminate()
  server.close()
})
