// socket.ts — one WebSocket of the relay: frames in and out, within bounds, and signs of life. Knows: ws, and the bytes
// below the frames. Must not know: wires, documents, and what the frames say.
import type { Socket as Line } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { fullBytesMin, quietChecksMax, unknownBytesMax, unsentBytesMax } from '../shared/limits.ts'
import { wireProtocol } from '../shared/message.ts'
import { stockClose } from '../shared/stock-wire.ts'
import { tooMuchAtOnce } from './bounded-web-socket.ts'
import type { HostConnection, HostSocket } from './host-connection.ts'
import { Meters } from './meters.ts'
import { unpaced } from './paces.ts'
import type { SocketPace } from './paces.ts'
import { tooMuchUnknown, tooSlow } from './sentences.ts'
import { websocketFrames } from './websocket-frames.ts'

/** Who would have to rest for longer is sent away: a socket that is not read cannot show that it lives. */
const restMsMax = 10_000

/** What ws says where no word of an end came. */
const brokenLine = 1006

export type SocketOptions = {
  readonly meters?: Meters
  readonly pace?: SocketPace
  readonly trace?: string
}

export class Socket implements HostSocket {
  /** Under which the journal tells of it. */
  readonly trace: string
  readonly #socket: WebSocket
  /** The bytes below the frames: they tell that a slow line is not a dead one. */
  readonly #line: Line
  #connection: HostConnection | undefined
  readonly #meters: Meters
  readonly #pace: SocketPace
  #isFull = false
  /** Why nothing is read of it: it is asked who this is, what came waits for the disk, the relay stops, it sent too fast. */
  #isHeld = false
  #isStopped = false
  #rest: NodeJS.Timeout | undefined
  #isEnding = false
  /** Until it is known whose it is. */
  #unknownBytes = 0
  #movedBefore = 0
  #quietChecks = 0
  #hasAnswered = true

  constructor(
    socket: WebSocket,
    line: Line,
    { meters = new Meters(), pace = unpaced, trace = '' }: SocketOptions = {},
  ) {
    this.#socket = socket
    this.#line = line
    this.#meters = meters
    this.#pace = pace
    this.trace = trace
    socket.on('message', (content, isBinary) => this.#socketOnMessage(content, isBinary))
    socket.on('close', (code) => this.#connection?.lost(code !== brokenLine))
    socket.on('pong', () => {
      this.#hasAnswered = true
    })
    line.on('drain', () => this.#lineOnDrain())
    const count = ({ length }: Uint8Array): void => {
      if (this.#isKnownAfter(length)) line.off('data', count)
    }
    line.on('data', count)
  }

  serve(connection: HostConnection): void {
    this.#connection = connection
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Past ws's own sender, which would make the heads anew for each reader; nothing of ours waits in it. */
  send(frames: readonly Uint8Array[]): void {
    if (!this.isOpen || frames.length === 0) return
    if (this.#socket.bufferedAmount > unsentBytesMax) {
      this.end(stockClose.tooSlow, tooSlow)
      return
    }
    const bytes = websocketFrames(frames)
    this.#meters.framesOut += frames.length
    this.#meters.bytesOut += bytes.length
    this.#line.write(bytes)
    if (!this.#isFull && this.#socket.bufferedAmount >= fullBytesMin) {
      this.#isFull = true
      this.#connection?.filled()
    }
  }

  end(code: number, reason: string): void {
    this.#meters.socketEnds.count(code)
    this.#socket.close(code, reason)
    // Else it would not be heard that the other side has ended too.
    this.#isEnding = true
    this.#readOrNot()
  }

  hold(on: boolean): void {
    this.#isHeld = on
    this.#readOrNot()
  }

  /** For good: what would come is only sent again. */
  stopReading(): void {
    this.#isStopped = true
    this.#readOrNot()
  }

  get isNative(): boolean {
    return this.#socket.protocol === wireProtocol
  }

  /** Settles when it is closed, whoever closed it. */
  gone(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return Promise.resolve()
    return new Promise((resolve) => this.#socket.once('close', () => resolve()))
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /**
   * To be called every half minute. A line on which bytes move lives, however long its pong takes behind them. One
   * that still has to take what was sent gets minutes; one that has nothing to do has to answer a ping.
   */
  checkLife(): void {
    // Who is not read cannot answer.
    if (this.#socket.isPaused) return undefined
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
    if (!isBinary || !Buffer.isBuffer(content) || !this.isOpen || this.#connection === undefined) return
    this.#meters.framesIn++
    this.#meters.bytesIn += content.length
    this.#connection.received(content)
    const restMs = this.#pace.restMsAfter(content.length, this.#connection.tenant())
    if (restMs > restMsMax) this.#connection.tooFast(restMs)
    else if (restMs > 0) this.#restFor(restMs)
  }

  #restFor(ms: number): void {
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => {
      this.#rest = undefined
      this.#readOrNot()
    }, ms)
    this.#readOrNot()
  }

  #readOrNot(): void {
    const isRead = this.#isEnding || !(this.#isHeld || this.#isStopped || this.#rest !== undefined)
    if (isRead) this.#socket.resume()
    else this.#socket.pause()
  }

  /** Counted below the frames: of one that somebody unknown announces not more than this is gathered. [B1] */
  #isKnownAfter(bytes: number): boolean {
    if (this.#connection?.tenant() !== undefined) return true
    this.#unknownBytes += bytes
    if (this.#unknownBytes <= unknownBytesMax) return false
    // Of somebody unknown no wire's word has been heard yet.
    if (this.isOpen) this.end(tooMuchAtOnce, tooMuchUnknown)
    else this.terminate()
    return false
  }

  #lineOnDrain(): void {
    if (!this.#isFull || !this.isOpen) return
    this.#isFull = false
    this.#connection?.drained()
  }
}
