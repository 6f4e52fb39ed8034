// copied-data.ts — a folder for one test, with a relay's data and copies of it, and the commands that make them. Must not know:
// what is tested.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach } from 'vitest'
import { LevelStore } from '../../server/level-store.ts'
import { Revocations } from '../../server/revocations.ts'
import type { Presented } from '../../server/revocations.ts'
import { decodeKey } from '../../shared/record-keys.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'

export const program: string = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
let folder: string
let relay: RelayProcess | undefined
export const people: StockClient[] = []

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(async () => {
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await relay?.kill()
  relay = undefined
  await rm(folder, { recursive: true, force: true })
})

export async function start(data: string, port = 0): Promise<RelayProcess> {
  relay = await startRelayProcess({ data, port })
  return relay
}

export async function person(document: string): Promise<StockClient> {
  if (relay === undefined) throw new Error('There is no relay.')
  const client = new StockClient(relay.url, document)
  people.push(client)
  await client.synced()
  return client
}

type Outcome = { readonly code: number; readonly said: string }

/** Runs beside what the test does. */
export async function command(...words: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  const [code] = await once(child, 'close')
  return { code, said }
}

export async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

export const here = (name: string): string => join(folder, name)

export async function inLevel(
  path: string,
  act: (level: ClassicLevel<Uint8Array, Uint8Array>) => Promise<void>,
): Promise<void> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  await level.open()
  await act(level)
  await level.close()
}

/** Of all files, with when each was written. */
export async function contentOf(path: string): Promise<readonly object[]> {
  const names = (await readdir(path)).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const { mtimeMs } = await stat(join(path, name))
      return { name, mtimeMs, bytes: (await readFile(join(path, name))).toString('base64') }
    }),
  )
}

export async function isRevokedIn(path: string, presented: Presented): Promise<boolean> {
  const store = await LevelStore.open({ folder: path, sync: true })
  const revocations = await Revocations.open(store, Date.now())
  await store.close()
  return revocations.isRevoked(presented)
}

/** The keys of all rows of a folder, in order. */
export async function rowsOf(path: string): Promise<Uint8Array[]> {
  const rows: Uint8Array[] = []
  await inLevel(path, async (level) => {
    for await (const key of level.keys()) if (decodeKey(new Uint8Array(key)).type === 'row') rows.push(key)
  })
  return rows
}

/** Data with one document of three rows. */
export async function smallData(): Promise<string> {
  const data = here('data')
  await start(data)
  const author = await person('story')
  const reader = await person('story')
  for (const word of ['one ', 'two ', 'three']) {
    const shown = new Promise((resolve) => reader.doc.once('update', resolve))
    author.write(word)
    await shown
  }
  await stop()
  return data
}

export async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  await relay?.kill(signal)
}
