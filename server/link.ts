// link.ts — one stock client's socket: frames in, one after the other; frames out, within bounds; signs of life.
// Knows: ws. Must not know: documents, and what the frames mean.
import type { RawData, WebSocket } from 'ws'
import { stockSilenceMsMax, unsentBytesMax } from '../shared/limits.ts'
import { keepAliveFrame, stockClose } from '../shared/stock-wire.ts'
import type { StockCloseCode } from '../shared/stock-wire.ts'

/** What is done with a frame; where it takes time, the next frame waits for it. */
export type FrameListener = (frame: Uint8Array) => void | Promise<void>

export class Link {
  readonly #socket: WebSocket
  readonly #listener: FrameListener
  #sentAt = Date.now()
  #answered = true
  #arrived: Uint8Array[] = []
  #busy: Promise<void> | undefined
  /** Deliveries that wait until a document that goes out in pieces is whole: causes come before effects. */
  #held: { frames: Uint8Array[]; bytes: number } | undefined

  constructor(socket: WebSocket, listener: FrameListener) {
    this.#socket = socket
    this.#listener = listener
    socket.on('message', (content, isBinary) => this.#socketOnMessage(content, isBinary))
    socket.on('pong', () => {
      this.#answered = true
    })
  }

  /** Frames that arrive meanwhile are kept, and read after this. */
  async first(work: Promise<void>): Promise<void> {
    await this.#waitFor(work)
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > unsentBytesMax) return this.#closeTooSlow()
    this.#sentAt = Date.now()
    this.#socket.send(frame)
  }

  deliver(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      if (this.#held === undefined) {
        this.send(frame)
      } else {
        this.#held.frames.push(frame)
        this.#held.bytes += frame.length
        if (this.#held.bytes > unsentBytesMax) return this.#closeTooSlow()
      }
    }
  }

  /** Sends one frame after the other, as fast as the reader takes them. */
  async stream(frames: AsyncIterable<Uint8Array>): Promise<void> {
    const held = { frames: [], bytes: 0 }
    this.#held = held
    for await (const frame of frames) {
      if (this.#socket.readyState !== this.#socket.OPEN) return
      this.#sentAt = Date.now()
      await new Promise<void>((resolve) => {
        // An error here is the socket's end, which its close event tells.
        this.#socket.send(frame, () => resolve())
      })
    }
    this.#held = undefined
    this.deliver(held.frames)
  }

  /** To be called every few seconds. */
  keepAlive(now: number): void {
    if (now - this.#sentAt >= stockSilenceMsMax) this.send(keepAliveFrame)
  }

  /** To be called every half minute: a socket that did not answer the last ping left without a word. */
  checkLife(): void {
    if (!this.#answered) return this.terminate()
    this.#answered = false
    this.#socket.ping()
  }

  close(code: StockCloseCode, reason: string): void {
    this.#held = undefined
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #closeTooSlow(): void {
    this.close(stockClose.tooSlow, 'You read too slowly. Come back and go on from where you are.')
  }

  #socketOnMessage(content: RawData, isBinary: boolean): void {
    // Stock servers pass over text, and so does this one.
    if (!isBinary || !Buffer.isBuffer(content)) return
    if (this.#busy === undefined) this.#read(content)
    else this.#arrived.push(content)
  }

  #read(frame: Uint8Array): void {
    const work = this.#listener(frame)
    if (work !== undefined) void this.#waitFor(work)
  }

  async #waitFor(work: Promise<void>): Promise<void> {
    this.#socket.pause()
    this.#busy = work
    await work
    this.#busy = undefined
    this.#socket.resume()
    while (this.#busy === undefined) {
      const next = this.#arrived.shift()
      if (next === undefined) return
      this.#read(next)
    }
  }
}
