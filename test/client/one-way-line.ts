// one-way-line.ts — a line to the relay on which one direction can fall silent without a word, as behind a broken router:
// nobody is told, and what is sent there goes nowhere. Knows: TCP.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

type Direction = 'up' | 'down'

export class OneWayLine implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Tells the connections that there are. */
  #silences: ((direction: Direction) => void)[] = []

  private constructor({ port, hostname }: URL) {
    this.#server = createServer((near) => this.#join(near, connect(Number(port), hostname)))
  }

  static async to(url: string): Promise<OneWayLine> {
    const line = new OneWayLine(new URL(url))
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections that come later work. */
  silence(direction: Direction): void {
    for (const silence of this.#silences.splice(0)) silence(direction)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    const silent = new Set<Direction>()
    this.#silences.push((direction) => silent.add(direction))
    const carry = (from: Socket, to: Socket, direction: Direction): void => {
      this.#sockets.add(from)
      from.on('data', (bytes) => {
        if (!silent.has(direction) && !to.destroyed) to.write(bytes)
      })
      from.on('close', () => {
        this.#sockets.delete(from)
        if (!silent.has(direction)) to.destroy()
      })
      // It is followed by a close.
      from.on('error', () => undefined)
    }
    carry(near, far, 'up')
    carry(far, near, 'down')
  }
}
