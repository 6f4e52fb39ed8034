// relay.ts — the process from outside: one port for pages and sockets, one store under them. Knows: HTTP, ws, which
// wire a socket asks for, timers. Must not know: rooms, records, what is said on a socket.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { documentNameBytesMax, frameBytesMax } from '../shared/limits.ts'
import { idBytes, right, wireProtocol } from '../shared/message.ts'
import type { Grant } from '../shared/session.ts'
import { stockClose } from '../shared/stock-wire.ts'
import { StoreError } from '../shared/store.ts'
import { LevelStore } from './level-store.ts'
import { pageListener } from './pages.ts'
import { RelayError } from './relay-error.ts'
import { RelayHost } from './relay-host.ts'
import { Socket } from './socket.ts'

export type RelayOptions = {
  readonly port: number
  /** The folder of the store. */
  readonly data: string
  /** Called with one sentence when something happened that whoever runs the relay should know. */
  readonly report: (sentence: string) => void
}

const pingMs = 30_000
/** Machines ask to be woken for many things; they are all woken together, this often at most. */
const wakeMs = 250

/** Without accounts everyone who reaches the port may do everything. */
const grantOfAll: Grant = {
  tenant: '',
  subject: '',
  expiresAt: undefined,
  rightsVersion: 1,
  rightsOf: () => right.read + right.write,
}

export class Relay {
  readonly #options: RelayOptions
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
    handleProtocols: chosenProtocol,
  })
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #host: RelayHost
  readonly #clock: Clock
  readonly #pings: NodeJS.Timeout

  private constructor(options: RelayOptions, host: RelayHost, clock: Clock) {
    this.#options = options
    this.#host = host
    this.#clock = clock
    clock.ring = () => host.woke()
    this.#server = createServer(pageListener())
    this.#server.on('upgrade', (request, socket, head) => this.#serverOnUpgrade(request, socket, head))
    this.#pings = setInterval(() => {
      for (const socket of this.#sockets) socket.checkLife()
    }, pingMs)
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const store = await LevelStore.open({ folder: options.data, sync: true })
    const clock = new Clock()
    try {
      const host = await RelayHost.open({
        store,
        durability: 'synced',
        now: () => Date.now(),
        randomId: () => new Uint8Array(randomBytes(idBytes)),
        wakeAt: (time) => clock.wakeAt(time),
        turnEnds: setImmediate,
        grantOf: async () => grantOfAll,
        report: options.report,
      })
      const relay = new Relay(options, host, clock)
      await listen(relay.#server, options.port)
      return relay
    } catch (error) {
      await store.close()
      if (!(error instanceof StoreError)) throw error
      throw new RelayError('data-unreadable', `The data in ${options.data} cannot be used. ${error.message}`)
    }
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The relay does not listen.')
    return address.port
  }

  get openDocuments(): number {
    return this.#host.openDocuments
  }

  /** Commits what was accepted, tells everyone to come back later, lets go of port and disk. */
  async close(): Promise<void> {
    clearInterval(this.#pings)
    this.#server.close()
    await this.#host.close()
    this.#clock.stop()
    for (const socket of this.#sockets) socket.terminate()
    this.#server.closeAllConnections()
  }

  #serverOnUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket, request))
  }

  /** Refusals come after the handshake: a browser cannot see why an upgrade failed, but it sees a close code. */
  #welcome(webSocket: WebSocket, request: IncomingMessage): void {
    webSocket.on('error', (error) => this.#options.report(`A socket failed: ${error.message}`))
    if (!isLoopbackOrigin(request.headers.origin)) {
      webSocket.close(stockClose.forbidden, 'This relay accepts pages of this machine only.')
      return
    }
    const socket = new Socket(webSocket, request.socket)
    this.#sockets.add(socket)
    webSocket.on('close', () => this.#sockets.delete(socket))
    if (webSocket.protocol === wireProtocol) socket.serve(this.#host.connectNative(socket))
    else this.#welcomeStock(socket, request.url ?? '/')
  }

  /** The stock server's rule: a document is the path as it was sent, neither decoded nor cleaned. */
  #welcomeStock(socket: Socket, url: string): void {
    const document = url.slice(1).split('?', 1)[0] ?? ''
    if (Buffer.byteLength(document) > documentNameBytesMax) {
      socket.end(stockClose.nameTooLong, `A document's name has at most ${documentNameBytesMax} bytes.`)
    } else {
      socket.serve(this.#host.connectStock(socket, document, grantOfAll))
    }
  }
}

/** One timer for all that asked to be woken. */
class Clock {
  ring: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY

  wakeAt(time: number): void {
    const at = Math.max(time, Date.now() + wakeMs)
    if (at >= this.#at) return
    this.stop()
    this.#at = at
    this.#timer = setTimeout(() => this.#timerOnEnd(), at - Date.now())
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#at = Number.POSITIVE_INFINITY
  }

  #timerOnEnd(): void {
    this.#at = Number.POSITIVE_INFINITY
    this.ring()
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listeningError(error, port)))
    server.listen(port, '127.0.0.1', resolve)
  })
}

function listeningError(error: NodeJS.ErrnoException, port: number): RelayError {
  return error.code === 'EADDRINUSE'
    ? new RelayError(
        'port-in-use',
        `Port ${port} is taken. Stop what uses it, or choose another with --port.`,
      )
    : new RelayError('cannot-listen', `Port ${port} cannot be used: ${error.message}`)
}

/** Pages from elsewhere could otherwise read and write the documents of whoever visits them. */
function isLoopbackOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const host = new URL(origin).hostname
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Chrome fails a socket whose offer is not taken up. What looks like a token is never repeated. */
function chosenProtocol(offered: Set<string>): string | false {
  if (offered.has(wireProtocol)) return wireProtocol
  return [...offered].find((protocol) => protocol.length <= 32) ?? false
}
