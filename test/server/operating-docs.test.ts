// docs/OPERATING.md says what the program does: its tables are the program's own, its example runs. With UPDATE_DOCS=1 the
// tables are written instead of compared.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { createRelay } from '../../server/index.ts'
import { notices } from '../../server/notice.ts'
import { optionTable } from '../../server/usage.ts'
import { temporaryFolder } from '../relay-process.ts'
import { relayForTest } from '../relay-for-test.ts'
import { StockClient } from '../stock-client.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const file = join(root, 'docs', 'OPERATING.md')

/** Compares what stands between two marks of the document, or writes it. */
function expectTable(name: string, table: string): void {
  const text = readFileSync(file, 'utf8')
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [before, rest = ''] = text.split(start)
  const [inside = '', ...after] = rest.split(end)
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, [before, start, table, end, ...after].join(''))
  else expect(inside, 'Run it with UPDATE_DOCS=1.').toBe(table)
}

function textOf(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
}

test('[T1] the table of options is the program’s own', () => {
  expectTable('options', optionTable())
})

test('[T1] the table of metrics is what /metrics says', async () => {
  const data = await temporaryFolder()
  const relay = await relayForTest({ data })
  const lines = (await textOf(relay.port, '/metrics')).split('\n')
  await relay.close()
  await rm(data, { recursive: true })
  const rows = lines.flatMap((line) => {
    const [, name, help] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
    if (name === undefined) return []
    const type = lines.find((other) => other.startsWith(`# TYPE ${name} `))?.split(' ')[3]
    const labels = new Set(lines.flatMap((other) => labelsOf(other, name)))
    labels.delete('le')
    return [`| \`${name}\` | ${type} | ${[...labels].join(', ')} | ${help} |`]
  })
  expectTable('metrics', ['| figure | kind | by | |', '|---|---|---|---|', ...rows, ''].join('\n'))
})

function labelsOf(line: string, name: string): string[] {
  if (!line.startsWith(`${name}{`) && !line.startsWith(`${name}_bucket{`)) return []
  return [...line.matchAll(/[{,](\w+)=/g)].map(([, label = '']) => label)
}

test('[T1] the table of what the journal tells is the program’s own, and each line says what to do', () => {
  const rows = Object.entries(notices).map(
    ([code, { level, says, todo }]) => `| \`${code}\` | ${level} | ${says} | ${todo} |`,
  )
  expectTable('notices', ['| code | level | | what to do |', '|---|---|---|---|', ...rows, ''].join('\n'))
  for (const [code, { level, says, todo }] of Object.entries(notices)) {
    expect(says, code).toMatch(/^[A-Z].*\.$/)
    if (level === 'warn' || level === 'error') expect(todo, code).not.toBe('Nothing.')
  }
})

test('the example of a server of one’s own runs as it stands there', async () => {
  const [, example = ''] = /```js run\n([\s\S]*?)```/.exec(readFileSync(file, 'utf8')) ?? []
  const data = await temporaryFolder()
  const port = await freePort()
  // Within the package, so that it finds the package by its name as others do.
  const folder = await mkdtemp(join(root, 'dist', 'example-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const program = join(folder, 'example.mjs')
  writeFileSync(program, example)
  const env = { ...process.env, DATA: data, PORT: String(port) }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = once(child, 'exit')
  while (!(await answers(port)) && child.exitCode === null) await new Promise(setImmediate)
  expect(said).toBe('')
  expect(await textOf(port, '/')).toBe('the application')
  expect(await textOf(port, '/sync/health')).toBe('{"status":"alive"}\n')
  const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`)
  elsewhere.on('error', () => undefined)
  const [, response] = await once(elsewhere, 'unexpected-response')
  expect(response.statusCode).toBe(404)
  const writer = new StockClient(`ws://127.0.0.1:${port}/sync`, 'story')
  await writer.synced()
  const reader = new StockClient(`ws://127.0.0.1:${port}/sync`, 'story')
  await reader.synced()
  const shown = new Promise((resolve) => reader.doc.once('update', resolve))
  writer.write('hello')
  await shown
  expect(reader.words).toBe('hello')
  for (const person of [writer, reader]) person[Symbol.dispose]()
  child.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
  await rm(data, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  server.close()
  await once(server, 'close')
  return address.port
}

function answers(port: number): Promise<boolean> {
  return textOf(port, '/').then(
    () => true,
    () => false,
  )
}

test('[S1] in a server that everybody reaches, a relay without signing in serves this machine alone', async () => {
  const data = await temporaryFolder()
  const lines: string[] = []
  const relay = await createRelay(
    { data, pathPrefix: '/sync' },
    { log: { write: (line) => void lines.push(line) } },
  )
  const server = createServer((_request, response) => response.end('the application'))
  relay.attach(server)
  server.listen(0)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  // Another address of this machine stands for what everybody reaches.
  const upgrade = new Promise<string>((resolve) => {
    const line = { destroyed: false, on: () => line, once: () => line, end: resolve }
    const request = {
      url: '/sync/story',
      headers: { host: 'app.example' },
      socket: { remoteAddress: '203.0.113.7', localAddress: '198.51.100.1' },
    }
    expect(relay.upgrade(request as never, line as never, Buffer.alloc(0))).toBe(true)
  })
  expect(await upgrade).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[\s\S]*serves its own machine only\./)
  const here = new WebSocket(`ws://127.0.0.1:${port}/sync/story`)
  await once(here, 'message')
  await relay.close()
  server.close()
  server.closeAllConnections()
  expect(lines.map((line) => JSON.parse(line).code)).toEqual(['draining', 'drained'])
  await rm(data, { recursive: true })
})

test('a relay does not take over a server whose every path would then be its own', async () => {
  const data = await temporaryFolder()
  const relay = await createRelay({ data }, { log: { write: () => undefined } })
  expect(() => relay.attach(createServer())).toThrow(
    'To share a server the relay needs paths of its own: say pathPrefix.',
  )
  await relay.close()
  await rm(data, { recursive: true })
})
