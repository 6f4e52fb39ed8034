// guarded-relay.ts — a real relay that asks who comes, within the test's process: its options, its journal at the most
// talkative level, and people of both wires who are sent home at the end. Must not know: what is tested.
import { rm } from 'node:fs/promises'
import { onTestFinished } from 'vitest'
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

  /** A native writer, let in, whose edit is on the disk. */
  async written(document: string, words: string, claims: object = {}): Promise<NativeCaller> {
    const token = await tokenFor('writer', { '*': 'write' }, { ...claims })
    const writer = await opened(this.native(99, token), document)
    writer.push(updateOf(words, 99))
    await writer.take('ack')
    return writer
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

/** Gone when the test is. */
export async function guardedRelay(config?: Config): Promise<GuardedRelay> {
  const relay = await GuardedRelay.start(config)
  onTestFinished(() => relay.close())
  return relay
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

export function updateOf(words: string, client = 1): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

export async function opened(caller: NativeCaller, document: string): Promise<NativeCaller> {
  caller.open(document)
  await caller.take('opened')
  return caller
}

/** What is next delivered of others. */
export async function delivered(caller: NativeCaller): Promise<readonly Uint8Array[]> {
  for (;;) {
    const { updates } = await caller.take('delivery')
    if (updates.length > 0) return updates
  }
}

/** What an unchanged client is told when it is not to come back. */
export function closedForGood({ provider }: StockClient): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => provider.once('closed', resolve))
}
