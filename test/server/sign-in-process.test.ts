// Signing in as people run it: the built program, its commands, and what they leave in the data folder.
import { execFile } from 'node:child_process'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { eventually } from '../eventually.ts'
import { startRelayProcess, temporaryFolder as newFolder } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { secret } from './sign-in-place.ts'
import { StockCaller } from './stock-caller.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function temporaryFolder(): Promise<string> {
  const folder = await newFolder()
  folders.push(folder)
  return folder
}

type Ended = { readonly code: number; readonly out: string; readonly err: string }

function syncline(words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const env = { ...process.env, ...environment }
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

function client(url: string, token: string): StockClient {
  return new StockClient(url, 'story', new Y.Doc(), WebSocket, { token })
}

test('[S1] --host without keys prints a link that opens every document, now and after a restart', async () => {
  const data = await temporaryFolder()
  const words = ['--host', '0.0.0.0']
  const relay = await startRelayProcess({ data, words })
  const token = await relay.wrote(/#token=([\w.-]+)\n/)
  {
    using ana = client(relay.url, token)
    await ana.synced()
    ana.write('hello')
    using ben = client(relay.url, token)
    await eventually([ben.doc], () => ben.words === 'hello')
  }
  const nobody = new StockCaller(relay.url, 'story')
  expect(await nobody.closed).toMatchObject({ code: 4401, reason: expect.stringContaining('(no-token)') })
  expect((await stat(join(data, 'token-secret'))).mode & 0o777).toBe(0o600)
  await relay.kill('SIGTERM')

  await using again = await startRelayProcess({ data, words })
  using late = client(again.url, token)
  await late.synced()
  expect(late.words).toBe('hello')
})

test('[S1] syncline token prints a token alone, which opens what it says; revoked, it opens nothing', async () => {
  await using relay = await startRelayProcess({ words: ['--host', '0.0.0.0'] })
  const folder = ['--data', relay.data]
  const wish = ['token', '--subject', 'ana', '--write', 'sto*', '--read', 'plan', '--expires', '1h']
  const made = await syncline([...wish, ...folder])
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const token = made.out.trim()
  const ana = new StockCaller(relay.url, `story?token=${token}`)
  await ana.take('step1')
  expect(await new StockCaller(relay.url, `other?token=${token}`).closed).toMatchObject({ code: 4403 })

  const revoked = await syncline(['token', 'revoke', '--subject', 'ana', ...folder])
  expect(revoked).toMatchObject({ code: 0, err: '', out: expect.stringContaining('«ana»') })
  expect(await ana.closed).toMatchObject({
    code: 4401,
    reason: expect.stringContaining('(token-revoked)'),
  })
  expect(await new StockCaller(relay.url, `story?token=${token}`).closed).toMatchObject({ code: 4401 })
})

test('[S1] tokens can be revoked while no relay runs', async () => {
  const data = await temporaryFolder()
  const words = ['--host', '0.0.0.0']
  const before = await startRelayProcess({ data, words })
  await before.kill('SIGTERM')
  const { out } = await syncline(['token', '--subject', 'ana', '--write', '*', '--data', data])
  const [, payload = ''] = out.split('.')
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string }
  expect(await syncline(['token', 'revoke', '--id', jti, '--data', data])).toMatchObject({ code: 0 })
  await using relay = await startRelayProcess({ data, words })
  const ana = new StockCaller(relay.url, `story?token=${out.trim()}`)
  expect(await ana.closed).toMatchObject({ code: 4401, reason: expect.stringContaining('(token-revoked)') })
})

test('[S1] a config file with an application decides on a running relay', async () => {
  const folder = await temporaryFolder()
  const config = join(folder, 'syncline.config.js')
  await writeFile(
    config,
    `export default {
      authorize: ({ subject, document }) =>
        document === subject + '-diary' ? 'write' : { refused: 'This is not your diary.' },
    }`,
  )
  const environment = { SYNCLINE_TOKEN_SECRET: secret, SYNCLINE_CONFIG: config }
  await using relay = await startRelayProcess({ env: environment })
  const wish = ['token', '--subject', 'ana', '--write', '*', '--data', relay.data]
  const { out } = await syncline(wish, environment)
  const own = new StockCaller(relay.url, `ana-diary?token=${out.trim()}`)
  await own.take('step1')
  expect(await new StockCaller(relay.url, `ben-diary?token=${out.trim()}`).closed).toMatchObject({
    code: 4403,
    reason: 'This is not your diary. (forbidden)',
  })
})

test.each([
  [['token'], 'bad-option'],
  [['token', '--subject', 'ana'], 'bad-option'],
  [['token', '--subject', 'ana', '--write', 'a*b'], 'bad-option'],
  [['token', '--subject', 'ana', '--write', 'a', '--expires', 'soon'], 'bad-option'],
  [['token', 'revoke'], 'bad-option'],
  [['token', 'revoke', '--subject', 'ana', '--id', 'x'], 'bad-option'],
  [['token', 'forget'], 'bad-option'],
])('[S1] syncline %j says what is wrong, and prints no token', async (words, code) => {
  const ended = await syncline(words)
  expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`(${code})`) })
})

test('[S1] where the relay holds no secret, syncline token makes none', async () => {
  const folder = await temporaryFolder()
  const jwks = { SYNCLINE_TOKEN_JWKS: 'https://example.org/keys' }
  const ended = await syncline(['token', '--subject', 'ana', '--write', 'a', '--data', folder], jwks)
  expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining('(no-secret)') })
  await expect(stat(join(folder, 'token-secret'))).rejects.toMatchObject({ code: 'ENOENT' })
})
