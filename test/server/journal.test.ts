// What the relay tells whoever runs it: codes and sentences, traces, and nobody's content.
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { Journal, humanLine } from '../../server/journal.ts'
import { notices } from '../../server/notice.ts'
import { durability, wireProtocol } from '../../shared/message.ts'
import { encodeUpdate } from '../../shared/stock-wire.ts'
import { encodeMessage } from '../../shared/wire.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockCaller } from './stock-caller.ts'
import { relayProcess, native, textUpdate, linesOf } from './running-relay.ts'

test('[S1] the journal has a code and a sentence in each line, and neither names nor words of a document', async () => {
  const lines: JournalLine[] = []
  const data = await temporaryFolder()
  onTestFinished(() => rm(data, { recursive: true }))
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
  onTestFinished(() => rm(data, { recursive: true }))
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
  onTestFinished(() => rm(folder, { recursive: true }))
  const config = join(folder, 'config.mjs')
  const fault =
    'export default { committed: () => { setImmediate(() => { throw new Error("out of nowhere") }) } }'
  await writeFile(config, fault)
  const relay = await relayProcess({ words: ['--config', config] })
  const author = new StockCaller(relay.url, 'story')
  onTestFinished(() => author.end())
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
