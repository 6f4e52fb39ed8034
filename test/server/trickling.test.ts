// People who are never silent, and never done: a byte now and then of a request, or of an answer.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { RequestListener, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import v8 from 'node:v8'
import vm from 'node:vm'
import * as Y from 'yjs'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { ApiSending } from '../../server/api-sending.ts'
import { Bodies } from '../../server/body.ts'
import { boundAnswer, boundedServer, exchangeMsMax } from '../../server/exchange-time.ts'
import { Journal } from '../../server/journal.ts'
import { ListeningRelay } from '../../server/listening.ts'
import { optionsFromConfig } from '../../server/option-sources.ts'
import { firstCertificate } from '../certificates.ts'
import { temporaryFolder } from '../relay-process.ts'
import { failingLevel } from './failing-level.ts'

const soon = { beginMs: 100, exchangeMs: 200, looksMs: 10 }

afterEach(() => void vi.useRealTimers())

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function line(port: number, words = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(words.replaceAll('\n', '\r\n'))
  return socket
}

/** A byte, and another one when that was taken, until somebody has had enough of it; what was said to it then. */
async function trickle(socket: Socket): Promise<string> {
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  while (!socket.destroyed && !socket.readableEnded)
    await new Promise((resolve) => socket.write('x', () => setImmediate(resolve)))
  return heard
}

test('[B1] a request that comes byte by byte has its time, and ends with it: its head, its body, and a certificate’s handshake', async () => {
  let requests = 0
  const answer: RequestListener = (request, response) => {
    requests += 1
    request.resume().on('error', () => undefined)
    request.on('end', () => response.end('whole'))
  }
  const plain = boundedServer(undefined, soon)
  const port = await listening(plain.on('request', answer))
  expect(await trickle(await line(port, 'GET / HTTP/1.1\nX-Long: '))).toMatch(/^HTTP\/1.1 408 /)
  expect(requests).toBe(0)
  const head = 'POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 1000000000\n\n'
  expect(await trickle(await line(port, head))).toMatch(/^HTTP\/1.1 408 /)
  expect(requests).toBe(1)
  expect(await (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'all' })).text()).toBe(
    'whole',
  )
  const secure = boundedServer(
    { cert: Buffer.from(firstCertificate.cert), key: Buffer.from(firstCertificate.key) },
    soon,
  )
  const silent = (await line(await listening(secure))).resume()
  await once(silent, 'close')
})

test('[B1] what comes byte by byte weighs not much more than what it counts', async () => {
  const bodies = new Bodies()
  const bytes = 300_000
  let came: () => void = () => undefined
  const all = new Promise<void>((resolve) => {
    came = resolve
  })
  let length = 0
  let body: Uint8Array | undefined
  const server = boundedServer(undefined).on('request', (request, response) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length === bytes) came()
    })
    void bodies.workWith(request, { tenant: '', bytesMax: bytes }, async (gathered) => {
      body = gathered
      response.end()
    })
  })
  const socket = await line(
    await listening(server),
    'POST / HTTP/1.1\nHost: 127.0.0.1\nTransfer-Encoding: chunked\n\n',
  )
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  const used = () => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  for (let n = 0; n < bytes; n += 10_000) socket.write('1\r\na\r\n1\r\nb\r\n'.repeat(5_000))
  await all
  expect(used() - before).toBeLessThan(bytes * 20)
  socket.write('0\r\n\r\n')
  await once(socket, 'data')
  expect(Buffer.from(body ?? []).toString()).toBe('ab'.repeat(bytes / 2))
})

test('[B1] a reader that takes a piece before each end of patience has five minutes in all', async () => {
  const sending = new ApiSending()
  const bytes = new Uint8Array(400_000_000)
  const server = boundedServer(undefined).on('request', (request, response) => {
    boundAnswer(request, response)
    response.writeHead(200, { 'content-length': bytes.length })
    void sending.send(response, bytes)
  })
  const port = await listening(server)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const reader = await line(port, 'GET / HTTP/1.1\nHost: 127.0.0.1\n\n')
  const closed = once(reader, 'close')
  while (sending.unsentBytes === 0) await new Promise(setImmediate)
  const stepMs = 9_000
  for (let passed = 0; passed < exchangeMsMax - stepMs; passed += stepMs) {
    const unsent = sending.unsentBytes
    reader.resume()
    while (sending.unsentBytes >= unsent && sending.unsentBytes > 0) await once(reader, 'data')
    reader.pause()
    vi.advanceTimersByTime(stepMs)
    expect(sending.unsentBytes, `after ${passed} ms`).toBeGreaterThan(0)
  }
  vi.advanceTimersByTime(stepMs)
  reader.resume()
  await closed
  expect(reader.bytesRead).toBeLessThan(bytes.length)
  expect(sending.unsentBytes).toBe(0)
})

test('[B1] a question that the relay cannot answer, since its disk stands still, is not held open for ever', async () => {
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true }))
  let failing: ReturnType<typeof failingLevel> | undefined
  const journal = new Journal({ level: 'error', to: { write: () => undefined }, now: () => Date.now() })
  const relay = await ListeningRelay.start(optionsFromConfig({ port: 0, data }), journal, (folder) => {
    failing = failingLevel(folder)
    return failing.level
  })
  if (failing === undefined) throw new Error('The relay has no disk.')
  const path = `http://127.0.0.1:${relay.port}/v1/documents/story`
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'words')
  const body = new Uint8Array(Y.encodeStateAsUpdate(doc))
  expect((await fetch(path, { method: 'POST', body })).status).toBe(200)
  let goOn: () => void = () => undefined
  failing.writingOn = new Promise((resolve) => {
    goOn = resolve
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const asker = await line(relay.port, 'DELETE /v1/documents/story HTTP/1.1\nHost: 127.0.0.1\n\n')
  let heard = 0
  asker.on('data', ({ length }: Buffer) => {
    heard += length
  })
  while (!asker.destroyed) {
    await new Promise(setImmediate)
    vi.advanceTimersByTime(exchangeMsMax)
  }
  expect(heard).toBe(0)
  vi.useRealTimers()
  goOn()
  await relay.close()
})
