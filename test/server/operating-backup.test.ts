// Copies of the data: made while people write, looked at, gone back to; and every way in which one must not be trusted.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import * as Y from 'yjs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytesOf, entriesOf } from '../../server/copy-stream.ts'
import { LevelStore } from '../../server/level-store.ts'
import { Revocations } from '../../server/revocations.ts'
import type { Presented } from '../../server/revocations.ts'
import { markWrongBlocks } from '../../server/table-check.ts'
import { decodeKey, formatKey } from '../../shared/record-keys.ts'
import { encodeFormat } from '../../shared/relay-records.ts'
import type { Entry } from '../../shared/store.ts'
import { seededRandom } from '../editing-session.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
let folder: string
let relay: RelayProcess | undefined
const people: StockClient[] = []

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(async () => {
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await relay?.kill()
  relay = undefined
  await rm(folder, { recursive: true, force: true })
})

async function start(data: string, port = 0): Promise<RelayProcess> {
  relay = await startRelayProcess({ data, port })
  return relay
}

async function person(document: string): Promise<StockClient> {
  if (relay === undefined) throw new Error('There is no relay.')
  const client = new StockClient(relay.url, document)
  people.push(client)
  await client.synced()
  return client
}

type Outcome = { readonly code: number; readonly said: string }

/** Runs beside what the test does. */
async function command(...words: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  const [code] = await once(child, 'close')
  return { code, said }
}

async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

const here = (name: string) => join(folder, name)

async function inLevel(path: string, act: (level: ClassicLevel<Uint8Array, Uint8Array>) => Promise<void>) {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  await level.open()
  await act(level)
  await level.close()
}

/** Of all files, with when each was written. */
async function contentOf(path: string): Promise<readonly object[]> {
  const names = (await readdir(path)).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const { mtimeMs } = await stat(join(path, name))
      return { name, mtimeMs, bytes: (await readFile(join(path, name))).toString('base64') }
    }),
  )
}

async function isRevokedIn(path: string, presented: Presented): Promise<boolean> {
  const store = await LevelStore.open({ folder: path, sync: true })
  const revocations = await Revocations.open(store, Date.now())
  await store.close()
  return revocations.isRevoked(presented)
}

/** The keys of all rows of a folder, in order. */
async function rowsOf(path: string): Promise<Uint8Array[]> {
  const rows: Uint8Array[] = []
  await inLevel(path, async (level) => {
    for await (const key of level.keys()) if (decodeKey(new Uint8Array(key)).type === 'row') rows.push(key)
  })
  return rows
}

/** Data with one document of three rows. */
async function smallData(): Promise<string> {
  const data = here('data')
  await start(data)
  const author = await person('story')
  const reader = await person('story')
  for (const word of ['one ', 'two ', 'three']) {
    const shown = new Promise((resolve) => reader.doc.once('update', resolve))
    author.write(word)
    await shown
  }
  await relay?.kill('SIGTERM')
  return data
}

test('[D1] [C2] a backup made while people write has all that was shown before it began, and is whole', async () => {
  const data = here('data')
  await start(data)
  const reader = await person('story')
  const writers = await Promise.all([1, 2, 3].map(() => person('story')))
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n++) {
      const shown = new Promise((resolve) => reader.doc.once('update', resolve))
      for (const writer of writers) writer.write(`w${n} `)
      await shown
    }
  })()
  const before: Uint8Array[] = []
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => reader.doc.once('update', resolve))
    before.push(Y.encodeStateAsUpdate(reader.doc))
    expect(await command('backup', here(`backup-${round}`), '--data', data)).toMatchObject({ code: 0 })
  }
  isOver = true
  await writing
  const live = await command('verify', '--data', data)
  expect(live).toMatchObject({ code: 0, said: expect.stringMatching(/^story .* whole\n/m) })
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await relay?.kill('SIGTERM')

  for (const [round, shown] of before.entries()) {
    const backup = here(`backup-${round}`)
    const verified = await command('verify', backup)
    expect(verified, verified.said).toMatchObject({ code: 0, said: expect.stringContaining('all whole.') })
    const restored = here(`restored-${round}`)
    expect(await command('restore', backup, '--data', restored)).toMatchObject({ code: 0 })
    await start(restored)
    const again = await person('story')
    expect(Y.snapshotContainsUpdate(Y.snapshot(again.doc), shown), `round ${round}`).toBe(true)
    for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
    await relay?.kill()
  }
}, 120_000)

test('[E1] who is newer than a restored relay gives it back what it lacks', async () => {
  const data = await smallData()
  expect(await command('backup', here('backup'), '--data', data)).toMatchObject({ code: 0 })
  const { port } = await start(data)
  const author = await person('story')
  const witness = await person('story')
  const shown = new Promise((resolve) => witness.doc.once('update', resolve))
  author.write(' and four')
  await shown
  witness[Symbol.dispose]()
  author.goOffline()
  await relay?.kill()
  expect(await command('restore', here('backup'), '--data', here('restored'))).toMatchObject({ code: 0 })
  await start(here('restored'), port)
  await author.comeBack()
  const reader = await person('story')
  await new Promise<void>((resolve) => {
    const look = () => reader.words === 'one two three and four' && resolve()
    reader.doc.on('update', look)
    look()
  })
})

test('without a relay the command reads the data itself', async () => {
  const data = await smallData()
  const backed = await command('backup', here('backup'), '--data', data)
  expect(backed).toMatchObject({ code: 0, said: expect.stringContaining('secret key: keep it as safe') })
  expect(await command('verify', here('backup'))).toMatchObject({ code: 0 })
})

test('[D1] nothing is ever written over: neither by a backup nor by a restore', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  expect(await command('backup', here('backup'), '--data', data)).toMatchObject({
    code: 1,
    said: expect.stringMatching(/is not empty, and nothing is ever written over.*\(not-empty\)/),
  })
  expect(await command('restore', here('backup'), '--data', data)).toMatchObject({
    code: 1,
    said: expect.stringContaining('(not-empty)'),
  })
  expect((await rowsOf(data)).length).toBe(3)
})

test('[D1] what is no backup, and what is no data, is said to be so, and nothing is made of it', async () => {
  const data = await smallData()
  expect(await command('restore', data, '--data', here('new'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('is no backup'),
  })
  expect(await command('backup', here('backup'), '--data', here('nothing'))).toMatchObject({
    code: 1,
    said: expect.stringContaining(`There is no data in ${here('nothing')}. (no-data)`),
  })
  expect(await command('verify', here('nothing'))).toMatchObject({ code: 1 })
  expect(existsSync(here('nothing'))).toBe(false)
})

test('[D1] a backup is looked at and restored without a byte of it being changed', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  const before = await contentOf(here('backup'))
  expect(await command('verify', here('backup'))).toMatchObject({ code: 0 })
  expect(await command('restore', here('backup'), '--data', here('new'))).toMatchObject({ code: 0 })
  expect(await contentOf(here('backup'))).toEqual(before)
  expect((await rowsOf(here('new'))).length).toBe(3)
})

test('[S1] a restore says that what was revoked since counts again; with --revoke-tokens no token of before does', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  const restored = await command('restore', here('backup'), '--data', here('new'))
  expect(restored.said).toMatch(/Tokens that were revoked after .* count again/)
  const bearer = { tenant: '', subject: 'ana', id: undefined, issuedAt: Date.now() - 1 } as const
  expect(await isRevokedIn(here('new'), bearer)).toBe(false)
  const safe = await command('restore', here('backup'), '--data', here('safe'), '--revoke-tokens')
  expect(safe).toMatchObject({ code: 0, said: expect.stringContaining('counts any more') })
  expect(await isRevokedIn(here('safe'), bearer)).toBe(true)
  expect(await isRevokedIn(here('safe'), { ...bearer, issuedAt: Date.now() + 1000 })).toBe(false)
  expect(await command('verify', here('safe'))).toMatchObject({ code: 0 })
})

test('[D1] a backup that was changed since is neither restored nor called whole', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  const [, second] = await rowsOf(here('backup'))
  if (second === undefined) throw new Error('There is no second row.')
  await inLevel(here('backup'), (level) => level.del(second))
  expect(await command('restore', here('backup'), '--data', here('new'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('(damaged-copy)'),
  })
  expect(await readdir(here('new'))).toEqual([])
  const verified = await command('verify', here('backup'))
  expect(verified.code).toBe(1)
  expect(verified.said).toContain('The backup is not what it was when it was made.')
  expect(verified.said).toMatch(/^story .*damaged: Rows are missing/m)
})

test('[C2] verify finds what is wrong: a hole, a row that cannot be read, a record that is lost', async () => {
  const data = await smallData()
  const [first] = await rowsOf(data)
  if (first === undefined) throw new Error('There is no row.')
  await inLevel(data, (level) => level.put(first, Uint8Array.of(9)))
  const unreadable = await command('verify', data)
  expect(unreadable.code).toBe(1)
  expect(unreadable.said).toMatch(/A row on the disk (?:cannot be read|is not what was written)/)
  await inLevel(data, async (level) => {
    for await (const key of level.keys())
      if (decodeKey(new Uint8Array(key)).type === 'document') await level.del(key)
  })
  const lost = await command('verify', data)
  expect(lost.code).toBe(1)
  expect(lost.said).toContain('There are rows of «story» that no record of the document knows of.')
})

test('[D1] a copy that was cut short is not taken for data: not by serve, restore or verify', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  await writeFile(join(here('backup'), 'unfinished-copy'), '')
  for (const words of [
    ['verify', here('backup')],
    ['restore', here('backup'), '--data', here('new')],
    ['serve', '--port', '0', '--data', here('backup')],
  ])
    expect(await command(...words)).toMatchObject({
      code: 1,
      said: expect.stringContaining('(unfinished-copy)'),
    })
})

test('[D1] a stream that is cut at any byte, or changed in one, gives no copy', async () => {
  const entries: Entry[] = [
    { key: Uint8Array.of(1), value: new Uint8Array(300) },
    { key: Uint8Array.of(2, 2), value: new Uint8Array() },
    { key: Uint8Array.of(3), value: Uint8Array.of(7) },
  ]
  async function* pages() {
    yield entries.slice(0, 2)
    yield entries.slice(2)
  }
  const bytes = Buffer.concat(await listed(bytesOf(pages())))
  const readIn = async (given: Uint8Array, size: number) => {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < given.length; at += size) chunks.push(given.subarray(at, at + size))
    return (await listed(entriesOf(Readable.from(chunks), () => undefined))).flat()
  }
  for (const size of [1, 7, bytes.length]) {
    const read = await readIn(bytes, size)
    expect(
      read.map(({ key, value }) => ({ key: new Uint8Array(key), value: new Uint8Array(value) })),
    ).toEqual(entries)
  }
  for (let end = 0; end < bytes.length; end++)
    await expect(readIn(bytes.subarray(0, end), 50)).rejects.toThrow('Nothing was kept')
  for (const at of [8, 200, bytes.length - 100]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await expect(readIn(changed, 50)).rejects.toThrow('Nothing was kept')
  }
})

test('[D1] of damaged data a backup has what can be read, and says with a code of its own that there was more', async () => {
  const data = here('data')
  await start(data)
  const author = await person('a-short-one')
  const novelist = await person('story')
  const reader = await person('story')
  const random = seededRandom(1)
  author.write('whole')
  for (let chapter = 0; chapter < 8; chapter++) {
    const shown = new Promise((resolve) => reader.doc.once('update', resolve))
    novelist.write(Array.from({ length: 20_000 }, () => String.fromCharCode(32 + random() * 95)).join(''))
    await shown
  }
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await relay?.kill('SIGTERM')
  // What was in the log becomes a table.
  await inLevel(data, () => Promise.resolve())
  await damageTheLargestTable(data)

  const backed = await command('backup', here('at rest'), '--data', data)
  expect(backed).toMatchObject({ code: 2, said: expect.stringContaining('is NOT in the backup') })
  await start(data)
  const live = await command('backup', here('while it runs'), '--data', data)
  expect(live).toMatchObject({ code: 2, said: expect.stringContaining('Corruption') })
  await relay?.kill('SIGTERM')
  for (const name of ['at rest', 'while it runs']) {
    const verified = await command('verify', here(name))
    expect(verified.code).toBe(1)
    expect(verified.said).toContain('The backup lacks what could not be read when it was made.')
    expect(verified.said).toMatch(/^story .*damaged: Rows are missing/m)
    expect(verified.said).toMatch(/^a-short-one .*whole$/m)
    expect(await command('restore', here(name), '--data', here(`from ${name}`))).toMatchObject({
      code: 0,
      said: expect.stringContaining('not all of it'),
    })
  }
  const verified = await command('verify', data)
  expect(verified).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^The data on the disk is damaged/m),
  })
})

/** One bit in the middle of it, as LevelDB sees it when it looks. */
async function damageTheLargestTable(data: string): Promise<void> {
  const names = (await readdir(data)).filter((name) => name.endsWith('.ldb'))
  const tables = await Promise.all(
    names.map(async (name) => ({ path: join(data, name), bytes: await readFile(join(data, name)) })),
  )
  const [largest] = tables.toSorted((one, other) => other.bytes.length - one.bytes.length)
  if (largest === undefined) throw new Error('There is no table.')
  const { path, bytes } = largest
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  expect(markWrongBlocks(bytes)).toBe(1)
  await writeFile(path, bytes)
}

test('a folder that something else uses is said to be so', async () => {
  const data = await smallData()
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { ClassicLevel } from 'classic-level'; await new ClassicLevel(${JSON.stringify(data)}).open(); console.log('open'); setInterval(() => 1, 1000)`,
    ],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(holder.stdout, 'data')
  const backed = await command('backup', here('backup'), '--data', data)
  expect(backed).toMatchObject({ code: 1, said: expect.stringContaining('(relay-silent)') })
  expect(
    spawnSync(process.execPath, [program, 'serve', '--port', '0', '--data', data], { encoding: 'utf8' })
      .stderr,
  ).toContain('(data-in-use)')
  holder.kill()
  await once(holder, 'exit')
})

test('data on a full disk is not called unreadable: nobody needs a backup for it', async () => {
  const data = await smallData()
  await expect(startRelayProcess({ data, fileBytesMax: 0 })).rejects.toThrow(/Make room .*\(disk-full\)/)
  expect(await command('verify', data)).toMatchObject({ code: 0 })
})

test('[D1] a backup that finds no room says so, and leaves nothing that could pass for one', async () => {
  const data = await smallData()
  const words = ['backup', here('backup'), '--data', data]
  const limited = ['-c', `trap '' XFSZ; ulimit -f 0; exec "$@"`, 'bash', process.execPath, program, ...words]
  const { status, stderr } = spawnSync('bash', limited, { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/no room .*\(disk-full\)/) })
})

test('data of another disk format is said to be so, and not called damaged', async () => {
  const data = await smallData()
  for (const [version, todo] of [
    [3, 'Start the relay on it once'],
    [200, 'of a newer version'],
  ] as const) {
    await inLevel(data, (level) => level.put(formatKey(), encodeFormat(version)))
    const verified = await command('verify', data)
    expect(verified).toMatchObject({ code: 1, said: expect.stringContaining(todo) })
    expect(verified.said).toContain(`It has disk format ${version}`)
  }
})
