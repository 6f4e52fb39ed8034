// shaky-line.ts — a line to the relay that breaks: every connection ends after some bytes, wherever in a message that is, until
// it is told to be calm. Knows: TCP.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class ShakyLine implements AsyncDisposable {
  /** How often it broke. */
  breaks = 0
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  #bytesUntilBreak: () => number

  private constructor(target: URL, bytesUntilBreak: () => number) {
    this.#bytesUntilBreak = bytesUntilBreak
    this.#path = target.pathname
    this.#server = createServer((near) => this.#join(near, connect(Number(target.port), target.hostname)))
  }

  static async to(url: string, bytesUntilBreak: () => number): Promise<ShakyLine> {
    const line = new ShakyLine(new URL(url), bytesUntilBreak)
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `ws://127.0.0.1:${port}${this.#path}`
  }

  /** From now on new connections hold. */
  calm(): void {
    this.#bytesUntilBreak = () => Infinity
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    let left = this.#bytesUntilBreak()
    const end = (): void => {
      for (const socket of [near, far]) {
        socket.destroy()
        this.#sockets.delete(socket)
      }
    }
    const carry = (from: Socket, to: Socket): void => {
      this.#sockets.add(from)
      from.setNoDelay()
      // A line that breaks is what this is for.
      from.on('error', end)
      from.on('close', end)
      from.on('data', (bytes) => {
        if (!to.destroyed) to.write(bytes.subarray(0, Math.min(left, bytes.length)))
        left -= bytes.length
        if (left > 0) return
        this.breaks += 1
        end()
      })
    }
    carry(near, far)
    carry(far, near)
  }
}
