// token-command.ts — `syncline token` and `syncline token revoke`, beside a relay that runs or not. Knows: where what it
// needs lies. Must not know: words of a command line, sockets.
import { request } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { doorOf } from './admin-door.ts'
import type { Door } from './admin-door.ts'
import { isFields } from './fields.ts'
import { LevelStore } from './level-store.ts'
import type { Report } from './notice.ts'
import type { Options } from './options.ts'
import { RelayError } from './relay-error.ts'
import { Revocations } from './revocations.ts'
import type { Revocation } from './revocations.ts'
import { signInFrom } from './sign-in-from.ts'
import { assertData } from './store-copy.ts'
import { makeToken } from './token-making.ts'
import type { TokenCommand } from './token-words.ts'

/** Where the running relay is told what to revoke. */
export const revocationsPath = '/revocations'

/** The token, and nothing else: it is mostly for another program. */
export async function printedToken(
  command: TokenCommand & { name: 'token' },
  report: Report,
): Promise<string> {
  const { options, livesMs, ...wish } = command
  const now = Date.now()
  const expiresAt = livesMs === undefined ? undefined : now + livesMs
  return makeToken(await signInFrom(options), options.data, { ...wish, expiresAt }, now, report)
}

/** Returns what there is to say to the person who asked for it. */
export async function revoke({ data }: Options, revocation: Revocation): Promise<string> {
  assertData(data)
  const inTenant = revocation.tenant === '' ? '' : ` in «${revocation.tenant}»`
  const done =
    'id' in revocation
      ? `The token «${revocation.id}»${inTenant} counts no more`
      : `No token of «${revocation.subject}»${inTenant} that was made until now counts any more`
  if (await revokeOnDisk(data, revocation)) return `${done}.`
  await tellRelay(data, revocation)
  return `${done}, and those who were connected with it are not any more.`
}

/** False: a relay uses the data. */
async function revokeOnDisk(folder: string, revocation: Revocation): Promise<boolean> {
  let store: LevelStore
  try {
    store = await LevelStore.open({ folder, sync: true })
  } catch (error) {
    if (error instanceof RelayError && error.code === 'data-in-use') return false
    throw error
  }
  try {
    await (await Revocations.open(store, Date.now())).revoke(revocation)
    return true
  } finally {
    await store.close()
  }
}

async function tellRelay(folder: string, revocation: Revocation): Promise<void> {
  const door = await doorOf(folder)
  const answer = door === undefined ? undefined : await posted(door, JSON.stringify(revocation))
  if (answer?.status === 204) return
  const problem = answer === undefined ? undefined : problemIn(answer.text)
  if (problem !== undefined) throw new RelayError('not-revoked', problem)
  throw new RelayError(
    'relay-silent',
    `A program uses ${folder}, and it does not answer as a relay would: nothing was revoked.`,
  )
}

type Answered = { readonly status: number | undefined; readonly text: string }

/** Undefined: nobody is behind the door. */
function posted(door: Door, body: string): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const { port, secret } = door
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const asked = request(
      { host: '127.0.0.1', port, path: revocationsPath, method: 'POST', headers },
      (response) => {
        textOf(response).then(
          (text) => resolve({ status: response.statusCode, text }),
          () => resolve(undefined),
        )
      },
    )
    asked.once('error', () => resolve(undefined)).end(body)
  })
}

/** What the relay says of it. */
function problemIn(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isFields(body) && typeof body['message'] === 'string' ? body['message'] : undefined
  } catch {
    return undefined
  }
}
