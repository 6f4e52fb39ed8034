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

export async function* entriesIn(folder: string): AsyncGenerator<readonly Entry[]> {
  assertData(folder)
  const store = await openUnlessUsed(folder)
  if (store === undefined) return yield* entriesOf(await askRelay(folder))
  try {
    yield* store.everything()
  } finally {
    await store.close()
  }
}

/** Undefined: a relay uses it. */
async function openUnlessUsed(folder: string): Promise<LevelStore | undefined> {
  try {
    return await LevelStore.open({ folder, sync: true })
  } catch (error) {
    if (error instanceof RelayError && error.code === 'data-in-use') return undefined
    throw error
  }
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
    throw new RelayError(
      'relay-silent',
      `${problem}: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
}

function answered({ port, secret }: Door): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}` }
    request({ host: '127.0.0.1', port, path: '/entries', headers }, resolve).once('error', reject).end()
  })
}
