// admin-door.ts — how commands on this machine reach the running relay: a port of its own on loopback, and a file in the
// data folder, readable by its owner alone, that says which and with which secret. Knows: HTTP. Must not know: what is
// done for whom it lets in.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { answerProblem } from './answers.ts'

/** What a command needs to speak to the relay that uses a data folder. */
export type Door = { readonly port: number; readonly secret: string; readonly pid: number }

const fileName = 'running.json'

export class AdminDoor {
  readonly #server: Server
  readonly #file: string

  private constructor(server: Server, file: string) {
    this.#server = server
    this.#file = file
  }

  /** A new secret for each start: what a file of before says opens nothing. */
  static async open(
    folder: string,
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<AdminDoor> {
    const secret = randomBytes(32).toString('base64url')
    const server = createServer((request, response) => {
      if (presents(request, secret)) return answer(request, response)
      return answerProblem(response, 401, {
        code: 'not-admin',
        message: 'This door is for the relay’s own commands, such as syncline backup. Use those.',
      })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The door has no port.')
    const door: Door = { port: address.port, secret, pid: process.pid }
    const file = join(folder, fileName)
    await rm(file, { force: true })
    await writeFile(file, `${JSON.stringify(door)}\n`, { mode: 0o600, flag: 'wx' })
    return new AdminDoor(server, file)
  }

  async close(): Promise<void> {
    await rm(this.#file, { force: true })
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** Undefined: no relay says that it uses this folder. */
export async function doorOf(folder: string): Promise<Door | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, fileName), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const door: unknown = JSON.parse(text)
  return isDoor(door) ? door : undefined
}

function isDoor(value: unknown): value is Door {
  if (typeof value !== 'object' || value === null) return false
  return (
    'port' in value &&
    typeof value.port === 'number' &&
    'secret' in value &&
    typeof value.secret === 'string' &&
    'pid' in value &&
    typeof value.pid === 'number'
  )
}

/** Compared by hashes: how long it takes tells nothing of the secret. */
function presents(request: IncomingMessage, secret: string): boolean {
  const hash = (word: string) => createHash('sha256').update(word).digest()
  return timingSafeEqual(hash(request.headers.authorization ?? ''), hash(`Bearer ${secret}`))
}
