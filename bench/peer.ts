// peer.ts — one client of a load, on whichever wire, with as little work as a client can do: the load's core must not
// be the limit. Knows: what a bench wants of a client. Must not know: bytes (native-peer.ts, stock-peer.ts).
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebSocket } from 'ws'

const lot = 2_000

/** Who comes back is known by it; the relay remembers it. */
export type Identity = { readonly id: Uint8Array; readonly secret: Uint8Array }

/** Where a replica is: it comes back with it. */
export type Cursor = { readonly epoch: Uint8Array; readonly seal: Uint8Array; readonly position: number }

export type PresenceState = { readonly client: number; readonly clock: number; readonly state: string }

export type Heard = {
  /** What was there when it came, or what somebody wrote. Its bytes are a view of a frame. */
  readonly update?: (update: Uint8Array) => void
  readonly presence?: (entries: readonly PresenceState[]) => void
}

export type Joining = {
  readonly document: string
  readonly heard?: Heard
  /** A new one if it is not said. */
  readonly identity?: Identity
  /** What it has from before. */
  readonly knows?: { readonly stateVector: Uint8Array; readonly cursor: Cursor | undefined }
  /** What it has, and a server with this state vector lacks. */
  readonly owes?: (stateVector: Uint8Array) => Uint8Array
}

export interface Peer {
  /** Kept when it has all that was there. */
  readonly inSync: Promise<void>
  /** With the heads of frames, without the meeting: handshake, hello, token. */
  readonly bytes: { up: number; down: number }
  readonly webSocket: WebSocket
  /** What was written and has not left. */
  readonly unsentBytes: number
  /** Only the native wire has them. */
  readonly cursor: Cursor | undefined
  write(update: Uint8Array): void
  sayPresence(state: PresenceState): void
}

/** On the line: the content and the head of its frame. */
export function frameBytes(contentBytes: number, isMasked: boolean): number {
  const length = contentBytes < 126 ? 0 : contentBytes < 65_536 ? 2 : 8
  return 2 + length + (isMasked ? 4 : 0) + contentBytes
}

/**
 * Writes as fast as the server takes it, by a pong behind each lot: a server that is given more than it can do for a
 * minute takes its clients for dead.
 */
export async function writeAll(peer: Peer, updates: readonly Uint8Array[]): Promise<void> {
  const { webSocket } = peer
  const gone = new AbortController()
  const socketOnClose = () => gone.abort(new Error('The server ended the socket of the writer.'))
  webSocket.once('close', socketOnClose)
  for (let start = 0; start < updates.length; start += lot) {
    for (const update of updates.slice(start, start + lot)) peer.write(update)
    while (peer.unsentBytes > 0) {
      gone.signal.throwIfAborted()
      await wait(1)
    }
    webSocket.ping()
    await once(webSocket, 'pong', { signal: gone.signal })
  }
  webSocket.off('close', socketOnClose)
}

/** Says goodbye and waits for the answer: what was said before has been read then. */
export async function leave({ webSocket }: Peer): Promise<void> {
  const closed = once(webSocket, 'close')
  webSocket.close()
  await closed
}
