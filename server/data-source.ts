// data-source.ts — all entries of a data folder, whoever uses it: read from the disk where no relay runs, else asked of the
// running one, for LevelDB belongs to one process. Must not know: what is done with them.
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Entry } from '../shared/store.ts'
import { doorOf } from './admin-door.ts'
import type { Door } from './admin-door.ts'
import { entriesOf } from './copy-stream.ts'
import { LevelStore } from './level-store.ts'
import { RelayError } from './relay-error.ts'
import { assertData } from './store-copy.ts'

/** `whenSkipped` hears why, where not all can be read. */
export async function* entriesIn(
  folder: string,
  whenSkipped: (reason: string) => void,
): AsyncGenerator<readonly Entry[]> {
  assertData(folder)
  const store = await openUnlessUsed(folder, whenSkipped)
  if (store === undefined) return yield* entriesOf(await askRelay(folder), whenSkipped)
  try {
    yield* store.everything(whenSkipped)
  } finally {
    await store.close()
  }
}

/** Undefined: a relay uses it. */
async function openUnlessUsed(
  folder: string,
  whenSkipped: (reason: string) => void,
): Promise<LevelStore | undefined> {
  try {
    return await openToRead(folder, whenSkipped)
  } catch (error) {
    if (error instanceof RelayError && error.code === 'data-in-use') return undefined
    throw error
  }
}

/** What is so damaged that LevelDB does not open it, is repaired, and may have lost something by that. */
export function openToRead(folder: string, whenSkipped: (reason: string) => void): Promise<LevelStore> {
  return LevelStore.open({
    folder,
    sync: true,
    whenDamaged: ({ is, cause }) => {
      if (is === 'repaired') whenSkipped(`The data had to be put together again. (${textOf(cause)})`)
    },
  })
}

async function askRelay(folder: string): Promise<IncomingMessage> {
  const door = await doorOf(folder)
  const problem = `A program uses ${folder}, and it does not answer as a relay would`
  if (door === undefined)
    throw new RelayError('relay-silent', `${problem}: stop it, or copy its data another way.`)
  try {
    const response = await answered(door)
    if (response.statusCode === 200) return response
    response.resume()
    throw new Error(`it said ${response.statusCode}`)
  } catch (error) {
    throw new RelayError('relay-silent', `${problem}: ${textOf(error)}.`)
  }
}

function answered({ port, secret }: Door): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}` }
    request({ host: '127.0.0.1', port, path: '/entries', headers }, resolve).once('error', reject).end()
  })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
