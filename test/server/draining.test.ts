// How the real relay ends: on a signal, on two, on a port that is taken; and what is then done with what was typed to the end.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { expect, onTestFinished, test } from 'vitest'
import { LevelStore } from '../../server/level-store.ts'
import type { DocumentState } from '../../shared/document-state.ts'
import { foldRowsMin } from '../../shared/limits.ts'
import { comeBack, goodbyeCode } from '../../shared/message.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import { emptyUpdate, encodeStep2, encodeUpdate, stockClose } from '../../shared/stock-wire.ts'
import { temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import type { NativeCaller } from './native-caller.ts'
import { StockCaller } from './stock-caller.ts'
import { ask, figuresWhen, linesOf, native, relayProcess, textUpdate } from './running-relay.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

test('[D1] on SIGTERM what was accepted is committed, everyone is told when to come back, and it ends well', async () => {
  const relay = await relayProcess({ words: ['--sockets-per-second', '10'] })
  const authors = Array.from({ length: 30 }, (_, n) => native(relay.url, n + 1))
  for (const author of authors) author.open('story')
  await Promise.all(authors.map((author) => author.take('opened')))
  const stock = new StockCaller(relay.url, 'story')
  await stock.send(encodeStep2(emptyUpdate))
  const [first] = authors
  if (first === undefined) throw new Error('Nobody writes.')
  first.push(textUpdate('written at the last moment'))
  const { ended } = relay
  process.kill(relay.pid, 'SIGTERM')
  const goodbyes = await Promise.all(authors.map((author) => author.take('goodbye')))
  for (const goodbye of goodbyes) {
    expect(goodbye).toMatchObject({ code: goodbyeCode.draining, comeBack: comeBack.later })
    expect(goodbye.afterMs).toBeGreaterThanOrEqual(1000)
    expect(goodbye.afterMs).toBeLessThanOrEqual(1000 + (31 / 10) * 1000)
  }
  // They are not told to come back all at once.
  const times = goodbyes.map(({ afterMs }) => afterMs)
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(1000)
  expect(await stock.closed).toMatchObject({ code: stockClose.goingAway })
  expect(await ended).toBe(0)
  expect(linesOf(relay.output).map(({ code }) => code)).toEqual(['started', 'draining', 'drained'])
  const acked = first.heard.some(({ type }) => type === 'ack')
  const again = await relayProcess({ data: relay.data })
  const reader = new StockClient(again.url, 'story')
  onTestFinished(() => reader[Symbol.dispose]())
  await reader.synced()
  if (acked) expect(reader.words).toBe('written at the last moment')
})

test('[B1] who comes while the relay is being stopped is told to come back, and a stop takes bounded time', async () => {
  const relay = await relayWhoseDiskRefuses('--drain-time', '2s')
  const draining = relay.says(/"code":"draining"/)
  const { ended } = relay
  process.kill(relay.pid, 'SIGTERM')
  await draining
  const late = new WebSocket(`${relay.url}/story`)
  late.on('error', () => undefined)
  const [, response] = await once(late, 'unexpected-response')
  expect(response.statusCode).toBe(503)
  expect(response.headers['retry-after']).toBe('1')
  expect(await ask(relay.port, '/health')).toMatchObject({ status: 200 })
  expect(await ask(relay.port, '/ready')).toMatchObject({
    status: 503,
    body: expect.stringContaining('draining'),
  })
  expect(await ended).toBe(0)
  const last = linesOf(relay.output).at(-1)
  expect(last).toMatchObject({ code: 'drain-cut-short', level: 'warn' })
})

test('[B1] who waits for a turn when the relay is stopped is not let in any more, and told to come back', async () => {
  const relay = await relayWhoseDiskRefuses('--drain-time', '20s', '--sockets-per-second', '1')
  const waiting = Array.from({ length: 4 }, () => {
    const socket = new WebSocket(`${relay.url}/story`)
    onTestFinished(() => socket.terminate())
    return socket.on('error', () => undefined)
  })
  const last = once(waiting.at(-1)!, 'unexpected-response')
  await figuresWhen(relay.port, (now) => (now.get('syncline_waiting_sockets') ?? 0) > 1)
  const draining = relay.says(/"code":"draining"/)
  process.kill(relay.pid, 'SIGTERM')
  await draining
  const [, response] = await last
  expect({ status: response.statusCode, after: response.headers['retry-after'] }).toEqual({
    status: 503,
    after: '1',
  })
  await relay.kill('SIGKILL')
})

test('a second signal ends it at once', async () => {
  const relay = await relayWhoseDiskRefuses('--drain-time', '600s')
  const draining = relay.says(/"code":"draining"/)
  const { ended } = relay
  process.kill(relay.pid, 'SIGINT')
  await draining
  process.kill(relay.pid, 'SIGINT')
  expect(await ended).toBe(130)
})

test('a relay that cannot be reached says why in one sentence, and nothing of a stop', async () => {
  const relay = await relayProcess()
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true }))
  const words = ['serve', '--port', String(relay.port), '--data', data]
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toBe(
    `syncline: Port ${relay.port} is taken. Stop what uses it, or choose another with --port. (port-in-use)\n`,
  )
})

test('the file that leads commands to the running relay is for its owner alone, and gone after the end', async () => {
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true }))
  const relay = await relayProcess({ data })
  const file = join(data, 'running.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { port } = JSON.parse(readFileSync(file, 'utf8'))
  expect(await ask(port, '/entries')).toMatchObject({ status: 401 })
  expect(await ask(port, '/entries', { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
  await relay.kill('SIGTERM')
  await expect(stat(file)).rejects.toThrow('ENOENT')
})

// The tail of what was typed to the end.

/** Types, and goes on: so many of its words are acknowledged when this settles, the last ones are on their way. */
async function typed(relay: RelayProcess, words: number): Promise<{ doc: Y.Doc; author: NativeCaller }> {
  const author = native(relay.url, 1)
  author.open('story')
  await author.take('opened')
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => void author.push(update))
  const text = doc.getText('text')
  for (let n = 0; n < words + 200; n++) text.insert(0, `${n} `)
  for (let acked = 0; acked < words;) {
    const { ranges } = await author.take('ack')
    for (const { count } of ranges) acked += count
  }
  return { doc, author }
}

async function stateOnDisk(data: string): Promise<DocumentState> {
  const store = await LevelStore.open({ folder: data, sync: true })
  const state = await new RelayStore(store, 'synced').readState({ tenant: '', document: 'story' })
  await store.close()
  return state
}

async function wordsAt(relay: RelayProcess): Promise<string> {
  const reader = new StockClient(relay.url, 'story')
  onTestFinished(() => reader[Symbol.dispose]())
  await reader.synced()
  return reader.words
}

const folder = async () => {
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true }))
  return data
}

test('[L1] what somebody types until the relay is stopped is folded: who opens it after the next start reads no long tail', async () => {
  const data = await folder()
  const relay = await relayProcess({ data })
  const { doc } = await typed(relay, 2_000)
  expect(await relay.kill('SIGTERM')).toBe(0)
  const { last, foldedThrough } = await stateOnDisk(data)
  expect(last).toBeGreaterThanOrEqual(2_000)
  // A log that nobody is in is worth a fold from an eighth on.
  expect(last - foldedThrough).toBeLessThan(foldRowsMin / 8)
  const words = await wordsAt(await relayProcess({ data }))
  expect(doc.getText('text').toString().endsWith(words)).toBe(true)
})

test.each([
  ['goodbye', 'SIGKILL'],
  ['close', 'SIGKILL'],
  ['close', 'SIGTERM'],
] as const)(
  '[D1] a relay that is ended while it folds what was typed, after the %s, by %s, loses nothing that it acknowledged',
  async (moment, signal) => {
    const data = await folder()
    const relay = await relayProcess({ data })
    const { doc, author } = await typed(relay, 2_000)
    process.kill(relay.pid, 'SIGTERM')
    if (moment === 'goodbye') await author.take('goodbye')
    else await author.closed
    process.kill(relay.pid, signal)
    await relay.ended
    const words = await wordsAt(await relayProcess({ data }))
    expect(words.split(' ').length).toBeGreaterThan(2_000)
    expect(doc.getText('text').toString().endsWith(words)).toBe(true)
  },
)

/** What was sent last waits for the disk: a stop has something to wait for. */
async function relayWhoseDiskRefuses(...words: readonly string[]) {
  const relay = await relayProcess({ fileBytesMax: 256 * 1024, words: [...words] })
  const author = new StockCaller(relay.url, 'story')
  onTestFinished(() => author.end())
  const refused = relay.says(/"code":"disk-refuses"/)
  for (let n = 0; n < 10; n++) await author.send(encodeUpdate(textUpdate(String(n).repeat(50_000))))
  await refused
  return relay
}
