// The Store on LevelDB: the contract, on a disk that works and on one that fails when told to; and what is LevelDB's own.
import { spawnSync } from 'node:child_process'
import { rename, rm } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { storeErrorFrom } from '../../server/level-fault.ts'
import { LevelStore } from '../../server/level-store.ts'
import { bytes, contents, put, storeContract, storeFailureContract, text } from '../store-contract.ts'
import { temporaryFolder } from '../relay-process.ts'

/** LevelDB that counts what is asked of it, and fails as it does itself: before or after the batch is in its log. */
function failingLevel(folder: string) {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const open = level.open.bind(level)
  const get = level.get.bind(level)
  const batch = level.batch.bind(level) as unknown as (...all: unknown[]) => Promise<void>
  const failing = {
    level,
    failures: [] as { message: string; isApplied: boolean }[],
    syncs: [] as boolean[],
    openings: 0,
    reads: 0,
    /** Pages are read on when this is. */
    readingOn: Promise.resolve(),
  }
  const iterator = level.iterator.bind(level) as (options: object) => ReturnType<typeof level.iterator>
  Object.assign(level, {
    iterator: (options: object) => {
      const opened = iterator(options)
      const nextv = opened.nextv.bind(opened) as (size: number) => Promise<unknown>
      return Object.assign(opened, { nextv: (size: number) => failing.readingOn.then(() => nextv(size)) })
    },
    open: () => {
      failing.openings += 1
      return open()
    },
    get: (key: Uint8Array) => {
      failing.reads += 1
      return get(key)
    },
    batch: async (operations: unknown, options: { sync: boolean }) => {
      failing.syncs.push(options.sync)
      const failure = failing.failures.shift()
      if (failure === undefined || failure.isApplied) await batch(operations, options)
      if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: 'LEVEL_IO_ERROR' })
    },
  })
  return failing
}

const messages = {
  full: 'IO error: 000003.log: No space left on device',
  broken: 'IO error: 000003.log: Input/output error',
}

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
      databases.at(-1)!.failures.push({ message: messages[code], isApplied: failed++ % 2 === 1 })
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
  await expect(LevelStore.open(options)).rejects.toMatchObject({ code: 'data-unreadable' })
})
