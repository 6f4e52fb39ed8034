// store-copy.ts — a whole copy of a store in a folder of its own: what a backup is, and what a restore makes. Knows: that a
// copy which was cut short must never pass for a whole one. Must not know: where the entries come from, what they say.
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import type { Entry } from '../shared/store.ts'
import { makeFolder } from './folder.ts'
import { storeErrorFrom } from './level-fault.ts'
import { RelayError } from './relay-error.ts'

/** What a copy holds. */
export type Summary = { readonly entries: number; readonly bytes: number; readonly sha256: string }

type Seal = Summary & { readonly madeAt: string; readonly skipped?: readonly string[] }

/** Stands in the folder as long as the copy is being made. */
const unfinishedFile = 'unfinished-copy'

/** Stands in a finished backup. */
const sealFile = 'backup.json'

const lengthBytes = 8

export type CopyWish = {
  /** What should have another hash is not kept. */
  readonly sha256?: string
  /** What else is to be done before it counts as a copy. */
  readonly finish?: (folder: string) => Promise<void>
}

/** Makes the folder, which must not be there, or be empty. */
export async function writeCopy(
  folder: string,
  pages: AsyncIterable<readonly Entry[]>,
  { sha256, finish }: CopyWish = {},
): Promise<Summary> {
  await makeFolder(folder)
  if ((await readdir(folder)).length > 0)
    throw new RelayError(
      'not-empty',
      `${folder} is not empty, and nothing is ever written over. Choose another folder.`,
    )
  const unfinished = join(folder, unfinishedFile)
  await writeFile(unfinished, '')
  const database = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const tally = new EntryTally()
  try {
    await database.open()
    for await (const page of pages) {
      for (const { key, value } of page) tally.add(key, value)
      // As an array: what was put one by one lies outside the heap until it is collected, and may be all there is.
      await database.batch(
        page.map(({ key, value }) => ({ type: 'put', key, value })),
        { sync: true },
      )
    }
    await database.close()
    const { summary } = tally
    if (sha256 !== undefined && summary.sha256 !== sha256)
      throw new RelayError(
        'damaged-copy',
        'The backup is not what it was when it was made. Take another one.',
      )
    await finish?.(folder)
    await rm(unfinished)
    return summary
  } catch (error) {
    // The folder was empty: all that is there now is of this copy.
    await database.close()
    await emptyFolder(folder)
    throw storeErrorFrom(error, 'unknown').code === 'full' ? noRoomIn(folder) : error
  }
}

/** Counts what goes by. */
export class EntryTally {
  #entries = 0
  #bytes = 0
  readonly #hash: Hash = createHash('sha256')

  add(key: Uint8Array, value: Uint8Array): void {
    const lengths = Buffer.alloc(lengthBytes)
    lengths.writeUInt32BE(key.length, 0)
    lengths.writeUInt32BE(value.length, 4)
    this.#hash.update(lengths).update(key).update(value)
    this.#entries++
    this.#bytes += key.length + value.length
  }

  /** To be asked for once. */
  get summary(): Summary {
    return { entries: this.#entries, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

/** With why it is not all there was, if it is not. */
export async function sealCopy(
  folder: string,
  summary: Summary,
  madeAt: Date,
  skipped: readonly string[],
): Promise<void> {
  const seal = { madeAt: madeAt.toISOString(), ...summary, ...(skipped.length === 0 ? {} : { skipped }) }
  await writeFile(join(folder, sealFile), `${JSON.stringify(seal, undefined, 2)}\n`, { flag: 'wx' })
}

/** Undefined: it is no backup, but data. */
export async function sealOf(folder: string): Promise<Seal | undefined> {
  if (!existsSync(join(folder, sealFile))) return undefined
  const seal: unknown = JSON.parse(await readFile(join(folder, sealFile), 'utf8'))
  if (!isSeal(seal)) throw new RelayError('damaged-copy', `${join(folder, sealFile)} cannot be read.`)
  return seal
}

export function assertFinished(folder: string): void {
  if (!existsSync(join(folder, unfinishedFile))) return
  throw new RelayError(
    'unfinished-copy',
    `A backup or restore into ${folder} was cut short. Remove the folder and begin again.`,
  )
}

export function assertData(folder: string): void {
  assertFinished(folder)
  // LevelDB would make a database where there is none.
  if (!existsSync(join(folder, 'CURRENT'))) throw new RelayError('no-data', `There is no data in ${folder}.`)
}

function noRoomIn(folder: string): RelayError {
  return new RelayError(
    'disk-full',
    `There is no room left on the disk of ${folder}, and nothing was kept there. Make room, or choose another folder.`,
  )
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
}

function isSeal(value: unknown): value is Seal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'madeAt' in value &&
    typeof value.madeAt === 'string' &&
    'entries' in value &&
    typeof value.entries === 'number' &&
    'bytes' in value &&
    typeof value.bytes === 'number' &&
    'sha256' in value &&
    typeof value.sha256 === 'string' &&
    (!('skipped' in value) || Array.isArray(value.skipped))
  )
}
