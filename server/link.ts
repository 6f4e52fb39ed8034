// link.ts — one stock client's socket: frames in, one after the other; frames out, within bounds; signs of life.
// Knows: ws. Must not know: documents, and what the frames mean.
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { quietChecksMax, stockSilenceMsMax, uncommittedBytesMax, unsentBytesMax } from '../shared/limits.ts'
import { keepAliveFrame, stockClose } from '../shared/stock-wire.ts'
import type { StockCloseCode } from '../shared/stock-wire.ts'

/** What is done with a frame; where it takes time, the next frame waits for it. */
export type FrameListener = (frame: Uint8Array) => void | Promise<void>

export class Link {
  readonly #socket: WebSocket
  /** The bytes below the frames: they tell that a slow line is not a dead one. */
  readonly #line: Socket
  readonly #listener: FrameListener
  #sentAt = Date.now()
  #movedBefore = 0
  #quietChecks = 0
  #hasAnswered = true
  #arrived: Uint8Array[] = []
  #isBusy = false
  #uncommittedBytes = 0
  /** Deliveries that wait until a document that goes out in pieces is whole: causes come before effects. */
  #held: { frames: Uint8Array[]; bytes: number } | undefined

  constructor(socket: WebSocket, line: Socket, listener: FrameListener) {
    this.#socket = socket
    this.#line = line
    this.#listener = listener
    socket.on('message', (content, isBinary) => this.#socketOnMessage(content, isBinary))
    socket.on('pong', () => {
      this.#hasAnswered = true
    })
  }

  /** Closed links read nothing more, and what is sent to them goes nowhere. */
  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Frames that arrive meanwhile are kept, and read after this. */
  async first(work: Promise<void>): Promise<void> {
    await this.#waitFor(work)
  }

  send(frame: Uint8Array): void {
    if (!this.isOpen) return
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
      if (!this.isOpen) return
      this.#sentAt = Date.now()
      await new Promise<void>((resolve) => {
        // An error here is the socket's end, which its close event tells.
        this.#socket.send(frame, () => resolve())
      })
    }
    this.#held = undefined
    this.deliver(held.frames)
  }

  /** Who writes faster than the disk does is not read for a while. */
  uncommitted(bytes: number): void {
    this.#uncommittedBytes += bytes
    this.#readOrPause()
  }

  /** To be called every few seconds. */
  keepAlive(now: number): void {
    if (now - this.#sentAt >= stockSilenceMsMax) this.send(keepAliveFrame)
  }

  /**
   * To be called every half minute. A line on which bytes move lives, however long its pong takes behind them. One
   * that still has to take what was sent gets minutes; one that has nothing to do has to answer a ping.
   */
  checkLife(): void {
    const moved = this.#line.bytesRead + this.#line.bytesWritten - this.#line.writableLength
    const lives = this.#hasAnswered || moved !== this.#movedBefore
    this.#movedBefore = moved
    this.#quietChecks = lives ? 0 : this.#quietChecks + 1
    if (this.#quietChecks > (this.#socket.bufferedAmount > 0 ? quietChecksMax : 0)) return this.terminate()
    this.#hasAnswered = false
    this.#socket.ping()
    // The ping itself is no sign of the other's life.
    this.#movedBefore = this.#line.bytesRead + this.#line.bytesWritten - this.#line.writableLength
  }

  close(code: StockCloseCode, reason: string): void {
    this.#held = undefined
    this.#arrived = []
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
    if (!isBinary || !Buffer.isBuffer(content) || !this.isOpen) return
    if (this.#isBusy) this.#arrived.push(content)
    else this.#read(content)
  }

  #read(frame: Uint8Array): void {
    const work = this.#listener(frame)
    if (work !== undefined) void this.#waitFor(work)
  }

  async #waitFor(work: Promise<void>): Promise<void> {
    this.#isBusy = true
    this.#readOrPause()
    await work
    this.#isBusy = false
    while (!this.#isBusy && this.isOpen) {
      const next = this.#arrived.shift()
      if (next === undefined) break
      this.#read(next)
    }
    this.#readOrPause()
  }

  #readOrPause(): void {
    const mayRead = !this.#isBusy && this.#uncommittedBytes <= uncommittedBytesMax
    if (mayRead && this.#socket.isPaused) this.#socket.resume()
    else if (!mayRead && !this.#socket.isPaused) this.#socket.pause()
  }
}
