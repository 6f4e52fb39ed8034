// handshake.ts — what is said to a socket before it is one, or just after: which wire it may have, and why it is not let in.
// Knows: HTTP's upgrade, ws. Must not know: who is let in, what a socket is for.
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { comeBack, goodbyeCode, wireProtocol } from '../shared/message.ts'
import { stockClose } from '../shared/stock-wire.ts'
import { encodeMessage } from '../shared/wire.ts'
import type { TurnedAwayReason } from './reception.ts'
import { refusal } from './refusals.ts'

const wireFamily = 'syncline.'

export const turnedAwaySentences: Readonly<Record<TurnedAwayReason, string>> = {
  draining: 'The relay is being stopped. Come back in a moment.',
  'too-many-sockets': 'The relay has as many sockets as it may have. Come back later.',
  'too-many-of-address': 'There are too many sockets from where you are. Close some, or come back later.',
}

const statusTexts = { 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' } as const

/** Before a handshake: it costs least where there is too much of everything. */
export function turnAway(
  line: Duplex,
  status: keyof typeof statusTexts,
  sentence: string,
  comeBackSeconds?: number,
): void {
  const body = `${sentence}\n`
  const head = [
    `HTTP/1.1 ${status} ${statusTexts[status]}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(comeBackSeconds === undefined ? [] : [`retry-after: ${comeBackSeconds}`]),
  ]
  // Whoever does not close its end would hold ours.
  line.once('finish', () => line.destroy())
  line.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Why a socket is sent off before a word was read: its page, or a wire that only later relays speak. */
export type Unwelcome = 'wrong-origin' | 'unknown-protocol'

export function isOfUnknownWire({ protocol }: WebSocket): boolean {
  return protocol.startsWith(wireFamily) && protocol !== wireProtocol
}

/** goodbye has one form in all versions of the native wire; to others the close code says it all. */
export function sendOff(webSocket: WebSocket, why: Unwelcome): void {
  const { reason } = refusal(why)
  const isOrigin = why === 'wrong-origin'
  if (webSocket.protocol.startsWith(wireFamily)) {
    const code = isOrigin ? goodbyeCode.wrongOrigin : goodbyeCode.version
    const again = isOrigin ? comeBack.no : comeBack.withVersion
    webSocket.send(encodeMessage({ type: 'goodbye', code, comeBack: again, afterMs: 0, reason }))
  }
  webSocket.close(isOrigin ? stockClose.wrongOrigin : stockClose.unknownProtocol, reason)
}

/** Chrome fails a socket whose offer is not taken up. What looks like a token is never repeated. */
export function chosenProtocol(offered: Set<string>): string | false {
  if (offered.has(wireProtocol)) return wireProtocol
  return [...offered].find((protocol) => protocol.length <= 32) ?? false
}
