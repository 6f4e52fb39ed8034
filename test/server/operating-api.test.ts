// Documents over HTTP, on the real port: read, append, list, purge, what changed, and the application that is told of commits.
import { request as httpRequest } from 'node:http'
import { rm } from 'node:fs/promises'
import type { JWTPayload } from 'jose'
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommittedDocument } from '../../server/committed.ts'
import type { ListeningRelay } from '../../server/listening.ts'
import type { Config } from '../../server/option-sources.ts'
import { changedDocumentsMax } from '../../shared/limits.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { secret, tokenOf } from './sign-in-place.ts'

let data: string
let relay: ListeningRelay
let lines: JournalLine[]
const people: StockClient[] = []

beforeEach(async () => {
  data = await temporaryFolder()
  await start()
})

afterEach(async () => {
  await stop()
  await rm(data, { recursive: true })
})

async function start(config: Config = {}): Promise<void> {
  lines = []
  relay = await relayForTest({ data, ...config }, { lines })
}

async function stop(): Promise<void> {
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await relay.close()
}

async function person(document: string): Promise<StockClient> {
  const client = new StockClient(`ws://127.0.0.1:${relay.port}`, document)
  people.push(client)
  await client.synced()
  return client
}

/** What answers may say; each says some of it. */
type Body = {
  readonly code: string
  readonly trace: string
  readonly stateVector: string
  readonly documents: readonly { readonly name: string }[]
  readonly next: string | null
  readonly cursor: string
  readonly full: boolean
  readonly more: boolean
}

type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly json: () => Body
}

function ask(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: relay.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          json: () => JSON.parse(bytes.toString()),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const story = '/v1/documents/story'
const asJson = { headers: { accept: 'application/json' } }

let nextClient = 1

function textUpdate(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = nextClient++
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

function append(update: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return ask('POST', story, { headers, body: update })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

test('[D2] a document is read as an update and as JSON, each with a tag that says whether it is still so', async () => {
  const author = await person('story')
  author.write('hello')
  author.doc.getMap('fields').set('price', 3)
  author.doc.getArray('list').push([1, { two: true }, new Uint8Array([1, 2])])
  author.doc.getXmlFragment('page').push([new Y.XmlElement('p')])
  const nested = new Y.Map()
  author.doc.getMap('fields').set('nested', nested)
  nested.set('deep', [1])
  author.doc.getMap('fields').set('gone', 1)
  author.doc.getMap('fields').delete('gone')
  await until(() => relay.relay.openDocuments === 1)
  const reader = await person('story')
  await new Promise<void>((resolve) => {
    const look = () => reader.doc.getMap('fields').get('nested') !== undefined && resolve()
    reader.doc.on('update', look)
    look()
  })
  const update = await ask('GET', story)
  expect(update).toMatchObject({ status: 200, headers: { 'content-type': 'application/octet-stream' } })
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update.bytes)
  expect(Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(author.doc))).toBe(true)
  const json = await ask('GET', story, asJson)
  expect(json.json()).toEqual({
    text: 'hello',
    fields: { price: 3, nested: { deep: [1] } },
    list: [1, { two: true }, 'AQI='],
    page: '<p></p>',
  })
  const { etag } = json.headers
  expect(etag).not.toBe(update.headers['etag'])
  expect(
    await ask('GET', story, { headers: { ...asJson.headers, 'if-none-match': String(etag) } }),
  ).toMatchObject({
    status: 304,
  })
  await append(textUpdate('more'))
  const later = await ask('GET', story, { headers: { ...asJson.headers, 'if-none-match': String(etag) } })
  expect(later.status).toBe(200)
  expect(later.headers['etag']).not.toBe(etag)
  const head = await ask('HEAD', story)
  expect(head).toMatchObject({ status: 200 })
  expect(head.bytes.length).toBe(0)
})

test('[D1] an update that was appended is durable when it is answered, and those who are there see it', async () => {
  const reader = await person('story')
  const appended = await append(textUpdate('from elsewhere'))
  expect(appended).toMatchObject({ status: 200 })
  expect(appended.json()).toEqual({ status: 'durable' })
  await until(() => reader.words === 'from elsewhere')
  await stop()
  await start()
  expect((await ask('GET', story, asJson)).json()).toEqual({ text: 'from elsewhere' })
})

test('[L1] to append the same again does no harm, and is answered alike', async () => {
  const update = textUpdate('once')
  expect(await append(update)).toMatchObject({ status: 200 })
  const { etag } = (await ask('GET', story)).headers
  expect(await append(update)).toMatchObject({ status: 200 })
  expect((await ask('GET', story)).headers['etag']).toBe(etag)
})

test('[X1] with If-Match an update is appended only to the state that it was made for, also among many at once', async () => {
  await append(textUpdate('a'))
  const { etag } = (await ask('GET', story)).headers
  const tag = { 'if-match': String(etag) }
  const attempts = await Promise.all(Array.from({ length: 10 }, (_, n) => append(textUpdate(`${n}`), tag)))
  expect(attempts.filter(({ status }) => status === 200).length).toBe(1)
  for (const { status, json } of attempts.filter((attempt) => attempt.status !== 200)) {
    expect(status).toBe(412)
    expect(json()).toMatchObject({
      code: 'stale',
      message: expect.stringContaining('changed since'),
      trace: expect.any(String),
    })
  }
  const winner = attempts.find(({ status }) => status === 200)
  const now = await ask('GET', story)
  expect(winner?.headers['etag']).toBe(now.headers['etag'])
  // Of an answer that was lost on its way the author learns by asking again.
  const next = textUpdate('z')
  expect(await append(next, { 'if-match': String(now.headers['etag']) })).toMatchObject({ status: 200 })
  expect(await append(next, { 'if-match': String(now.headers['etag']) })).toMatchObject({ status: 200 })
  expect(await append(textUpdate('y'), { 'if-match': '"nonsense"' })).toMatchObject({ status: 412 })
})

test('[X1] with If-None-Match: * a document is begun by one, however many try', async () => {
  const none = { 'if-none-match': '*' }
  const attempts = await Promise.all(
    Array.from({ length: 10 }, (_, n) => append(textUpdate(`template ${n}`), none)),
  )
  expect(attempts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    200,
    ...Array.from({ length: 9 }, () => 412),
  ])
  expect((await ask('GET', story, asJson)).json()).toEqual({ text: expect.stringMatching(/^template \d$/) })
})

test('[C1] an update that builds on what is not there is refused with what is there, and nothing of it is kept', async () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'first')
  const first = Y.encodeStateAsUpdate(doc)
  const stateVector = Y.encodeStateVector(doc)
  doc.getText('text').insert(5, ' second')
  const second = Y.encodeStateAsUpdate(doc, stateVector)
  const refused = await append(second)
  expect(refused.status).toBe(409)
  const { code, stateVector: has } = refused.json()
  expect(code).toBe('gap')
  expect(await append(Y.encodeStateAsUpdate(doc, Buffer.from(has, 'base64')))).toMatchObject({ status: 200 })
  expect((await ask('GET', story, asJson)).json()).toEqual({ text: 'first second' })
  expect(await append(first)).toMatchObject({ status: 200 })
})

test('[W1] [B1] what is no update, no name or too much is refused with a code of its own', async () => {
  await stop()
  await start({ largestDocument: '64kb' })
  const problems: [Promise<Answer>, number, string][] = [
    [append(Uint8Array.of(1, 2, 3)), 422, 'bad-update'],
    [append(textUpdate('x'.repeat(70_000))), 413, 'too-large'],
    [ask('GET', '/v1/documents/%E0%A4'), 400, 'bad-request'],
    [ask('GET', `/v1/documents/${'x'.repeat(1025)}`), 400, 'bad-request'],
    [ask('GET', '/v1/documents/none'), 404, 'no-document'],
    [ask('GET', '/v1/elsewhere'), 404, 'not-found'],
    [ask('PUT', story), 405, 'method-not-allowed'],
    [ask('GET', '/v1/documents?limit=0'), 400, 'bad-request'],
    [ask('DELETE', '/v1/documents/none'), 404, 'no-document'],
  ]
  for (const [asked, status, code] of problems) {
    const answer = await asked
    expect({ status: answer.status, code: answer.json().code }).toEqual({ status, code })
    expect(answer.headers['x-trace-id']).toBe(answer.json().trace)
  }
  expect(lines.some(({ code }) => code === 'request-failed')).toBe(false)
})

test('[B1] a document is listed page by page, and each once', async () => {
  for (let n = 0; n < 25; n++) await ask('POST', `/v1/documents/d${n}`, { body: textUpdate(`${n}`) })
  const names: string[] = []
  let path = '/v1/documents?limit=10'
  for (let pages = 0; path !== '' && pages < 10; pages++) {
    const { documents, next } = (await ask('GET', path)).json()
    names.push(...documents.map(({ name }) => name))
    path = next === null ? '' : `/v1/documents?limit=10&after=${encodeURIComponent(next)}`
  }
  expect(names.toSorted()).toEqual(Array.from({ length: 25 }, (_, n) => `d${n}`).toSorted())
})

test('[E1] a purged document is gone for readers and writers, and is listed no more', async () => {
  await append(textUpdate('to be forgotten'))
  const reader = await person('story')
  const closed = new Promise((resolve) => reader.provider.once('connection-close', resolve))
  expect(await ask('DELETE', story)).toMatchObject({ status: 204 })
  await closed
  expect(await ask('GET', story)).toMatchObject({ status: 410 })
  const again = await append(textUpdate('revived'))
  expect({ status: again.status, code: again.json().code }).toEqual({ status: 410, code: 'gone' })
  expect((await ask('GET', '/v1/documents')).json().documents).toEqual([])
})

test('[L1] what changed since is told once, from an opaque cursor', async () => {
  await ask('POST', '/v1/documents/a', { body: textUpdate('1') })
  await ask('POST', '/v1/documents/b', { body: textUpdate('2') })
  const first = (await ask('GET', '/v1/changes')).json()
  expect(first).toMatchObject({ full: true, documents: [{ name: 'a' }, { name: 'b' }] })
  expect((await ask('GET', `/v1/changes?since=${first.cursor}`)).json()).toMatchObject({
    full: false,
    documents: [],
  })
  await ask('POST', '/v1/documents/a', { body: textUpdate('3') })
  await ask('DELETE', '/v1/documents/b')
  const second = (await ask('GET', `/v1/changes?since=${first.cursor}`)).json()
  expect(second).toMatchObject({
    full: false,
    documents: [
      { name: 'a', position: 3, rights: 'write' },
      { name: 'b', rights: 'gone' },
    ],
  })
  expect((await ask('GET', '/v1/changes?since=bm9uc2Vuc2U')).json()).toMatchObject({ full: true })
})

test('[B1] a long list of changes comes in pages; their cursors go on where each ended', async () => {
  const names = Array.from({ length: changedDocumentsMax + 30 }, (_, index) => `note${index}`)
  const appended = names.map((name) => ask('POST', `/v1/documents/${name}`, { body: textUpdate(name) }))
  // Some are told that the relay is busy: it does a few at once.
  const answers = await Promise.all(appended)
  const again = names.filter((_, index) => answers[index]?.status !== 200)
  for (const name of again) await ask('POST', `/v1/documents/${name}`, { body: textUpdate(name) })

  const first = (await ask('GET', '/v1/changes')).json()
  expect(first).toMatchObject({ full: true, more: true })
  await ask('POST', '/v1/documents/note0', { body: textUpdate('once more') })
  const second = (await ask('GET', `/v1/changes?since=${first.cursor}`)).json()
  expect(second).toMatchObject({ full: false, more: false })
  const listed = [...first.documents, ...second.documents].map(({ name }) => name)
  expect(first.documents.length).toBeLessThanOrEqual(changedDocumentsMax)
  expect(new Set(listed)).toEqual(new Set(names))
  expect(second.documents.at(-1)?.name).toBe('note0')
  expect((await ask('GET', `/v1/changes?since=${second.cursor}`)).json().documents).toEqual([])
})

test('[S1] over HTTP a token opens what it opens elsewhere, and no more', async () => {
  await stop()
  await start({ tokenSecret: secret })
  const bearer = async (claims: JWTPayload) => ({ authorization: `Bearer ${await tokenOf(claims)}` })
  const writer = await bearer({ sub: 'ann', documents: [{ pattern: 'story', rights: 'write' }] })
  const reader = await bearer({ sub: 'bob', documents: [{ pattern: 'sto*', rights: 'read' }] })
  const stranger = await bearer({ sub: 'eve', documents: [{ pattern: 'other', rights: 'read' }] })
  expect((await append(textUpdate('secret words'))).json()).toMatchObject({ code: 'not-signed-in' })
  expect(await append(textUpdate('secret words'), writer)).toMatchObject({ status: 200 })
  expect((await append(textUpdate('not mine'), reader)).json()).toMatchObject({ code: 'read-only' })
  expect(await ask('GET', story, { headers: reader })).toMatchObject({ status: 200 })
  for (const path of [story, '/v1/documents', '/v1/changes']) {
    const seen = await ask('GET', path, { headers: stranger })
    expect(seen.bytes.toString()).not.toMatch(/secret|story/)
    expect((await ask('GET', path)).status).toBe(401)
    expect((await ask('GET', path, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401)
  }
  expect((await ask('DELETE', story, { headers: writer })).json()).toMatchObject({ code: 'not-admin' })
  const admin = await bearer({ sub: 'root', documents: [{ pattern: '*', rights: 'write' }], admin: true })
  expect(await ask('DELETE', story, { headers: admin })).toMatchObject({ status: 204 })
})

test('[S1] a page of elsewhere cannot ask in the name of its visitor', async () => {
  await append(textUpdate('mine'))
  const foreign = await ask('GET', story, { headers: { origin: 'https://evil.example' } })
  expect({ status: foreign.status, code: foreign.json().code }).toEqual({ status: 403, code: 'wrong-origin' })
  // A name that was led to this machine is an origin of its own, and sends none when it reads.
  const rebound = await ask('GET', story, { headers: { host: 'evil.example' } })
  expect({ status: rebound.status, code: rebound.json().code }).toEqual({ status: 403, code: 'not-local' })
})

test('[X1] the application is told of every commit, once more after a fault and after a restart, and of none before', async () => {
  await stop()
  const told: CommittedDocument[] = []
  let faults = 1
  const committed = (documents: readonly CommittedDocument[]) => {
    if (faults-- > 0) throw new Error('the database is away')
    told.push(...documents)
  }
  await start()
  await ask('POST', '/v1/documents/before', { body: textUpdate('1') })
  await stop()
  await start({ committed })
  await until(() =>
    lines.some(({ code, cause }) => code === 'committed-failed' && cause === 'the database is away'),
  )
  await until(() => told.length === 1)
  expect(told).toEqual([{ tenant: '', document: 'before', position: 1, isPurged: false }])
  await append(textUpdate('2'))
  await until(() => told.length === 2)
  await ask('DELETE', story)
  await until(() => told.length === 3)
  expect(told.slice(1)).toMatchObject([
    { document: 'story', isPurged: false },
    { document: 'story', isPurged: true },
  ])
  await stop()
  await start({ committed })
  await append(textUpdate('3'))
  await ask('POST', '/v1/documents/after', { body: textUpdate('4') })
  await until(() => told.some(({ document }) => document === 'after'))
  expect(told.filter(({ document }) => document === 'before').length).toBe(1)
})
