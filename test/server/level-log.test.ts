// The log's promise, on a disk that the test holds back and on the real LevelDB.
import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { LevelLog } from '../../server/level-log.ts'
import type { Append, LogDatabase } from '../../server/level-log.ts'
import { temporaryFolder } from '../relay-process.ts'

const append = (name: string): Append => ({ document: 'story', update: new TextEncoder().encode(name) })
const names = (appends: Iterable<Append | Uint8Array>) =>
  [...appends].map((one) => new TextDecoder().decode(one instanceof Uint8Array ? one : one.update))
const silent = { committed: () => undefined, failed: () => undefined }

/** A disk on which a write takes as long as the test wants. */
class HeldDisk {
  readonly writes: { sync: boolean | undefined; rows: number; finish: (error?: Error) => void }[] = []
  #arrived: (() => void) | undefined

  readonly database: LogDatabase = {
    get: async () => new TextEncoder().encode('1'),
    batch: ((operations: readonly unknown[], options?: { sync?: boolean }) =>
      new Promise<void>((resolve, reject) => {
        const finish = (error?: Error) => (error === undefined ? resolve() : reject(error))
        this.writes.push({ sync: options?.sync, rows: operations.length - 1, finish })
        this.#arrived?.()
      })) as unknown as LogDatabase['batch'],
    values: (() => []) as unknown as LogDatabase['values'],
    close: async () => undefined,
  }

  async write(n: number): Promise<HeldDisk['writes'][number]> {
    while (this.writes[n] === undefined) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
    return this.writes[n]
  }
}

test('[D1] nothing is committed before the disk has synced the batch that holds it', async () => {
  const disk = new HeldDisk()
  const committed: string[] = []
  let told: () => void = () => undefined
  const log = await LevelLog.over(disk.database, 'held', {
    committed: (appends) => {
      committed.push(...names(appends))
      told()
    },
    failed: () => undefined,
  })
  log.append(append('a'))
  log.append(append('b'))
  const first = await disk.write(0)
  log.append(append('c'))
  log.append(append('d'))
  expect(first).toMatchObject({ sync: true, rows: 2 })
  expect(committed).toEqual([])
  first.finish()
  const second = await disk.write(1)
  expect(second).toMatchObject({ sync: true, rows: 2 })
  expect(committed).toEqual(['a', 'b'])
  const all = new Promise<void>((resolve) => {
    told = resolve
  })
  second.finish()
  await all
  expect(committed).toEqual(['a', 'b', 'c', 'd'])
})

test('[D1] a disk that refuses ends all commits: what waited is not said to be saved', async () => {
  const disk = new HeldDisk()
  const committed: string[] = []
  const failure = new Promise<unknown>((resolve) => {
    void LevelLog.over(disk.database, 'held', {
      committed: (appends) => committed.push(...names(appends)),
      failed: resolve,
    }).then((log) => {
      log.append(append('a'))
      return log
    })
  })
  const write = await disk.write(0)
  write.finish(new Error('disk full'))
  expect(await failure).toMatchObject({ message: 'disk full' })
  expect(committed).toEqual([])
})

test('[C2] what was committed is read back after reopening, each document alone and in order', async () => {
  const folder = await temporaryFolder()
  let log = await LevelLog.open(folder, silent)
  for (const document of ['a', 'a\u0000', 'ab', '']) {
    for (let n = 0; n < 300; n++)
      log.append({ document, update: new TextEncoder().encode(`${document}${n}`) })
  }
  await log.close()
  log = await LevelLog.open(folder, silent)
  log.append({ document: 'a', update: new TextEncoder().encode('a300') })
  await log.close()
  log = await LevelLog.open(folder, silent)
  expect(names(await read(log, 'a'))).toEqual(Array.from({ length: 301 }, (_, n) => `a${n}`))
  expect(names(await read(log, ''))).toEqual(Array.from({ length: 300 }, (_, n) => `${n}`))
  expect(await read(log, 'abc')).toEqual([])
  await log.close()
  await rm(folder, { recursive: true })
})

test('a folder that another relay uses is refused with its name', async () => {
  const folder = await temporaryFolder()
  const log = await LevelLog.open(folder, silent)
  await expect(LevelLog.open(folder, silent)).rejects.toMatchObject({ code: 'data-in-use' })
  await log.close()
  await rm(folder, { recursive: true })
})

async function read(log: LevelLog, document: string): Promise<Uint8Array[]> {
  const rows: Uint8Array[] = []
  for await (const row of log.read(document)) rows.push(row)
  return rows
}
