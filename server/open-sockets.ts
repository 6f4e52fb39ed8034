// open-sockets.ts — all sockets of a relay: looked after, counted, and in the end sent home. Must not know: who they are, what is
// said on them.
import { stockClose } from '../shared/stock-wire.ts'
import { isSettledWithin } from './deadline.ts'
import type { Socket } from './socket.ts'

const checkLifeMs = 30_000

/** Goodbyes are given so long to arrive before the sockets are cut. */
const farewellMsMax = 1000

export type SocketCounts = { readonly native: number; readonly stock: number; readonly unsentBytes: number }

export class OpenSockets {
  readonly #sockets = new Set<Socket>()
  readonly #checks: NodeJS.Timeout

  constructor() {
    this.#checks = setInterval(() => {
      for (const socket of this.#sockets) socket.checkLife()
    }, checkLifeMs)
  }

  get size(): number {
    return this.#sockets.size
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
  }

  remove(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  /** Looked up when somebody asks: sockets come and go more often. */
  count(): SocketCounts {
    let native = 0
    let unsentBytes = 0
    for (const socket of this.#sockets) {
      if (socket.isNative) native++
      unsentBytes += socket.unsentBytes
    }
    return { native, stock: this.#sockets.size - native, unsentBytes }
  }

  /** What comes from now on would only be sent again. */
  stopReading(): void {
    clearInterval(this.#checks)
    for (const socket of this.#sockets) socket.stopReading()
  }

  /** Those that were told before hear it again, which does no harm; who does not answer is cut off. */
  async sendHome(reason: string): Promise<void> {
    const gone = [...this.#sockets].map((socket) => socket.gone())
    for (const socket of this.#sockets) socket.end(stockClose.goingAway, reason)
    await isSettledWithin(farewellMsMax, Promise.all(gone))
    for (const socket of this.#sockets) socket.terminate()
  }
}
