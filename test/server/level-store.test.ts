// The Store on LevelDB: the contract, on a disk that works and on one that fails when told to; and what is LevelDB's own.
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storeErrorFrom } from '../../server/level-fault.ts'
import { LevelStore } from '../../server/level-store.ts'
import { markWrongBlocks } from '../../server/table-check.ts'
import type { Batch } from '../../shared/store.ts'
import { seededRandom } from '../editing-session.ts'
import { randomBytes } from '../shared/random-updates.ts'
import { all, bytes, contents, put, storeContract, storeFailureContract, text } from '../store-contract.ts'
import { temporaryFolder } from '../relay-process.ts'
import { failingLevel, failureMessages } from './failing-level.ts'

async function failingPlace() {
  const folder = await temporaryFolder()
  const databases: ReturnType<typeof failingLevel>[] = []
  let failed = 0
  return {
    folder,
    database: () => databases.at(-1)!,
    open: () =>
      LevelStore.open({
        folder,
        sync: true,
        database: (where) => {
          const database = failingLevel(where)
          databases.push(database)
          return database.level
        },
      }),
    remove: () => rm(folder, { recursive: true }),
    failNextWrite: (code: 'full' | 'broken') => {
      databases.at(-1)!.failures.push({ message: failureMessages[code], isApplied: failed++ % 2 === 1 })
    },
  }
}

storeContract('LevelStore', async () => {
  const folder = await temporaryFolder()
  return {
    open: () => LevelStore.open({ folder, sync: true }),
    remove: () => rm(folder, { recursive: true }),
  }
})

storeFailureContract('LevelStore', failingPlace)

test('[D1] what is to be synced is synced, what is to be written is not, and without `sync` nothing is', async () => {
  const place = await failingPlace()
  const store = await place.open()
  await store.write({ put: [put('a')], durability: 'synced' })
  await store.write({ put: [put('b')], durability: 'written' })
  expect(place.database().syncs).toEqual([true, false])
  await store.close()

  const database = failingLevel(place.folder)
  const loose = await LevelStore.open({ folder: place.folder, sync: false, database: () => database.level })
  await loose.write({ put: [put('c')], durability: 'synced' })
  expect(database.syncs).toEqual([false])
  await loose.close()
  await place.remove()
})

test('[D1] what comes while the disk is busy goes to it together, and one sync serves all of it', async () => {
  const place = await failingPlace()
  const store = await place.open()
  const first = store.write({ put: [put('a')], durability: 'synced' })
  const others = Array.from({ length: 20 }, (_, index) =>
    store.write({ put: [put(`b${index}`)], durability: index === 7 ? 'synced' : 'written' }),
  )
  expect(await Promise.all([first, ...others])).toEqual(Array.from({ length: 21 }, () => 'written'))
  expect(place.database().syncs).toEqual([true, true])
  expect(await contents(store)).toHaveLength(21)
  await store.close()
  await place.remove()
})

test('[X1] of what goes to the disk together each precondition sees what came before it', async () => {
  const place = await failingPlace()
  const store = await place.open()
  const write = (batch: Omit<Batch, 'durability'>) => store.write({ ...batch, durability: 'synced' })
  const key = bytes('x')
  const answers = await Promise.all([
    write({ put: [put('a')] }),
    write({ onlyIf: [{ key, value: undefined }], put: [{ key, value: bytes('1') }] }),
    write({ onlyIf: [{ key, value: undefined }], put: [put('never')] }),
    write({ onlyIf: [{ key, value: bytes('1') }], put: [{ key, value: bytes('2') }] }),
    write({ remove: [key] }),
    write({ onlyIf: [{ key, value: undefined }], put: [{ key, value: bytes('3') }] }),
    write({ removeRange: [{ from: bytes('x'), to: bytes('y') }], put: [put('z')] }),
    write({ onlyIf: [{ key, value: bytes('3') }], put: [put('never')] }),
  ])
  expect(answers).toEqual([
    'written',
    'written',
    'stale',
    'written',
    'written',
    'written',
    'written',
    'stale',
  ])
  expect(await contents(store)).toEqual(['a=a', 'z=z'])
  // What removes a range goes alone: it is read from the disk.
  expect(place.database().syncs).toHaveLength(3)
  await store.close()
  await place.remove()
})

test('[D1] what goes to the disk together fails together, and what waited behind it is not tried', async () => {
  const place = await failingPlace()
  const store = await place.open()
  const large = { key: bytes('large'), value: new Uint8Array(2 ** 20) }
  const first = store.write({ put: [put('a')], durability: 'synced' })
  const others = [put('b'), put('c'), large].map((entry) =>
    store.write({ put: [entry], durability: 'synced' }),
  )
  await first
  place.failNextWrite('full')
  const outcomes = await Promise.allSettled(others)
  expect(outcomes).toMatchObject([
    { reason: { code: 'full', outcome: 'unknown' } },
    { reason: { code: 'full', outcome: 'unknown' } },
    { reason: { code: 'full', outcome: 'notApplied' } },
  ])
  expect(await store.write({ put: [put('d')], durability: 'synced' })).toBe('written')
  expect(await contents(store)).toEqual(['a=a', 'd=d'])
  await store.close()
  await place.remove()
})

test('[D1] a batch of large records is written and synced in one, with what it removes', async () => {
  const place = await failingPlace()
  const store = await place.open()
  await store.write({ put: [put('a'), put('b')], durability: 'synced' })
  const value = new Uint8Array(100_000).fill(7)
  const large = { put: [{ key: bytes('c'), value }], remove: [bytes('a')], durability: 'synced' } as const
  place.failNextWrite('full')
  await expect(store.write(large)).rejects.toMatchObject({ code: 'full' })
  expect(await contents(store)).toEqual(['a=a', 'b=b'])
  await store.write(large)
  expect(place.database().syncs).toEqual([true, true, true])
  expect((await store.range(all())).map(({ key }) => text(key))).toEqual(['b', 'c'])
  expect(await store.get(bytes('c'))).toEqual(value)
  await store.close()
  await place.remove()
})

test('[D1] after a failed write the log is read back before anything else is written', async () => {
  const place = await failingPlace()
  const store = await place.open()
  const database = place.database()
  await store.write({ put: [put('a')], durability: 'synced' })
  place.failNextWrite('broken')
  await expect(store.write({ put: [put('b')], durability: 'synced' })).rejects.toMatchObject({
    code: 'broken',
  })
  expect(database.openings).toBe(1)
  expect(await contents(store)).toEqual(['a=a'])
  await store.write({ put: [put('c')], durability: 'synced' })
  expect(database.openings).toBe(2)
  await store.write({ put: [put('d')], durability: 'synced' })
  expect(database.openings).toBe(2)
  await store.close()
  await place.remove()
})

test('a head that every write guards is read once', async () => {
  const place = await failingPlace()
  const store = await place.open()
  for (let head = 0; head < 20; head++) {
    const value = head === 0 ? undefined : bytes(String(head))
    const batch = { onlyIf: [{ key: bytes('head'), value }], put: [put('head', String(head + 1))] }
    expect(await store.write({ ...batch, durability: 'written' })).toBe('written')
  }
  expect(place.database().reads).toBe(1)
  await store.close()
  await place.remove()
})

test('[B1] more guarded keys than are kept are still guarded', async () => {
  const place = await failingPlace()
  const store = await place.open()
  const keys = Array.from({ length: 5000 }, (_, index) => put(`k${index}`))
  await store.write({ put: keys, durability: 'written' })
  for (let round = 0; round < 2; round++) {
    expect(await store.write({ onlyIf: keys, durability: 'written' })).toBe('written')
  }
  expect(await store.write({ onlyIf: [...keys, put('k0', 'other')], durability: 'written' })).toBe('stale')
  await store.close()
  await place.remove()
})

test('[D1] on a disk that was full for one write, what is answered afterwards is there after reopening', async () => {
  const folder = await temporaryFolder()
  // A limit on the size of files is a full disk that needs no rights to make. The log of one large batch runs into it.
  const program = `
    import { LevelStore } from ${JSON.stringify(new URL('../../dist/server/level-store.js', import.meta.url).href)}
    const store = await LevelStore.open({ folder: process.argv[1], sync: true })
    const write = (name, size) =>
      store.write({ put: [{ key: Buffer.from(name), value: new Uint8Array(size) }], durability: 'synced' })
    await write('a', 1000)
    const failure = await write('b', 12 * 1024 * 1024).catch((error) => error)
    for (let n = 0; n < 20; n++) await write('c' + n, 3000)
    console.log(failure.code, failure.outcome)
    process.kill(process.pid, 'SIGKILL')
  `
  const limited = 'ulimit -f 20000 && exec "$0" --input-type=module -e "$1" "$2"'
  const words = ['-c', limited, process.execPath, program, folder]
  const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' })
  expect({ stdout, stderr }).toEqual({ stdout: 'full unknown\n', stderr: '' })
  const store = await LevelStore.open({ folder, sync: true })
  const keys = (await store.range({ from: bytes('c'), to: bytes('d'), limit: 100 })).map(({ key }) =>
    text(key),
  )
  expect(keys.toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `c${n}`).toSorted())
  expect(await store.get(bytes('a'))).toHaveLength(1000)
  await store.close()
  await rm(folder, { recursive: true })
})

test('[L1] a folder that went away and came back is written to again, and reads go on meanwhile', async () => {
  const folder = await temporaryFolder()
  const store = await LevelStore.open({ folder, sync: true })
  const write = (...keys: string[]) => store.write({ put: keys.map((key) => put(key)), durability: 'synced' })
  await write('a')
  await rename(folder, `${folder}-away`)
  // Past its write buffer LevelDB begins a new log, and where its folder was there is none.
  const large = { key: bytes('large'), value: new Uint8Array(5 * 1024 * 1024) }
  await store.write({ put: [large], durability: 'synced' })
  await expect(write('b')).rejects.toMatchObject({ code: 'broken' })
  await expect(write('c')).rejects.toMatchObject({ code: 'broken', outcome: 'notApplied' })
  expect(await store.get(bytes('a'))).toEqual(bytes('a'))
  await rename(`${folder}-away`, folder)
  expect(await write('d')).toBe('written')
  await store.close()
  const again = await LevelStore.open({ folder, sync: true })
  const keys = (await again.range({ from: bytes(''), to: bytes('z'), limit: 10 })).map(({ key }) => key)
  expect(keys.filter((key) => key[0] !== bytes('b')[0])).toEqual([bytes('a'), bytes('d'), bytes('large')])
  await again.close()
  await rm(folder, { recursive: true })
})

test('[L1] a read that a reopening cuts short begins again, and one that begins meanwhile waits', async () => {
  const place = await failingPlace()
  const store = await place.open()
  await store.write({ put: [put('a'), put('b')], durability: 'synced' })
  place.failNextWrite('broken')
  await expect(store.write({ put: [put('x')], durability: 'synced' })).rejects.toMatchObject({
    code: 'broken',
  })
  let readOn = () => undefined as void
  place.database().readingOn = new Promise((resolve) => {
    readOn = resolve
  })
  const range = { from: bytes('a'), to: bytes('c'), limit: 10 }
  const cutShort = contents(store, range)
  const reopening = store.write({ put: [put('m')], durability: 'synced' })
  const meanwhile = Promise.all([store.get(bytes('a')), contents(store, range)])
  expect(await reopening).toBe('written')
  readOn()
  expect(await cutShort).toEqual(['a=a', 'b=b'])
  expect(await meanwhile).toEqual([bytes('a'), ['a=a', 'b=b']])
  expect(place.database().openings).toBe(2)
  await store.close()
  await place.remove()
})

test.each([
  ['LEVEL_IO_ERROR', 'IO error: 000003.log: No space left on device', 'full'],
  ['LEVEL_IO_ERROR', 'IO error: 000003.log: Disk quota exceeded', 'full'],
  ['LEVEL_IO_ERROR', 'IO error: 000003.log: Input/output error', 'broken'],
  ['LEVEL_CORRUPTION', 'Corruption: block checksum mismatch', 'damaged'],
  ['ENOSPC', 'ENOSPC: no space left on device, write', 'full'],
  ['EROFS', 'EROFS: read-only file system, open', 'broken'],
])('%s, %s, is told as %s', (code, message, told) => {
  const cause = Object.assign(new Error(message), { code })
  expect(storeErrorFrom(cause, 'unknown')).toMatchObject({ code: told, outcome: 'unknown', cause })
  const opening = Object.assign(new Error('Database failed to open', { cause }), {
    code: 'LEVEL_DATABASE_NOT_OPEN',
  })
  expect(storeErrorFrom(opening, 'notApplied')).toMatchObject({ code: told, outcome: 'notApplied' })
})

test('a folder that another process uses is refused with its name, and left as it is', async () => {
  const folder = await temporaryFolder()
  const options = { folder, sync: true }
  const store = await LevelStore.open(options)
  await expect(LevelStore.open(options)).rejects.toMatchObject({ code: 'data-in-use' })
  expect(await store.write({ put: [put('a')], durability: 'synced' })).toBe('written')
  await store.close()
  await rm(folder, { recursive: true })
})

test('a folder that cannot be made is refused', async () => {
  const options = { folder: '/dev/null/data', sync: true }
  await expect(LevelStore.open(options)).rejects.toMatchObject({ code: 'no-folder' })
})

test('[L1] a table that LevelDB cannot rewrite stops no write for good: what is damaged goes, the rest is put together', async () => {
  const folder = await temporaryFolder()
  const damages: string[] = []
  const open = () => LevelStore.open({ folder, sync: false, whenDamaged: ({ is }) => void damages.push(is) })
  const random = seededRandom(1)
  const keyOf = () => bytes(`k${Math.floor(random() * 100_000)}`)
  const fill = async (store: LevelStore, batches: number) => {
    let failed = 0
    for (let batch = 0; batch < batches; batch++) {
      const entries = Array.from({ length: 100 }, () => ({ key: keyOf(), value: randomBytes(random, 200) }))
      const written = await store.write({ put: entries, durability: 'written' }).catch((error) => error.code)
      if (written !== 'written') failed += 1
    }
    return failed
  }
  const store = await open()
  await fill(store, 400)
  await store.close()
  const tables = (await readdir(folder)).filter((name) => name.endsWith('.ldb'))
  for (const name of tables) {
    const table = await readFile(join(folder, name))
    table.writeUInt8(table.readUInt8(table.length >> 1) ^ 1, table.length >> 1)
    // LevelDB may believe a wrong bit, or die over it; of a block that is marked it always says that it is damaged.
    expect(markWrongBlocks(table)).toBe(1)
    await writeFile(join(folder, name), table)
  }
  const damaged = await open()
  const failed = await fill(damaged, 2_000)
  expect(failed).toBeGreaterThan(0)
  expect(failed).toBeLessThan(20)
  expect(damages).toContain('repaired')
  expect(await fill(damaged, 100)).toBe(0)
  const page = await damaged.range({ from: bytes('k'), to: bytes('l'), limit: 10_000 })
  expect(page).toHaveLength(10_000)
  await damaged.close()
  await rm(folder, { recursive: true })
})

test('[D1] after an end that was none tables are looked at before they are believed', async () => {
  const folder = await temporaryFolder()
  const damages: string[] = []
  const open = () => LevelStore.open({ folder, sync: true, whenDamaged: ({ is }) => void damages.push(is) })
  const store = await open()
  const rows = Array.from({ length: 300 }, (_, index) => put(`k${String(index).padStart(3, '0')}`))
  await store.write({ put: rows, durability: 'synced' })
  await store.close()
  await (await open()).close()
  const name = (await readdir(folder)).find((file) => file.endsWith('.ldb')) ?? ''
  const table = await readFile(join(folder, name))
  table.writeUInt8(table.readUInt8(100) ^ 1, 100)
  await writeFile(join(folder, name), table)
  await writeFile(join(folder, 'opened'), 'open')
  const again = await open()
  expect(damages).toEqual(['repaired'])
  expect(await readdir(join(folder, 'lost'))).toContain(name)
  const there = await contents(again)
  expect(there.length).toBeLessThan(300)
  expect(there.at(-1)).toBe('k299=k299')
  expect(await again.write({ put: [put('new')], durability: 'synced' })).toBe('written')
  await again.close()
  expect(await readdir(folder)).not.toContain('opened')
  await rm(folder, { recursive: true })
})

test('[L1] where a block cannot be read, a page has what is before it and after it', async () => {
  const folder = await temporaryFolder()
  const damages: string[] = []
  const open = () => LevelStore.open({ folder, sync: true, whenDamaged: ({ is }) => void damages.push(is) })
  const random = seededRandom(2)
  const store = await open()
  const entries = Array.from({ length: 500 }, (_, index) => {
    return { key: bytes(`k${String(index).padStart(3, '0')}`), value: randomBytes(random, 200) }
  })
  await store.write({ put: entries, durability: 'synced' })
  await store.close()
  await (await open()).close()
  const name = (await readdir(folder)).find((file) => file.endsWith('.ldb')) ?? ''
  const table = await readFile(join(folder, name))
  table.writeUInt8(table.readUInt8(table.length >> 1) ^ 1, table.length >> 1)
  expect(markWrongBlocks(table)).toBe(1)
  await writeFile(join(folder, name), table)
  const damaged = await open()
  const there = new Set((await damaged.range(all())).map(({ key }) => text(key)))
  expect(there.size).toBeGreaterThan(450)
  expect(there.size).toBeLessThan(500)
  expect([there.has('k000'), there.has('k499')]).toEqual([true, true])
  const reversed = await damaged.range({ ...all(), reverse: true })
  expect(new Set(reversed.map(({ key }) => text(key)))).toEqual(there)
  const lost = entries.find(({ key }) => !there.has(text(key)))!
  await expect(damaged.get(lost.key)).rejects.toMatchObject({ code: 'damaged' })
  const whole = { removeRange: [{ from: bytes('k'), to: bytes('l') }], put: [lost] }
  expect(await damaged.write({ ...whole, durability: 'synced' })).toBe('written')
  expect(await damaged.get(lost.key)).toEqual(lost.value)
  expect(damages).toContain('skipped')
  await damaged.close()
  await rm(folder, { recursive: true })
})
