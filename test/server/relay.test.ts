// The relay from inside its process: what it holds on to, and what it lets go.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import type { ListeningRelay } from '../../server/listening.ts'
import { sizesFor } from '../../shared/limits.ts'
import { wireProtocol } from '../../shared/message.ts'
import { encodeUpdate } from '../../shared/stock-wire.ts'
import { temporaryFolder } from '../relay-process.ts'

let data: string
let relay: ListeningRelay

beforeEach(async () => {
  data = await temporaryFolder()
  relay = await relayForTest({ data })
})

afterEach(async () => {
  await relay.close()
  await rm(data, { recursive: true })
})

async function open(document: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/${document}`)
  await once(socket, 'message')
  return socket
}

/** Turns of the event loop, until it is so. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

test('[B1] a document that everybody left is let go, also if the last one left in the middle of a word', async () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x'.repeat(10_000))
  const frame = encodeUpdate(Y.encodeStateAsUpdate(doc))
  const sockets = await Promise.all(Array.from({ length: 30 }, (_, n) => open(`d${n}`)))
  expect(relay.relay.openDocuments).toBe(30)
  for (const [n, socket] of sockets.entries()) {
    socket.send(frame)
    if (n % 2 === 0) socket.terminate()
    else socket.close()
  }
  await until(() => relay.relay.openDocuments === 0)
})

test('[B1] a writer that is faster than the disk is read no faster than the disk writes', async () => {
  const socket = await open('story')
  const frames = Array.from({ length: 40 }, (_, n) => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, String(n).repeat(500_000))
    return encodeUpdate(Y.encodeStateAsUpdate(doc))
  })
  let echoes = 0
  const all = new Promise<void>((resolve, reject) => {
    socket.on('message', () => {
      echoes++
      if (echoes === frames.length) resolve()
    })
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
  })
  for (const frame of frames) socket.send(frame)
  await all
  socket.removeAllListeners('close')
  socket.terminate()
})

test('[L1] [B1] a frame larger than any may be ends its socket for good, with a reason, and is counted and told', async () => {
  const lines: JournalLine[] = []
  await relay.close()
  relay = await relayForTest({ data, largestDocument: '64kb' }, { lines })
  const frame = Buffer.alloc(sizesFor(64 * 1024).messageBytesMax + 1)
  const ends = [4413, 1009]
  for (const [index, protocols] of [[], [wireProtocol]].entries()) {
    const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/story`, protocols)
    await once(socket, 'open')
    socket.send(frame)
    const [code, reason] = await once(socket, 'close')
    expect({ code, reason: String(reason) }).toEqual({
      code: ends[index],
      reason: expect.stringMatching(/larger .+ \(too-large\)$/),
    })
  }
  expect(lines.filter(({ code }) => code === 'frame-too-large')).toMatchObject([{ level: 'warn' }])
  const metrics = await (await fetch(`http://127.0.0.1:${relay.port}/metrics`)).text()
  expect(metrics).toContain('syncline_stock_closes_total{code="tooLarge"} 1\n')
  expect(metrics).toContain('syncline_notices_total{code="frame-too-large"} 2\n')
})

test('[D1] what comes while the relay is being stopped is not said to be saved, and does no harm', async () => {
  const socket = await open('story')
  let failure: unknown
  socket.on('error', (error) => {
    failure = error
  })
  const doc = new Y.Doc()
  doc.on('update', (update) => socket.send(encodeUpdate(update)))
  const closing = relay.close()
  for (let n = 0; n < 100; n++) doc.getText('text').insert(0, 'x')
  await closing
  expect(failure).toBeUndefined()
  relay = await relayForTest({ data })
})
