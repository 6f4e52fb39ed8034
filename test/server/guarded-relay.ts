// guarded-relay.ts — a real relay that asks who comes, within the test's process: its options, its journal at the most
// talkative level, and people of both wires who are sent home at the end. Must not know: what is tested.
import { rm } from 'node:fs/promises'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { Journal } from '../../server/journal.ts'
import { ListeningRelay } from '../../server/listening.ts'
import { optionsFromConfig } from '../../server/option-sources.ts'
import type { Config } from '../../server/option-sources.ts'
import type { SignIn } from '../../server/sign-in.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { NativeCaller } from './native-caller.ts'
import { secret, tokenOf } from './sign-in-place.ts'
import { StockCaller } from './stock-caller.ts'

type Ends = { readonly end: () => void }

export class GuardedRelay {
  readonly lines: string[] = []
  readonly #config: Config
  readonly #data: string
  readonly #guests: Ends[] = []
  #listening: ListeningRelay | undefined

  private constructor(config: Config, data: string) {
    this.#config = config
    this.#data = data
  }

  static async start(config: Config = {}): Promise<GuardedRelay> {
    const relay = new GuardedRelay({ tokenSecret: secret, ...config }, await temporaryFolder())
    await relay.startAgain()
    return relay
  }

  async startAgain(): Promise<void> {
    await this.#listening?.close()
    const options = optionsFromConfig({ ...this.#config, port: '0', data: this.#data, logLevel: 'debug' })
    const to = { write: (line: string) => void this.lines.push(line) }
    const journal = new Journal({ level: 'debug', to, now: () => Date.now() })
    this.#listening = await ListeningRelay.start(options, journal)
  }

  async close(): Promise<void> {
    for (const guest of this.#guests) guest.end()
    await this.#listening?.close()
    await rm(this.#data, { recursive: true })
  }

  get signIn(): SignIn {
    return this.#running.relay.signIn
  }

  get http(): string {
    return `http://127.0.0.1:${this.#running.port}`
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#running.port}`
  }

  native(name: number, token: string, headers: Record<string, string> = {}): NativeCaller {
    return this.#guest(new NativeCaller(this.url, name, token, headers))
  }

  stock(path: string, headers: Record<string, string> = {}): StockCaller {
    return this.#guest(new StockCaller(this.url, path, headers))
  }

  /** An unchanged y-websocket client. */
  client(document: string, token: string): StockClient {
    const client = new StockClient(this.url, document, new Y.Doc(), WebSocket, { token })
    this.#guests.push({ end: () => client[Symbol.dispose]() })
    return client
  }

  get #running(): ListeningRelay {
    if (this.#listening === undefined) throw new Error('The relay does not run.')
    return this.#listening
  }

  #guest<Guest extends Ends>(guest: Guest): Guest {
    this.#guests.push(guest)
    return guest
  }
}

/** A token as an application makes it: `rights` of each document. */
export function tokenFor(
  subject: string,
  rights: Readonly<Record<string, 'read' | 'write'>>,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const documents = Object.entries(rights).map(([pattern, may]) => ({ pattern, rights: may }))
  return tokenOf({ sub: subject, iat: Math.floor(Date.now() / 1000) - 60, documents, ...claims })
}
