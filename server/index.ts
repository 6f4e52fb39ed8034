// index.ts — what programs import as `syncline/server`: the type of a config file, and the relay for those who put it
// into a server of their own.
export type { Authenticate, Authorize } from './application.ts'
export type { Committed, CommittedDocument } from './committed.ts'
export type { DocumentClassOf } from './document-class.ts'
export { RelayError } from './relay-error.ts'
export type { RelayErrorCode } from './relay-error.ts'
export type { Config } from './option-sources.ts'
import type { Server, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Journal } from './journal.ts'
import { optionsFromConfig } from './option-sources.ts'
import type { Config } from './option-sources.ts'
import { Relay } from './relay.ts'

/** For `syncline.config.js`: says nothing of its own, but TypeScript then knows what may stand there. */
export function defineConfig(config: Config): Config {
  return config
}

export type EmbeddedRelay = {
  /** Answers what lies under `pathPrefix`; everything else goes to the server's own listeners. */
  readonly attach: (server: Server) => void
  /** Instead of `attach`: false where a path is none of the relay's. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean
  readonly upgrade: (request: IncomingMessage, line: Duplex, head: Buffer) => boolean
  /** Commits what was accepted, tells everyone when to come back, and lets go of the data. */
  readonly close: () => Promise<void>
}

export type EmbeddingOptions = {
  /** Where lines of JSON go; standard output without it. */
  readonly log?: { readonly write: (line: string) => void }
}

/** A relay without a port. What concerns listening (`port`, `tlsCert`, `tlsKey`) is its server's. */
export async function createRelay(config: Config, { log }: EmbeddingOptions = {}): Promise<EmbeddedRelay> {
  const options = optionsFromConfig(config)
  const to = log ?? { write: (line: string) => void process.stdout.write(line) }
  const relay = await Relay.open(options, new Journal({ level: options.logLevel, to, now: () => Date.now() }))
  return {
    attach: (server) => relay.attach(server),
    answer: (request, response) => relay.answer(request, response),
    upgrade: (request, line, head) => relay.upgrade(request, line, head),
    close: () => relay.close(),
  }
}
