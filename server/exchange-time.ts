// exchange-time.ts — how long whoever speaks HTTP may take: to begin, to say all of a request, to take all of an answer. A byte a
// second is no silence, and would hold its place for ever. Knows: Node's servers. Must not know: what is asked and
// answered. [B1]
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server as TlsServer } from 'node:https'

export type Certificate = { readonly cert: Buffer; readonly key: Buffer }

/** From a request's first words until its answer was taken. The largest document takes 1.6 Mbit/s for it. */
export const exchangeMsMax = 300_000

const times: Readonly<Record<'beginMs' | 'exchangeMs' | 'looksMs', number>> = {
  /** Until it is known what is asked. */
  beginMs: 60_000,
  exchangeMs: exchangeMsMax,
  /** Node looks so often at who takes too long. */
  looksMs: 5_000,
}

/** A token may be 16 KB, and stands in a header or in the path. */
const maxHeaderSize: number = 32 * 1024

export function boundedServer(
  certificate: Certificate | undefined,
  { beginMs, exchangeMs, looksMs }: typeof times = times,
): Server | TlsServer {
  const options = {
    maxHeaderSize,
    headersTimeout: beginMs,
    requestTimeout: exchangeMs,
    connectionsCheckingInterval: looksMs,
  }
  return certificate === undefined
    ? createServer(options)
    : createTlsServer({ ...options, handshakeTimeout: beginMs, ...certificate })
}

/** Of an answer: what a request has to come within, only its server can say. */
export function boundAnswer({ socket }: IncomingMessage, response: ServerResponse): void {
  const alarm = setTimeout(() => socket.destroy(), exchangeMsMax)
  response.once('close', () => clearTimeout(alarm))
}
