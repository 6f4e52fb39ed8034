// What supervisors, monitors and people on call see of the real relay: whether it lives, whether it can keep its promise,
// what it counts, what it tells, and how it ends.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { request as secureRequest } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { afterEach, expect, test } from 'vitest'
import { Addresses } from '../../server/addresses.ts'
import { Journal, humanLine } from '../../server/journal.ts'
import { notices } from '../../server/notice.ts'
import { Paces } from '../../server/paces.ts'
import { Probe } from '../../server/readiness.ts'
import { Reception } from '../../server/reception.ts'
import { comeBack, durability, goodbyeCode, wireProtocol } from '../../shared/message.ts'
import { emptyUpdate, encodeStep2, encodeUpdate, stockClose } from '../../shared/stock-wire.ts'
import { StoreError } from '../../shared/store.ts'
import type { Batch } from '../../shared/store.ts'
import { encodeMessage } from '../../shared/wire.ts'
import { firstCertificate, secondCertificate } from '../certificates.ts'
import type { Certificate } from '../certificates.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { NativeCaller } from './native-caller.ts'
import { StockCaller } from './stock-caller.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
const toEnd: (() => unknown)[] = []

afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) await end()
})

async function relayProcess(options: Parameters<typeof startRelayProcess>[0] = {}): Promise<RelayProcess> {
  const relay = await startRelayProcess(options)
  toEnd.push(() => relay[Symbol.asyncDispose]())
  return relay
}

function native(url: string, name: number): NativeCaller {
  const caller = new NativeCaller(url, name, '')
  toEnd.push(() => caller.end())
  return caller
}

function textUpdate(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

function linesOf(output: string): JournalLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

type Answer = { readonly status: number; readonly body: string; readonly headers: Record<string, unknown> }

/** `fetch` sets the Host header itself. */
function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    }).on('error', reject)
  })
}

/** The figures of /metrics, by name and labels as they stand there. */
async function figures(port: number): Promise<Map<string, number>> {
  const { body } = await ask(port, '/metrics')
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** Asked again until it is so: the other end of a socket hears of its end a little later. */
async function figuresWhen(
  port: number,
  isSo: (now: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  for (;;) {
    const now = await figures(port)
    if (isSo(now)) return now
  }
}

// Alive, and ready.

test('[T1] alive and ready are two things: the disk is asked for the second', async () => {
  const { port } = await relayProcess()
  expect(await ask(port, '/health')).toMatchObject({ status: 200, body: '{"status":"alive"}\n' })
  const ready = await ask(port, '/ready')
  expect(ready.status).toBe(200)
  expect(JSON.parse(ready.body)).toMatchObject({ status: 'ready', writeMs: expect.any(Number) })
})

test('[T1] a disk that refuses turns readiness off, and on again when it writes, without a restart', async () => {
  const relay = await relayProcess({ fileBytesMax: 256 * 1024 })
  const author = new StockCaller(relay.url, 'story')
  toEnd.push(() => author.end())
  const refused = relay.says(/"code":"disk-refuses"/)
  for (let n = 0; n < 10; n++) await author.send(encodeUpdate(textUpdate(String(n).repeat(50_000))))
  await refused
  expect(await ask(relay.port, '/health')).toMatchObject({ status: 200 })
  const ready = await ask(relay.port, '/ready')
  expect(ready.status).toBe(503)
  expect(JSON.parse(ready.body)).toMatchObject({
    code: 'disk-refuses',
    message: expect.stringContaining('refuses'),
  })
  expect(ready.headers).toMatchObject({ 'retry-after': '5' })
  expect((await figures(relay.port)).get('syncline_ready')).toBe(0)
})

test('[T1] when the disk writes again readiness is back, the author hears of it, and nobody had to restart', async () => {
  let isFull = false
  let told: () => void = () => undefined
  const lines: JournalLine[] = []
  const data = await temporaryFolder()
  toEnd.push(() => rm(data, { recursive: true }))
  const database = (folder: string) => levelThatRefuses(folder, () => isFull)
  const relay = await relayForTest({ data }, { lines, database, onLine: () => told() })
  toEnd.push(() => relay.close())
  const until = async (code: string) => {
    while (!lines.some((line) => line.code === code))
      await new Promise<void>((resolve) => {
        told = resolve
      })
  }
  const author = native(`ws://127.0.0.1:${relay.port}`, 1)
  author.open('story')
  await author.take('opened')
  isFull = true
  author.push(textUpdate('on a full disk'))
  await until('disk-refuses')
  expect(await ask(relay.port, '/ready')).toMatchObject({ status: 503 })
  expect(author.heard.some(({ type }) => type === 'ack')).toBe(false)
  isFull = false
  await until('disk-writes')
  await author.take('ack')
  expect(await ask(relay.port, '/ready')).toMatchObject({ status: 200 })
})

test('[T1] a disk that fills while nobody writes is seen in the metrics, though nobody asks /ready', async () => {
  let isFull = false
  const data = await temporaryFolder()
  toEnd.push(() => rm(data, { recursive: true }))
  const database = (folder: string) => levelThatRefuses(folder, () => isFull)
  const relay = await relayForTest({ data }, { database })
  toEnd.push(() => relay.close())
  isFull = true
  expect((await figures(relay.port)).get('syncline_ready')).toBe(0)
})

/** As a full disk does, it takes nothing while it is told to. */
function levelThatRefuses(folder: string, isFull: () => boolean) {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const batch = level.batch.bind(level) as () => ReturnType<typeof level.batch>
  const batchOf = level.batch.bind(level) as (...all: unknown[]) => Promise<void>
  const noSpace = () => Object.assign(new Error('No space left on device'), { code: 'LEVEL_IO_ERROR' })
  return Object.assign(level, {
    batch: (...all: unknown[]) => {
      if (all.length > 0) return isFull() ? Promise.reject(noSpace()) : batchOf(...all)
      const operations = batch()
      const write = operations.write.bind(operations)
      return Object.assign(operations, {
        write: async (options: { sync: boolean }) => {
          if (!isFull()) return write(options)
          await operations.close()
          throw noSpace()
        },
      })
    },
  }) as typeof level
}

test('[T1] a disk that hangs is told apart from one that refuses, and is written to once however many ask', async () => {
  let writes = 0
  let bytes = 0
  let release: () => void = () => undefined
  const store = {
    write: ({ put: [entry] = [] }: Batch) => {
      writes++
      bytes = entry?.value.length ?? 0
      return new Promise<'written'>((resolve) => {
        release = () => resolve('written')
      })
    },
    get: () => Promise.reject(new Error('not asked')),
    range: () => Promise.reject(new Error('not asked')),
    close: () => Promise.resolve(),
  }
  let now = 0
  const probe = new Probe({ store, isRefused: () => false, now: () => now, answerMsMax: 1 })
  const answers = await Promise.all([probe.ask(), probe.ask(), probe.ask()])
  for (const answer of answers) expect(answer).toMatchObject({ isReady: false, code: 'disk-slow' })
  now = 10_000
  expect(await probe.ask()).toMatchObject({ isReady: false })
  expect(writes).toBe(1)
  // What is left of a file's last block may be more than a small record takes.
  expect(bytes).toBe(4096)
  release()
  await new Promise(setImmediate)
  const again = probe.ask()
  release()
  expect(await again).toMatchObject({ isReady: true })
  expect(writes).toBe(2)
  store.write = () => Promise.reject(new StoreError('full', 'The disk is full.'))
  now = 20_000
  expect(await probe.ask()).toMatchObject({
    code: 'disk-refuses',
    reason: expect.stringContaining('The disk is full'),
  })
})

// What it counts.

test('[B1] metrics tell what came, what was committed and who was sent away, and are no content', async () => {
  const { port, url } = await relayProcess()
  const before = await figures(port)
  const author = native(url, 1)
  author.open('a zebra’s name')
  await author.take('opened')
  author.push(textUpdate('a zebra’s word'))
  await author.take('ack')
  const stock = new StockClient(url, 'another')
  toEnd.push(() => stock[Symbol.dispose]())
  await stock.synced()
  const stranger = native(url, 2)
  stranger.say({ type: 'ack', room: 1, ranges: [] })
  expect(await stranger.take('goodbye')).toMatchObject({ code: goodbyeCode.outOfOrder })
  const broken = new StockCaller(url, 'broken')
  await broken.send(Uint8Array.of(0, 2, 200))
  expect(await broken.closed).toMatchObject({ code: stockClose.malformed })
  const after = await figuresWhen(port, (now) => now.get('syncline_sockets{wire="stock"}') === 1)
  const grew = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(grew('syncline_rows_committed_total')).toBe(1)
  expect(grew('syncline_commit_seconds_count')).toBeGreaterThanOrEqual(1)
  expect(grew('syncline_commit_seconds_sum')).toBeGreaterThan(0)
  expect(grew('syncline_commit_seconds_bucket{le="+Inf"}')).toBe(grew('syncline_commit_seconds_count'))
  expect(after.get('syncline_links{wire="stock"}')).toBe(1)
  expect(after.get('syncline_links{wire="native"}')).toBe(1)
  expect(after.get('syncline_open_documents')).toBeGreaterThanOrEqual(2)
  expect(grew('syncline_goodbyes_total{code="outOfOrder"}')).toBe(1)
  expect(grew('syncline_stock_closes_total{code="malformed"}')).toBe(1)
  expect(grew('syncline_bytes_total{way="in"}')).toBeGreaterThan(0)
  expect(grew('syncline_bytes_total{way="out"}')).toBeGreaterThan(0)
  expect((await ask(port, '/metrics')).body).not.toMatch(/zebra/)
})

test('[S1] metrics are for programs on this machine, or for who has the admin token', async () => {
  const token = 'a token of the monitor'
  const { port } = await relayProcess({ env: { SYNCLINE_ADMIN_TOKEN: token } })
  const elsewhere = { 'x-forwarded-for': '203.0.113.7' }
  expect(await ask(port, '/metrics')).toMatchObject({ status: 200 })
  // A page that was led to this address under a name of its own.
  expect(await ask(port, '/metrics', { host: 'evil.example' })).toMatchObject({ status: 401 })
  const refused = await ask(port, '/metrics', elsewhere)
  expect(refused.status).toBe(401)
  expect(JSON.parse(refused.body)).toMatchObject({
    code: 'not-admin',
    message: expect.stringContaining('admin token'),
  })
  expect(await ask(port, '/metrics', { ...elsewhere, authorization: 'Bearer wrong' })).toMatchObject({
    status: 401,
  })
  expect(await ask(port, '/metrics', { ...elsewhere, authorization: `Bearer ${token}` })).toMatchObject({
    status: 200,
  })
})

// What it tells.

test('[S1] the journal has a code and a sentence in each line, and neither names nor words of a document', async () => {
  const lines: JournalLine[] = []
  const data = await temporaryFolder()
  toEnd.push(() => rm(data, { recursive: true }))
  const relay = await relayForTest({ data }, { lines })
  const url = `ws://127.0.0.1:${relay.port}`
  const author = native(url, 1)
  author.open('a zebra’s name')
  await author.take('opened')
  author.push(textUpdate('a zebra’s word'))
  await author.take('ack')
  // A digest that differs is told, and names the document in a way that only verify can resolve.
  author.say({ type: 'digest', link: 1, position: 1, digest: new Uint8Array(32) })
  await author.take('compared')
  await relay.close()
  const told = lines.find(({ code }) => code === 'digest-differed')
  expect(told).toMatchObject({ level: 'warn', document: expect.stringMatching(/^[0-9a-f]{12}$/) })
  for (const line of lines) {
    expect(Object.keys(notices)).toContain(line.code)
    expect(line['message']).toMatch(/^[A-Z].*\.$/)
  }
  expect(JSON.stringify(lines)).not.toMatch(/zebra/)
})

test('each socket has a trace, told in the handshake, under which the journal has its life; a client can say its own', async () => {
  const lines: JournalLine[] = []
  const data = await temporaryFolder()
  toEnd.push(() => rm(data, { recursive: true }))
  const relay = await relayForTest({ data, logLevel: 'debug' }, { lines })
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/story`, wireProtocol)
  const [[response]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])
  const trace = response.headers['x-trace-id']
  expect(trace).toMatch(/^[0-9a-f]{8}$/)
  const [replica, own] = [new Uint8Array(16).fill(1), new Uint8Array(32)]
  socket.send(
    encodeMessage({ type: 'hello', versions: [1], capabilities: 0, replica, secret: own, trace: 'tab 7' }),
  )
  await once(socket, 'message')
  socket.close()
  await once(socket, 'close')
  await relay.close()
  const about = lines.filter((line) => line['trace'] === trace)
  expect(about).toMatchObject([
    { code: 'socket-opened', wire: 'native', address: '127.0.0.1' },
    { code: 'socket-met', peerTrace: 'tab 7' },
    { code: 'socket-closed', closeCode: 1005 },
  ])
})

test('[S1] names are shown at level debug only', async () => {
  const tell = (level: 'debug' | 'info') => {
    const lines: string[] = []
    const journal = new Journal({ level, to: { write: (line) => void lines.push(line) }, now: () => 0 })
    journal.hideNamesWith(new Uint8Array(32))
    journal.report({ code: 'log-hole', tenant: 'acme', document: 'story' })
    journal.report({ code: 'tenant-unreadable', tenant: 'acme' })
    return lines.join('')
  }
  expect(tell('debug')).toContain('"tenant":"acme","document":"story"')
  expect(tell('info')).not.toMatch(/acme|story/)
})

test('[B1] what happens a thousand times is told once, with how often', () => {
  let now = 0
  const lines: JournalLine[] = []
  const to = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const journal = new Journal({ level: 'info', to, now: () => now })
  for (let n = 0; n < 1000; n++) journal.report({ code: 'write-failed', cause: new Error('no space') })
  expect(lines.length).toBe(1)
  now = 10_000
  journal.report({ code: 'write-failed', cause: new Error('no space') })
  expect(lines[1]).toMatchObject({ code: 'write-failed', cause: 'no space', more: 999 })
  expect(journal.countOf('write-failed')).toBe(1001)
})

test('a fault of the program is a line with a code before it ends', async () => {
  const folder = await temporaryFolder()
  toEnd.push(() => rm(folder, { recursive: true }))
  const config = join(folder, 'config.mjs')
  const fault =
    'export default { committed: () => { setImmediate(() => { throw new Error("out of nowhere") }) } }'
  await writeFile(config, fault)
  const relay = await relayProcess({ words: ['--config', config] })
  const author = new StockCaller(relay.url, 'story')
  toEnd.push(() => author.end())
  await author.send(encodeUpdate(textUpdate('hello')))
  expect(await relay.ended).toBe(1)
  expect(linesOf(relay.output).at(-1)).toMatchObject({
    code: 'crashed',
    level: 'error',
    cause: 'out of nowhere',
  })
})

test('[T1] who accepts the word of the operating system says so, and every client is told', async () => {
  const spoken = async (words: string[]) => {
    const relay = await relayProcess({ words })
    return (await native(relay.url, 1).take('welcome')).durability
  }
  expect(await spoken([])).toBe(durability.disk)
  expect(await spoken(['--durability', 'os'])).toBe(durability.os)
})

test('a person at a terminal reads sentences, with the code behind them', () => {
  const line =
    '{"level":"warn","time":"2026-01-02T03:04:05.006Z","code":"log-hole","document":"0a1b","message":"Rows are missing."}\n'
  expect(humanLine(line)).toBe('03:04:05 warn  Rows are missing. (log-hole document=0a1b)\n')
})

// Who is let in.

test('[B1] there are caps on sockets, in whole and of one address; what is given back can be taken again', () => {
  const reception = new Reception({
    socketsMax: 3,
    socketsPerAddress: 2,
    socketsPerSecond: 100,
    now: () => 0,
    after: () => undefined,
  })
  const first = reception.take('10.0.0.1')
  reception.take('10.0.0.1')
  expect(reception.take('10.0.0.1')).toBe('too-many-of-address')
  expect(reception.take(undefined)).toMatchObject({})
  expect(reception.take(undefined)).toBe('too-many-sockets')
  if (typeof first === 'string') throw new Error(first)
  first.giveBack()
  first.giveBack()
  expect(reception.taken).toBe(2)
  expect(typeof reception.take('10.0.0.1')).toBe('object')
  expect(reception.turnedAway('too-many-sockets')).toBe(1)
})

test('[B1] everybody at once is let in one after the other, and nobody is forgotten', () => {
  let now = 0
  const timers: (() => void)[] = []
  const reception = new Reception({
    socketsMax: 1000,
    socketsPerAddress: 1000,
    socketsPerSecond: 10,
    now: () => now,
    after: (_ms, then) => void timers.push(then),
  })
  const cameIn: number[] = []
  for (let n = 0; n < 35; n++) reception.awaitTurn(() => cameIn.push(now))
  expect(cameIn.length).toBe(10)
  expect(reception.waiting).toBe(25)
  while (timers.length > 0) {
    now += 20
    for (const then of timers.splice(0)) then()
  }
  expect(cameIn.length).toBe(35)
  for (const second of [0, 1, 2])
    expect(
      cameIn.filter((at) => at > second * 1000 && at <= second * 1000 + 1000).length,
    ).toBeLessThanOrEqual(10)
})

test('[B1] a socket too many is told so before the handshake, with the time to come back', async () => {
  const relay = await relayProcess({ words: ['--sockets-max', '1'] })
  const first = new StockCaller(relay.url, 'story')
  toEnd.push(() => first.end())
  await first.opened
  const second = new WebSocket(`${relay.url}/story`)
  second.on('error', () => undefined)
  const [, response] = await once(second, 'unexpected-response')
  expect(response.statusCode).toBe(503)
  expect(response.headers['retry-after']).toBe('1')
  const name = 'syncline_sockets_turned_away_total{reason="too-many-sockets"}'
  expect((await figures(relay.port)).get(name)).toBe(1)
})

test('[B1] who sends faster than it may is read later, and who owes too much is told when to come back', async () => {
  let now = 0
  const pace = new Paces({ linkRate: 10, tenantRate: 15, now: () => now })
  const [one, other] = [pace.begin(), pace.begin()]
  for (let n = 0; n < 10; n++) expect(one.restMsAfter(100, 'a')).toBe(0)
  expect(one.restMsAfter(100, 'a')).toBe(100)
  // The tenant has four left, the other socket ten.
  for (let n = 0; n < 4; n++) expect(other.restMsAfter(100, 'a')).toBe(0)
  expect(other.restMsAfter(100, 'a')).toBeGreaterThan(0)
  expect(pace.begin().restMsAfter(100, 'b')).toBe(0)
  now = 60_000
  expect(one.restMsAfter(160 * 1024, 'a')).toBe(0)

  const relay = await relayProcess({ words: ['--link-rate', '5'] })
  const author = native(relay.url, 1)
  author.open('story')
  await author.take('opened')
  author.push(textUpdate('x'.repeat(1_000_000)))
  const goodbye = await author.take('goodbye')
  expect(goodbye).toMatchObject({ code: goodbyeCode.overloaded, comeBack: comeBack.later })
  expect(goodbye.afterMs).toBeGreaterThan(10_000)
})

test('[S1] where a client comes from is taken from trusted proxies only, and only as far as they vouch', () => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as never
  const direct = new Addresses([])
  expect(direct.of(request('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9')
  const behind = new Addresses(['10.0.0.0/8', '::1'])
  expect(behind.of(request('10.0.0.1', '198.51.100.1'))).toBe('198.51.100.1')
  expect(behind.of(request('::ffff:10.0.0.1', '1.1.1.1, 198.51.100.1, 10.9.9.9'))).toBe('198.51.100.1')
  expect(behind.of(request('::1', '2001:db8::7'))).toBe('2001:db8::7')
  expect(behind.of(request('10.0.0.1', 'nonsense'))).toBe('10.0.0.1')
  expect(behind.of(request('203.0.113.9', '10.0.0.2'))).toBe('203.0.113.9')
})

// Where it lies.

test('under a path prefix everything lies, and nothing else is answered', async () => {
  const relay = await relayProcess({ words: ['--path-prefix', '/sync'] })
  expect(await ask(relay.port, '/sync/health')).toMatchObject({ status: 200 })
  expect(await ask(relay.port, '/health')).toMatchObject({ status: 404 })
  expect(await ask(relay.port, '/synced/health')).toMatchObject({ status: 404 })
  const writer = new StockClient(`${relay.url}/sync`, 'story')
  toEnd.push(() => writer[Symbol.dispose]())
  await writer.synced()
  writer.write('hello')
  const reader = native(`${relay.url}/sync`, 1)
  reader.open('story')
  await reader.take('delivery')
  const outside = new WebSocket(`${relay.url}/story`)
  outside.on('error', () => undefined)
  const [, response] = await once(outside, 'unexpected-response')
  expect(response.statusCode).toBe(404)
})

test('under a path prefix the pages lie, with all they load, and people are led to them', async () => {
  const relay = await relayProcess({ words: ['--path-prefix', '/sync'] })
  const html = { accept: 'text/html' }
  for (const path of ['/sync', '/sync/', '/sync/notebook']) {
    const page = await fetch(`http://127.0.0.1:${relay.port}${path}`, { headers: html })
    expect({ status: page.status, path: new URL(page.url).pathname }).toEqual({
      status: 200,
      path: '/sync/notebook/',
    })
  }
  for (const name of ['notebook', 'stock', 'notes']) {
    const page = await fetch(`http://127.0.0.1:${relay.port}/sync/${name}/`)
    const loaded = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(loaded.length).toBeGreaterThan(2)
    for (const path of [...loaded, '../sw.js']) {
      const url = new URL(path, page.url)
      expect(url.pathname).toMatch(/^\/sync\//)
      expect(await fetch(url), url.pathname).toMatchObject({ status: 200 })
    }
  }
})

test.each(['', '/sync'])(
  'opened without the slash at its end a page leads to itself, with its query, whoever asks: under «%s»',
  async (prefix) => {
    const relay = await relayProcess({ words: ['--path-prefix', prefix] })
    for (const name of ['notebook', 'stock', 'notes'])
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(`http://127.0.0.1:${relay.port}${prefix}/${name}?doc=a`, { method })
        expect({ status: answer.status, at: answer.url }).toEqual({
          status: 200,
          at: `http://127.0.0.1:${relay.port}${prefix}/${name}/?doc=a`,
        })
      }
  },
)

test('a proxy that takes a prefix away needs not be known: people are led on by relative addresses', async () => {
  const relay = await relayProcess()
  const led = async (path: string, seenAs: string) => {
    const headers = { accept: 'text/html' }
    const answer = await fetch(`http://127.0.0.1:${relay.port}${path}`, { headers, redirect: 'manual' })
    return new URL(answer.headers.get('location') ?? '', `http://elsewhere${seenAs}`).pathname
  }
  expect(await led('/', '/tools/sync/')).toBe('/tools/sync/notebook/')
  expect(await led('/notes', '/tools/sync/notes')).toBe('/tools/sync/notes/')
})

test('TLS: the certificate is read again on SIGHUP, and a wrong one changes nothing', async () => {
  const folder = await temporaryFolder()
  toEnd.push(() => rm(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await putCertificate(folder, firstCertificate)
  const relay = await relayProcess({ words: ['--tls-cert', cert, '--tls-key', key] })
  expect(await certifiedName(relay.port)).toBe('first.example')
  const socket = new WebSocket(`wss://127.0.0.1:${relay.port}/story`, { rejectUnauthorized: false })
  toEnd.push(() => socket.terminate())
  await once(socket, 'message')
  await putCertificate(folder, secondCertificate)
  const reloaded = relay.says(/"code":"certificate-reloaded"/)
  process.kill(relay.pid, 'SIGHUP')
  await reloaded
  expect(await certifiedName(relay.port)).toBe('second.example')
  await writeFile(cert, 'no certificate')
  const unreadable = relay.says(/"code":"certificate-unreadable"/)
  process.kill(relay.pid, 'SIGHUP')
  await unreadable
  expect(await certifiedName(relay.port)).toBe('second.example')
  expect(socket.readyState).toBe(socket.OPEN)
})

async function putCertificate(folder: string, { cert, key }: Certificate): Promise<void> {
  await writeFile(join(folder, 'cert.pem'), cert)
  await writeFile(join(folder, 'key.pem'), key)
}

function certifiedName(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/health', rejectUnauthorized: false, agent: false }
    secureRequest(options, (response) => {
      resolve((response.socket as TLSSocket).getPeerCertificate().subject.CN)
      response.resume()
    })
      .on('error', reject)
      .end()
  })
}

// How it ends.

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
  toEnd.push(() => reader[Symbol.dispose]())
  await reader.synced()
  if (acked) expect(reader.words).toBe('written at the last moment')
})

test('[B1] who comes while the relay is being stopped is told to come back, and a stop takes bounded time', async () => {
  const relay = await relayProcess({ fileBytesMax: 256 * 1024, words: ['--drain-time', '2s'] })
  const author = new StockCaller(relay.url, 'story')
  toEnd.push(() => author.end())
  const refused = relay.says(/"code":"disk-refuses"/)
  for (let n = 0; n < 10; n++) await author.send(encodeUpdate(textUpdate(String(n).repeat(50_000))))
  await refused
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

test('a second signal ends it at once', async () => {
  const relay = await relayProcess({ fileBytesMax: 256 * 1024, words: ['--drain-time', '600s'] })
  const author = new StockCaller(relay.url, 'story')
  toEnd.push(() => author.end())
  const refused = relay.says(/"code":"disk-refuses"/)
  for (let n = 0; n < 10; n++) await author.send(encodeUpdate(textUpdate(String(n).repeat(50_000))))
  await refused
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
  toEnd.push(() => rm(data, { recursive: true }))
  const words = ['serve', '--port', String(relay.port), '--data', data]
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toBe(
    `syncline: Port ${relay.port} is taken. Stop what uses it, or choose another with --port. (port-in-use)\n`,
  )
})

test('the file that leads commands to the running relay is for its owner alone, and gone after the end', async () => {
  const data = await temporaryFolder()
  toEnd.push(() => rm(data, { recursive: true }))
  const relay = await relayProcess({ data })
  const file = join(data, 'running.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { port } = JSON.parse(readFileSync(file, 'utf8'))
  expect(await ask(port, '/entries')).toMatchObject({ status: 401 })
  expect(await ask(port, '/entries', { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
  await relay.kill('SIGTERM')
  await expect(stat(file)).rejects.toThrow('ENOENT')
})
