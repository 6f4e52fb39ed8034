// relay.ts — the process from outside: one port for pages and sockets, the rooms that are open, one log under them.
// Knows: HTTP, ws, which room a socket belongs to. Must not know: what an update says, or how the log is kept.
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { documentNameBytesMax, frameBytesMax } from '../shared/limits.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { decodeStockFrame, stockClose } from '../shared/stock-wire.ts'
import type { StockMessage } from '../shared/stock-wire.ts'
import { LevelLog } from './level-log.ts'
import type { Append } from './level-log.ts'
import { Link } from './link.ts'
import { pageListener } from './pages.ts'
import { RelayError } from './relay-error.ts'
import { Room } from './room.ts'

export type RelayOptions = {
  readonly port: number
  /** The folder of the log. */
  readonly data: string
  /** Called with one sentence when something happened that whoever runs the relay should know. */
  readonly report: (sentence: string) => void
  /** Called once when the disk refuses: nothing more can be promised, so the process should end. */
  readonly broken: (error: unknown) => void
}

const keepAliveMs = 5_000
const pingMs = 30_000

export class Relay {
  readonly #options: RelayOptions
  readonly #rooms = new Map<string, Room>()
  readonly #links = new Set<Link>()
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
    handleProtocols: chosenProtocol,
  })
  readonly #server: Server
  readonly #timers: NodeJS.Timeout[] = []
  #log: LevelLog | undefined

  private constructor(options: RelayOptions) {
    this.#options = options
    this.#server = createServer(pageListener())
    this.#server.on('upgrade', (request, socket, head) => this.#serverOnUpgrade(request, socket, head))
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options)
    relay.#log = await LevelLog.open(options.data, {
      committed: (appends) => relay.#logOnCommitted(appends),
      failed: (error) => relay.#logOnFailed(error),
    })
    try {
      await listen(relay.#server, options.port)
    } catch (error) {
      await relay.#log.close()
      throw error
    }
    relay.#startTimers()
    return relay
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The relay does not listen.')
    return address.port
  }

  get openDocuments(): number {
    return this.#rooms.size
  }

  /** Commits what was accepted, tells everyone to come back later, lets go of port and disk. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    for (const link of this.#links) link.close(stockClose.goingAway, 'The relay is being stopped.')
    this.#server.close()
    await this.#log?.close()
    for (const link of this.#links) link.terminate()
    this.#server.closeAllConnections()
  }

  #startTimers(): void {
    this.#timers.push(
      setInterval(() => {
        const now = Date.now()
        for (const link of this.#links) link.keepAlive(now)
      }, keepAliveMs),
      setInterval(() => {
        for (const link of this.#links) link.checkLife()
      }, pingMs),
    )
  }

  #serverOnUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket, request))
  }

  /** Refusals come after the handshake: a browser cannot see why an upgrade failed, but it sees a close code. */
  #welcome(socket: WebSocket, request: IncomingMessage): void {
    socket.on('error', (error) => this.#options.report(`A socket failed: ${error.message}`))
    if (!isLoopbackOrigin(request.headers.origin)) {
      socket.close(stockClose.forbidden, 'This relay accepts pages of this machine only.')
      return
    }
    // The stock server's rule: a document is the path as it was sent, neither decoded nor cleaned.
    const document = (request.url ?? '/').slice(1).split('?', 1)[0] ?? ''
    if (Buffer.byteLength(document) > documentNameBytesMax) {
      socket.close(stockClose.nameTooLong, `A document's name has at most ${documentNameBytesMax} bytes.`)
      return
    }
    const room = this.#roomOf(document)
    const link = new Link(socket, request.socket, (frame) => this.#linkOnFrame(link, room, frame))
    this.#links.add(link)
    socket.on('close', () => {
      this.#links.delete(link)
      room.leave(link)
      this.#release(room)
    })
    void link.first(this.#guard(link, room, room.join(link)))
  }

  #linkOnFrame(link: Link, room: Room, frame: Uint8Array): void | Promise<void> {
    try {
      return this.#receive(link, room, decodeStockFrame(frame))
    } catch (error) {
      return this.#endLink(link, room, error)
    }
  }

  /** One message after the other; as soon as one takes time, the rest waits for it. */
  #receive(link: Link, room: Room, messages: readonly StockMessage[]): void | Promise<void> {
    for (const [index, message] of messages.entries()) {
      if (!link.isOpen) return undefined
      const work = room.receive(link, message)
      if (work === undefined) continue
      const rest = messages.slice(index + 1)
      return this.#guard(
        link,
        room,
        work.then(() => this.#receive(link, room, rest)),
      )
    }
    return undefined
  }

  async #guard(link: Link, room: Room, work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#endLink(link, room, error)
    }
  }

  /** What a peer sent ends that peer's link, and nothing else. */
  #endLink(link: Link, room: Room, error: unknown): void {
    if (error instanceof ProtocolError) {
      this.#options.report(`A link to «${room.document}» was closed: ${error.code}. ${error.message}`)
      link.close(stockClose.malformed, error.message)
    } else {
      this.#options.report(
        `A link to «${room.document}» was closed because the relay failed: ${String(error)}`,
      )
      link.close(stockClose.relayFailed, 'The relay could not answer. Come back in a moment.')
    }
  }

  #roomOf(document: string): Room {
    const log = this.#log
    if (log === undefined) throw new Error('The relay has no log yet.')
    let room = this.#rooms.get(document)
    if (room === undefined) {
      room = new Room(
        document,
        { append: (append) => log.append(append), read: (name) => log.read(name) },
        this.#options.report,
      )
      this.#rooms.set(document, room)
    }
    return room
  }

  #release(room: Room): void {
    if (!room.idle) return
    this.#rooms.delete(room.document)
    room.destroy()
  }

  #logOnCommitted(appends: readonly Append[]): void {
    for (const [document, updates] of updatesByDocument(appends)) {
      const room = this.#rooms.get(document)
      if (room === undefined) continue
      room.committed(updates)
      this.#release(room)
    }
  }

  /** Nobody was shown what the disk refused [D2]; clients still have it, and bring it when the relay is back. */
  #logOnFailed(error: unknown): void {
    for (const link of this.#links) link.close(stockClose.relayFailed, 'The relay cannot write to its disk.')
    this.#options.broken(error)
  }
}

function updatesByDocument(appends: readonly Append[]): Map<string, Uint8Array[]> {
  const byDocument = new Map<string, Uint8Array[]>()
  for (const { document, update } of appends) {
    const updates = byDocument.get(document)
    if (updates === undefined) byDocument.set(document, [update])
    else updates.push(update)
  }
  return byDocument
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
  return [...offered].find((protocol) => protocol.length <= 32) ?? false
}
