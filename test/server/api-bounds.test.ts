// Documents over HTTP, and people who do not do their part: who read nothing, send half, are many, or go away.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import * as Y from 'yjs'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { problemOf } from '../../server/api-problem.ts'
import { ApiSending } from '../../server/api-sending.ts'
import { Bodies } from '../../server/body.ts'
import type { ListeningRelay } from '../../server/listening.ts'
import type { Config } from '../../server/option-sources.ts'
import { RelayHost } from '../../server/relay-host.ts'
import { Shares } from '../../server/shares.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { secret, tokenOf } from './sign-in-place.ts'

let data: string
let relay: ListeningRelay | undefined
let lines: JournalLine[]
const open: Socket[] = []

beforeEach(async () => {
  data = await temporaryFolder()
})

afterEach(async () => {
  vi.useRealTimers()
  for (const line of open.splice(0)) line.destroy()
  await relay?.close()
  relay = undefined
  await rm(data, { recursive: true })
})

async function start(config: Config = {}): Promise<number> {
  lines = []
  relay = await relayForTest({ data, ...config }, { lines })
  return relay.port
}

function asked(port: number, path: string, request: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, request)
}

/** A line on which something was said, and of which nothing is read. */
async function saying(port: number, words: string): Promise<Socket> {
  const line = connect(port, '127.0.0.1')
  open.push(line)
  line.on('error', () => undefined)
  line.pause()
  await once(line, 'connect')
  line.write(`${words.replaceAll('\n', '\r\n')}\r\n\r\n`)
  return line
}

/** What is heard until the other side ends it. */
async function heard(line: Socket): Promise<string> {
  let text = ''
  line.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  line.resume()
  await once(line, 'close')
  return text
}

function largeUpdate(megabytes: number): Uint8Array<ArrayBuffer> {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x'.repeat(megabytes * 1_000_000))
  return new Uint8Array(Y.encodeStateAsUpdate(doc))
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await asked(port, '/metrics')).text()
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1])
}

async function untilMetric(port: number, name: string, holds: (value: number) => boolean): Promise<void> {
  while (!holds(await metric(port, name))) await new Promise(setImmediate)
}

const unsent = 'syncline_unsent_bytes'

test('[B1] one who takes of a share leaves something to others, and gets back what was given back', () => {
  const shares = new Shares({ ofAllMax: 4, ofOneMax: 3 })
  expect([1, 1, 1, 1].map((amount) => shares.take('ann', amount))).toEqual([true, true, true, false])
  expect(shares.take('bob', 1)).toBe(true)
  expect(shares.take('bob', 1)).toBe(false)
  shares.giveBack('ann', 2)
  expect(shares.take('bob', 2)).toBe(true)
  expect(shares.take('ann', 1)).toBe(false)
})

test('[B1] readers that take nothing hold their places, are counted, and leave some to other tenants', async () => {
  const port = await start({ tokenSecret: secret })
  const bearer = async (tenant: string) => {
    const documents = [{ pattern: '*', rights: 'write' }]
    return { authorization: `Bearer ${await tokenOf({ sub: 'ann', tenant, documents })}` }
  }
  const [slow, other] = [await bearer('slow'), await bearer('other')]
  const path = '/v1/documents/big'
  for (const headers of [slow, other]) {
    const appended = await asked(port, path, { method: 'POST', headers, body: largeUpdate(8) })
    expect(appended.status).toBe(200)
  }
  for (let reader = 0; reader < 20; reader++) {
    await saying(port, `GET ${path} HTTP/1.1\nHost: 127.0.0.1\nAuthorization: ${slow.authorization}`)
  }
  // Some of it fits into the buffers of the operating system.
  await untilMetric(port, unsent, (bytes) => bytes > 12 * 1_000_000)
  expect(await metric(port, unsent)).toBeLessThan(12 * 8_100_000)
  const refused = await asked(port, path, { headers: slow })
  expect(await refused.json()).toMatchObject({ code: 'busy' })
  const read = await asked(port, path, { headers: other })
  expect((await read.arrayBuffer()).byteLength).toBeGreaterThan(8_000_000)
  for (const line of open) line.destroy()
  await untilMetric(port, unsent, (bytes) => bytes === 0)
  expect((await asked(port, path, { headers: slow })).status).toBe(200)
})

test('[B1] what readers have not taken counts in how much the relay has to do, answers over HTTP too', async () => {
  const look = vi.spyOn(RelayHost.prototype, 'look')
  onTestFinished(() => look.mockRestore())
  const port = await start()
  const path = '/v1/documents/big'
  await asked(port, path, { method: 'POST', body: largeUpdate(8) })
  const counted = new Promise<void>((resolve) =>
    look.mockImplementation((_lateMs, unsentBytes) => void (unsentBytes > 8_000_000 && resolve())),
  )
  for (let reader = 0; reader < 3; reader++) await saying(port, `GET ${path} HTTP/1.1\nHost: 127.0.0.1`)
  await counted
})

async function server(answer: Parameters<typeof createServer>[1]): Promise<[Server, number]> {
  const http = createServer(answer ?? (() => undefined))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return [http, (http.address() as AddressInfo).port]
}

test('[B1] a reader that takes nothing for so long is given no more, one that reads has all of it', async () => {
  const sending = new ApiSending()
  const bytes = new Uint8Array(30_000_000).fill(120)
  const [, port] = await server((_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    void sending.send(response, bytes)
  })
  const ended = saying(port, 'GET / HTTP/1.1\nHost: 127.0.0.1')
  const line = await ended
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  while (sending.unsentBytes === 0) await new Promise(setImmediate)
  while (sending.unsentBytes > 0) {
    await new Promise(setImmediate)
    vi.advanceTimersByTime(1_000)
  }
  vi.useRealTimers()
  expect((await heard(line)).length).toBeLessThan(bytes.length)
  expect((await (await asked(port, '/')).arrayBuffer()).byteLength).toBe(bytes.length)
  expect(sending.unsentBytes).toBe(0)
})

test('[B1] requests of which only half comes stop nobody else, and are told so after a while', async () => {
  const port = await start()
  for (let half = 0; half < 40; half++)
    await saying(port, 'POST /v1/documents/p HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 1000')
  const body = largeUpdate(0.01)
  expect((await asked(port, '/v1/documents/q', { method: 'POST', body })).status).toBe(200)
  expect((await asked(port, '/v1/documents/q')).status).toBe(200)

  const bodies = new Bodies()
  const [, own] = await server((request, response) => {
    bodies
      .workWith(request, { tenant: '', bytesMax: 2_000 }, async () => undefined)
      .then(
        () => response.end(),
        (error: unknown) => {
          const { status, headers, body: says } = problemOf(error)
          response.writeHead(status, headers).end(says.code)
        },
      )
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const half = await saying(own, 'POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 1000')
  const told = heard(half)
  while (!half.destroyed) {
    await new Promise(setImmediate)
    vi.advanceTimersByTime(1_000)
  }
  vi.useRealTimers()
  expect(await told).toMatch(/^HTTP\/1.1 408 [^]*too-slow/)
  // Too much is told as well, to who did not say beforehand how much it is.
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new Uint8Array(3_000))
      controller.close()
    },
  })
  const much = { method: 'POST', body: stream, duplex: 'half' } as const
  expect(await (await asked(own, '/', much)).text()).toBe('too-large')
})

test('[B1] many of whom it is still asked who they are stop nobody who is known', async () => {
  const waiting: (() => void)[] = []
  const port = await start({
    authenticate: async ({ token }) => {
      if (token !== 'good') await new Promise<void>((resolve) => waiting.push(resolve))
      return token === 'good' ? { subject: 'ann' } : undefined
    },
    authorize: () => 'write',
  })
  const strangers = Array.from({ length: 40 }, (_, n) =>
    asked(port, '/v1/documents', { headers: { authorization: `Bearer bad${n}` } }),
  )
  while (waiting.length < 40) await new Promise(setImmediate)
  expect((await asked(port, '/v1/documents', { headers: { authorization: 'Bearer good' } })).status).toBe(200)
  for (const answer of waiting) answer()
  for (const stranger of strangers) expect((await stranger).status).toBe(401)
})

test('[L1] a large update is appended to a document that nobody has open', async () => {
  const port = await start()
  for (const megabytes of [3, 6, 9]) {
    const body = largeUpdate(megabytes)
    const appended = await asked(port, `/v1/documents/large${megabytes}`, { method: 'POST', body })
    expect({ megabytes, answer: await appended.json() }).toEqual({ megabytes, answer: { status: 'durable' } })
  }
})

test('[T1] a request that is broken off is no fault of the relay', async () => {
  const port = await start({ logLevel: 'debug', tokenSecret: secret })
  const documents = [{ pattern: '*', rights: 'write' }]
  const authorization = `Bearer ${await tokenOf({ sub: 'root', documents, admin: true })}`
  for (const path of ['/v1/documents/p', '/v1/revocations']) {
    const head = `POST ${path} HTTP/1.1\nHost: 127.0.0.1\nAuthorization: ${authorization}\nContent-Length: 1000`
    const line = await saying(port, `${head}\n\nabc`)
    // It is under way when another that came after it was answered.
    await asked(port, '/v1/documents', { headers: { authorization } })
    line.destroy()
    await once(line, 'close')
    await asked(port, '/v1/documents', { headers: { authorization } })
  }
  await relay?.close()
  relay = undefined
  const codes = lines.map(({ code }) => code)
  expect(codes).toContain('drained')
  expect(codes.filter((code) => code === 'request-failed' || code === 'recheck-failed')).toEqual([])
})

test('[S1] who is not of this machine, or comes through a proxy, has neither documents nor sockets of a relay where nobody signs in', async () => {
  const port = await start()
  const headers = { 'x-forwarded-for': '203.0.113.9', host: 'sync.example.org' }
  for (const header of [headers, { 'x-forwarded-for': '203.0.113.9' }, { host: 'sync.example.org' }]) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/secret`, [], { headers: header })
    socket.on('error', () => undefined)
    const [, response] = await once(socket, 'unexpected-response')
    expect(response.statusCode).toBe(403)
    socket.terminate()
  }
  await asked(port, '/v1/documents', { headers: { 'x-forwarded-for': '203.0.113.9' } })
  expect(await metric(port, 'syncline_sign_in_refusals_total{code="not-local"}')).toBe(4)
})

test('[E1] every document that is listed can be read and purged, whatever its name; no path is cleaned into another’s', async () => {
  const port = await start()
  const body = largeUpdate(0.001)
  for (const name of ['.', '..', '', 'a/../b', 'b', 'ü +&']) {
    const path = `/v1/document?name=${encodeURIComponent(name)}`
    expect((await asked(port, path, { method: 'POST', body })).status, name).toBe(200)
  }
  const { documents } = await (await asked(port, '/v1/documents')).json()
  expect(new Set(documents.map(({ name }: { name: string }) => name))).toEqual(
    new Set(['.', '..', '', 'a/../b', 'b', 'ü +&']),
  )
  // Sent as it is, by a program that cleans nothing: the name is what stands there.
  const raw = await saying(port, 'GET /v1/documents/.. HTTP/1.1\nHost: 127.0.0.1\nConnection: close')
  expect(await heard(raw)).toMatch(/^HTTP\/1.1 200/)
  const purge = await saying(port, 'DELETE /v1/documents/a/../b HTTP/1.1\nHost: 127.0.0.1\nConnection: close')
  expect(await heard(purge)).toMatch(/^HTTP\/1.1 204/)
  expect((await asked(port, '/v1/documents/b')).status).toBe(200)
  expect((await asked(port, '/v1/document?name=a%2F..%2Fb')).status).toBe(410)
  for (const name of ['.', '..', '']) {
    const path = `/v1/document?name=${encodeURIComponent(name)}`
    expect((await asked(port, path)).status).toBe(200)
    expect((await asked(port, path, { method: 'DELETE' })).status).toBe(204)
  }
  expect((await asked(port, '/v1/document')).status).toBe(404)
})

test('[B1] connections that say nothing are not taken without end: the next is closed, and the journal tells of it', async () => {
  const port = await start({ socketsMax: 10 })
  const taken = Array.from({ length: 510 }, () => {
    const line = connect(port, '127.0.0.1')
    open.push(line)
    return once(line, 'connect')
  })
  await Promise.all(taken)
  const last = connect(port, '127.0.0.1')
  last.on('error', () => undefined)
  last.resume()
  await once(last, 'close')
  expect(lines.map(({ code }) => code)).toContain('connections-full')
  open.pop()?.destroy()
  const again = async (): Promise<boolean> => {
    try {
      return (await asked(port, '/health')).status === 200
    } catch {
      return again()
    }
  }
  expect(await again()).toBe(true)
})

test('[B1] a document takes no more than it may, but what makes room; what a fold takes away counts no more', async () => {
  const port = await start({ largestDocument: '512kb' })
  const append = (update: Uint8Array) =>
    asked(port, '/v1/documents/story', { method: 'POST', body: new Uint8Array(update) })
  // Written over and over, it is as small as its last value: no figure of what was ever written counts.
  const doc = new Y.Doc()
  let sent = Y.encodeStateVector(doc)
  const push = async () => {
    const update = Y.encodeStateAsUpdate(doc, sent)
    sent = Y.encodeStateVector(doc)
    return append(update)
  }
  for (let n = 0; n < 150; n++) {
    doc.getMap('fields').set('page', `${n}`.repeat(4_000))
    expect((await push()).status, `value ${n}`).toBe(200)
  }
  let refused: Response | undefined
  for (let n = 0; n < 100 && refused === undefined; n++) {
    doc.getText('text').insert(0, 'x'.repeat(10_000))
    const answer = await push()
    if (answer.status !== 200) refused = answer
  }
  expect(await refused?.json()).toMatchObject({ code: 'too-large' })
  const whole = await asked(port, '/v1/documents/story')
  expect(whole.status, JSON.stringify(lines.at(-1))).toBe(200)
  const bytes = new Uint8Array(await whole.arrayBuffer())
  const size = bytes.length
  expect(size).toBeGreaterThan(400_000)
  expect(size).toBeLessThan(660_000)
  // What was refused is not there, so the next edits go from what is.
  const reader = new Y.Doc()
  Y.applyUpdate(reader, bytes)
  const before = Y.encodeStateVector(reader)
  reader.getText('text').delete(0, reader.getText('text').length)
  expect(await append(Y.encodeStateAsUpdate(reader, before))).toMatchObject({ status: 200 })
})
