// Whether the real relay lives, and whether it can keep its promise: two things, and two answers.
import { rm } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { expect, onTestFinished, test } from 'vitest'
import { Probe } from '../../server/readiness.ts'
import { encodeUpdate } from '../../shared/stock-wire.ts'
import { StoreError } from '../../shared/store.ts'
import type { Batch } from '../../shared/store.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockCaller } from './stock-caller.ts'
import { relayProcess, native, textUpdate, ask, figures } from './running-relay.ts'

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
  onTestFinished(() => author.end())
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
  onTestFinished(() => rm(data, { recursive: true }))
  const database = (folder: string) => levelThatRefuses(folder, () => isFull)
  const relay = await relayForTest({ data }, { lines, database, onLine: () => told() })
  onTestFinished(() => relay.close())
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
  onTestFinished(() => rm(data, { recursive: true }))
  const database = (folder: string) => levelThatRefuses(folder, () => isFull)
  const relay = await relayForTest({ data }, { database })
  onTestFinished(() => relay.close())
  isFull = true
  expect((await figures(relay.port)).get('syncline_ready')).toBe(0)
})

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
