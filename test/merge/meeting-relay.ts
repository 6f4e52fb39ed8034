// meeting-relay.ts — the relay as an application embeds it, in the test's own process: a real port, real sockets, LevelDB in
// a folder of its own. Its lines can be cut, it can be stopped and started, and its folder put back to an older copy.
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRelay } from '../../server/index.ts'
import type { EmbeddedRelay } from '../../server/index.ts'

type Running = { readonly relay: EmbeddedRelay; readonly server: Server; readonly lines: Set<Socket> }

export class MeetingRelay implements AsyncDisposable {
  readonly #folder: string
  #running: Running
  #port: number
  #copies = 0

  private constructor(folder: string, running: Running) {
    this.#folder = folder
    this.#running = running
    this.#port = portOf(running.server)
  }

  static async start(): Promise<MeetingRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'syncline-merge-'))
    return new MeetingRelay(folder, await run(join(folder, 'data'), 0))
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/sync`
  }

  /** How often it has folded a log since it was started. */
  async folds(): Promise<number> {
    const metrics = await fetch(`http://127.0.0.1:${this.#port}/sync/metrics`)
    return Number(/folds_total\{outcome="made"\} (\d+)/.exec(await metrics.text())?.[1])
  }

  /** Ends every line without a word, and says how many there were. */
  cut(): number {
    const { lines } = this.#running
    const count = lines.size
    for (const line of lines) line.destroy()
    return count
  }

  async stop(): Promise<void> {
    const { relay, server } = this.#running
    this.cut()
    await relay.close()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  async startAgain(): Promise<void> {
    this.#running = await run(this.#data, this.#port)
  }

  /** While it is stopped. */
  async copyData(): Promise<string> {
    const copy = join(this.#folder, `copy-${(this.#copies += 1)}`)
    await cp(this.#data, copy, { recursive: true })
    return copy
  }

  /** While it is stopped. */
  async putBack(copy: string): Promise<void> {
    await rm(this.#data, { recursive: true })
    await cp(copy, this.#data, { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running.server.listening) await this.stop()
    await rm(this.#folder, { recursive: true })
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }
}

async function run(data: string, port: number): Promise<Running> {
  const relay = await createRelay({ data, pathPrefix: '/sync' }, { log: { write: () => undefined } })
  const server = createServer()
  const lines = new Set<Socket>()
  server.on('connection', (line) => {
    lines.add(line)
    line.once('close', () => lines.delete(line))
  })
  relay.attach(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { relay, server, lines }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
