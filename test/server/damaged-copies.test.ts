// Copies that must not be trusted, or not in all: changed, cut short, of damaged data, of another format.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { bytesOf, entriesOf } from '../../server/copy-stream.ts'
import { markWrongBlocks } from '../../server/table-check.ts'
import { decodeKey, formatKey } from '../../shared/record-keys.ts'
import { encodeFormat } from '../../shared/relay-records.ts'
import type { Entry } from '../../shared/store.ts'
import { seededRandom } from '../editing-session.ts'
import {
  people,
  start,
  person,
  command,
  listed,
  here,
  inLevel,
  rowsOf,
  smallData,
  stop,
} from './copied-data.ts'

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
  await stop()
  // What was in the log becomes a table.
  await inLevel(data, () => Promise.resolve())
  await damageTheLargestTable(data)

  const backed = await command('backup', here('at rest'), '--data', data)
  expect(backed).toMatchObject({ code: 2, said: expect.stringContaining('is NOT in the backup') })
  await start(data)
  const live = await command('backup', here('while it runs'), '--data', data)
  expect(live).toMatchObject({ code: 2, said: expect.stringContaining('Corruption') })
  await stop()
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
