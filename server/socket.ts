// socket.ts — one WebSocket of the relay: frames in and out, within bounds, and signs of life. Knows: ws, and the bytes
// below the frames. Must not know: wires, documents, and what the frames say.
import type { Socket as Line } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { fullBytesMin, quietChecksMax, unsentBytesMax } from '../shared/limits.ts'
import { stockClose } from '../shared/stock-wire.ts'
import type { HostConnection, HostSocket } from './host-connection.ts'

export class Socket implements HostSocket {
  readonly #socket: WebSocket
  /** The bytes below the frames: they tell that a slow line is not a dead one. */
  readonly #line: Line
  #connection: HostConnection | undefined
  #isFull = false
  #movedBefore = 0
  #quietChecks = 0
  #hasAnswered = true

  constructor(socket: WebSocket, line: Line) {
    this.#socket = socket
    this.#line = line
    socket.on('message', (content, isBinary) => this.#socketOnMessage(content, isBinary))
    socket.on('close', () => this.#connection?.lost())
    socket.on('pong', () => {
      this.#hasAnswered = true
    })
    line.on('drain', () => this.#lineOnDrain())
  }

  serve(connection: HostConnection): void {
    this.#connection = connection
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  send(frame: Uint8Array): void {
    if (!this.isOpen) return
    const { bufferedAmount } = this.#socket
    if (bufferedAmount > unsentBytesMax) {
      this.end(stockClose.tooSlow, 'You read too slowly. Come back and go on from where you are.')
      return
    }
    this.#socket.send(frame)
    if (!this.#isFull && bufferedAmount + frame.length >= fullBytesMin) {
      this.#isFull = true
      this.#connection?.filled()
    }
  }

  end(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  hold(on: boolean): void {
    if (on) this.#socket.pause()
    else this.#socket.resume()
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /**
   * To be called every half minute. A line on which bytes move lives, however long its pong takes behind them. One
   * that still has to take what was sent gets minutes; one that has nothing to do has to answer a ping.
   */
  checkLife(): void {
    const lives = this.#hasAnswered || this.#moved() !== this.#movedBefore
    this.#quietChecks = lives ? 0 : this.#quietChecks + 1
    if (this.#quietChecks > (this.#socket.bufferedAmount > 0 ? quietChecksMax : 0)) return this.terminate()
    this.#hasAnswered = false
    this.#socket.ping()
    // The ping itself is no sign of the other's life.
    this.#movedBefore = this.#moved()
    return undefined
  }

  #moved(): number {
    return this.#line.bytesRead + this.#line.bytesWritten - this.#line.writableLength
  }

  #socketOnMessage(content: RawData, isBinary: boolean): void {
    // Stock servers pass over text, and so does this one; what comes after the end was never read.
    if (isBinary && Buffer.isBuffer(content) && this.isOpen) this.#connection?.received(content)
  }

  #lineOnDrain(): void {
    if (!this.#isFull || !this.isOpen) return
    this.#isFull = false
    this.#connection?.drained()
  }
}
