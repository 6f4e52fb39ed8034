// cut-line.ts — the network of one device: a port that leads to the relay until it is cut, page and socket alike, and leads
// there again when it is mended. Knows: TCP, and how a WebSocket asks to be one.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class CutLine implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false
  #letsSocketsThrough = true

  private constructor(server: Server, port: number, relayPort: number) {
    this.#server = server
    this.port = port
    server.on('connection', (near: Socket) => {
      if (this.#isCut) near.destroy()
      else this.#join(near, connect(relayPort, '127.0.0.1'))
    })
  }

  static async to(relayPort: number): Promise<CutLine> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new CutLine(server, port, relayPort)
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The page is to be had, and nobody behind it. */
  cutSockets(): void {
    this.#letsSocketsThrough = false
  }

  mend(): void {
    this.#isCut = false
    this.#letsSocketsThrough = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      // A line that ends is what this is for.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.once('data', (request: Buffer) => {
      const isSocket = /^upgrade: websocket/im.test(request.toString('latin1'))
      if (isSocket && !this.#letsSocketsThrough) return near.destroy()
      far.write(request)
      return near.pipe(far).pipe(near)
    })
  }
}
