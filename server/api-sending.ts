// api-sending.ts — an answer goes out as fast as its reader takes it, and no further to one that takes nothing. Knows: how much
// of all answers was not taken yet. Must not know: what is answered. [B1]
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Who takes not even a piece within it is given no more. */
const silenceMsMax = 10_000
const pieceBytes = 64 * 1024

export class ApiSending {
  #unsentBytes = 0

  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** Settles when all of it was taken, or its reader is gone. */
  async send(response: ServerResponse, bytes: Uint8Array): Promise<void> {
    const giveUp = new AbortController()
    const alarm = setTimeout(() => {
      giveUp.abort()
      response.req.socket.destroy()
    }, silenceMsMax)
    let left = bytes.length
    this.#unsentBytes += left
    const leave = (unsent: number) => {
      this.#unsentBytes += unsent - left
      left = unsent
    }
    const pieces = Readable.from(
      piecesOf(bytes, (unsent) => {
        alarm.refresh()
        leave(unsent)
      }),
      { highWaterMark: 1 },
    )
    try {
      await pipeline(pieces, response, { signal: giveUp.signal })
    } catch {
      // What is sent lies in memory: only the line can have failed, and nobody is left to be told.
    } finally {
      clearTimeout(alarm)
      leave(0)
    }
  }
}

/** Each is asked for when the one before was taken. */
function* piecesOf(bytes: Uint8Array, tell: (unsent: number) => void): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    tell(bytes.length - at)
    yield bytes.subarray(at, at + pieceBytes)
  }
}
