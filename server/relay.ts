// relay.ts — the relay from outside, on whichever HTTP server: what it answers, whom it lets in, how it ends. Knows:
// HTTP, ws, which wire a socket asks for, timers. Must not know: ports, rooms, records, what is said on a socket.
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { documentNameBytesMax, sizesFor } from '../shared/limits.ts'
import { wireProtocol } from '../shared/message.ts'
import { stockClose } from '../shared/stock-wire.ts'
import type { AdminDoor } from './admin-door.ts'
import { Addresses } from './addresses.ts'
import { Api } from './api.ts'
import type { Clock } from './clock.ts'
import { BoundedWebSocket, codeFor, isOfFrameTooLarge } from './bounded-web-socket.ts'
import { isSettledWithin } from './deadline.ts'
import { boundAnswer } from './exchange-time.ts'
import { chosenProtocol, isOfUnknownWire, sendOff, turnAway, turnedAwaySentences } from './handshake.ts'
import type { Unwelcome } from './handshake.ts'
import type { Journal } from './journal.ts'
import { LoadWatch, tickMs } from './load-watch.ts'
import type { LevelStoreOptions } from './level-store.ts'
import { Metrics } from './metrics.ts'
import { answersOperating } from './operating-pages.ts'
import type { Options } from './options.ts'
import { OpenSockets } from './open-sockets.ts'
import type { SocketCounts } from './open-sockets.ts'
import { Paces } from './paces.ts'
import { pageListener } from './pages.ts'
import { presentedToken } from './presented-token.ts'
import { Probe } from './readiness.ts'
import { Reception } from './reception.ts'
import { RelayError } from './relay-error.ts'
import { openParts } from './relay-parts.ts'
import type { RelayParts } from './relay-parts.ts'
import type { RelayHost } from './relay-host.ts'
import { refusal } from './refusals.ts'
import { beingStopped, nameTooLong } from './sentences.ts'
import type { SignIn } from './sign-in.ts'
import { Socket } from './socket.ts'
import { StockEntrance } from './stock-entrance.ts'
import type { Telling } from './telling.ts'

/** A disk that takes longer to sync one record is not ready. */
const probeMsMax = 2000

/** What a client that was sent away waits at least: a stop is mostly a start with a few seconds between. */
const comeBackMsMin = 1000

/** Between two looks at whether all is committed. */
const commitCheckMs = 50

/** Everybody waits for the next start meanwhile: that is worth no more than this. */
const foldingMsMax = 3_000
const foldCheckMs = 10

/** LevelDB gets this long to close its files, however short a stop is to be. */
const closingMsMin = 1000

const noHeaders: IncomingHttpHeaders = {}

export class Relay {
  readonly signIn: SignIn
  readonly #options: Options
  readonly #journal: Journal
  readonly #host: RelayHost
  readonly #clock: Clock
  readonly #door: AdminDoor
  readonly #telling: Telling | undefined
  readonly #paces: Paces
  readonly #webSockets: WebSocketServer
  readonly #traces = new WeakMap<IncomingMessage, string>()
  readonly #sockets = new OpenSockets()
  readonly #addresses: Addresses
  readonly #reception: Reception
  readonly #probe: Probe
  readonly #metrics: Metrics
  readonly #api: Api
  readonly #pages: RequestListener
  readonly #rechecks: NodeJS.Timeout
  readonly #ticks: NodeJS.Timeout
  #closing: Promise<void> | undefined

  private constructor(
    options: Options,
    journal: Journal,
    { store, host, signIn, clock, door, telling }: RelayParts,
  ) {
    this.#options = options
    this.#journal = journal
    this.#host = host
    this.#clock = clock
    this.#door = door
    this.#telling = telling
    this.signIn = signIn
    this.#pages = pageListener(options.pathPrefix)
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: sizesFor(options.largestDocument).messageBytesMax,
      perMessageDeflate: false,
      WebSocket: BoundedWebSocket,
      // OpenSockets counts them.
      clientTracking: false,
      handleProtocols: chosenProtocol,
    })
    // The one place where every kind of client can be told under which name the journal has it.
    this.#webSockets.on('headers', (headers, request) => {
      headers.push(`x-trace-id: ${this.#traces.get(request) ?? ''}`)
    })
    this.#paces = new Paces({ ...options, now: () => performance.now() })
    this.#addresses = new Addresses(options.trustedProxies)
    this.#reception = new Reception({
      ...options,
      now: () => performance.now(),
      after: (ms, then) => void setTimeout(then, ms),
    })
    this.#probe = new Probe({
      store,
      isRefused: () => host.state.isRefused,
      now: () => performance.now(),
      answerMsMax: probeMsMax,
    })
    this.#api = new Api({
      host,
      signIn,
      addresses: this.#addresses,
      sizes: sizesFor(options.largestDocument),
      isOpen: () => this.#closing === undefined,
      report: (notice) => journal.report(notice),
      markOf: (tenant, document) => journal.markOf({ tenant, document }),
      refused: (code) => host.meters.signInRefusals.count(code),
    })
    this.#metrics = new Metrics({
      meters: host.meters,
      journal,
      reception: this.#reception,
      hostState: () => host.state,
      sockets: () => this.#counts(),
      untoldSeconds: () => this.#telling?.untoldSeconds ?? 0,
      isReady: async () => (await this.#probe.ask()).isReady,
    })
    clock.ring = () => host.woke()
    signIn.whenRevoked = () => host.endWithdrawn()
    signIn.whenDoubted = () => host.recheck()
    this.#rechecks = setInterval(() => this.#recheck(), signIn.recheckMs)
    const watch = new LoadWatch(
      () => performance.now(),
      (latestMs) => host.look(latestMs, this.#counts().unsentBytes),
    )
    this.#ticks = setInterval(() => watch.ticked(), tickMs)
  }

  /** Opens the data; what comes in, a server has to hand over: `attach`, or `answer` and `upgrade`. */
  static async open(
    options: Options,
    journal: Journal,
    database?: LevelStoreOptions['database'],
  ): Promise<Relay> {
    return new Relay(options, journal, await openParts(options, journal, database))
  }

  get openDocuments(): number {
    return this.#host.openDocuments
  }

  /** Takes over what lies under the path prefix; everything else stays with whom it was with. */
  attach(server: Server): void {
    if (this.#options.pathPrefix === '')
      throw new RelayError(
        'bad-option',
        'To share a server the relay needs paths of its own: say pathPrefix.',
      )
    const others = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.answer(request, response)) return
      for (const other of others) Reflect.apply(other, server, [request, response])
    })
    server.on('upgrade', (request, line, head) => {
      if (this.upgrade(request, line, head)) return
      // With nobody else there to answer, it would wait for ever.
      if (server.listenerCount('upgrade') === 1)
        turnAway(line, 404, 'There are no sockets here. Look at the path of the address.')
    })
  }

  /** False: the path is not one of the relay's. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const url = this.#ownUrl(request)
    if (url === undefined) return false
    boundAnswer(request, response)
    const path = url.split('?', 1)[0] ?? '/'
    const parts = {
      probe: this.#probe,
      metrics: this.#metrics,
      addresses: this.#addresses,
      adminToken: this.#options.adminToken,
    }
    if (answersOperating(parts, request, response, path)) return true
    if (path.startsWith('/v1/')) {
      void this.#api.answer(request, response, url)
      return true
    }
    request.url = url
    this.#pages(request, response)
    return true
  }

  /** False: the path is not one of the relay's. */
  upgrade(request: IncomingMessage, line: Duplex, head: Buffer): boolean {
    const url = this.#ownUrl(request)
    if (url === undefined) return false
    line.on('error', destroyLine)
    if (this.signIn.isOpen && !this.#addresses.isLocal(request)) {
      this.#host.meters.signInRefusals.count('not-local')
      turnAway(line, 403, refusal('not-local').reason)
      return true
    }
    const place = this.#reception.take(
      this.#addresses.isLocal(request) ? undefined : this.#addresses.of(request),
    )
    if (typeof place === 'string') {
      turnAway(line, 503, turnedAwaySentences[place], comeBackMsMin / 1000)
      return true
    }
    line.on('close', place.giveBack)
    this.#reception.awaitTurn(() => {
      if (line.destroyed) return
      if (this.#closing !== undefined)
        return turnAway(line, 503, turnedAwaySentences.draining, comeBackMsMin / 1000)
      const trace = randomBytes(4).toString('hex')
      this.#traces.set(request, trace)
      this.#webSockets.handleUpgrade(request, line, head, (webSocket) =>
        this.#welcome(webSocket, request, url, trace),
      )
    })
    return true
  }

  /**
   * Lets nobody in any more, commits what was accepted, tells everyone when to come back, folds what is worth it, lets go of
   * the disk. Takes no longer than the option says, and a moment for goodbyes.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  /** Nobody ever came: it could not be reached. */
  async abandon(): Promise<void> {
    this.#closing ??= this.#drained().then(() => undefined)
    return this.#closing
  }

  async #drain(): Promise<void> {
    this.#journal.report({ code: 'draining', facts: { sockets: this.#sockets.size } })
    this.#journal.report({ code: (await this.#drained()) ? 'drained' : 'drain-cut-short' })
  }

  /** Whether all that was accepted is on the disk. */
  async #drained(): Promise<boolean> {
    const { drainTime } = this.#options
    const end = performance.now() + drainTime
    this.#probe.drain()
    this.#reception.drain()
    this.#telling?.stop()
    clearInterval(this.#rechecks)
    clearInterval(this.#ticks)
    this.#sockets.stopReading()
    const isCommitted = await this.#isCommittedWithin(drainTime)
    await this.#sendAway()
    if (isCommitted) await this.#foldUntil(Math.min(end, performance.now() + foldingMsMax))
    this.#clock.stop()
    this.#metrics.stop()
    await this.#door.close()
    const isClosed = await isSettledWithin(Math.max(drainTime, closingMsMin), this.#host.letGo())
    return isCommitted && isClosed
  }

  /** A disk that refuses is tried again until then. */
  async #isCommittedWithin(ms: number): Promise<boolean> {
    const end = performance.now() + ms
    for (;;) {
      const isSettled = await isSettledWithin(end - performance.now(), this.#host.commitAll())
      if (isSettled && this.#host.state.isAllCommitted) return true
      const left = end - performance.now()
      if (left <= 0) return false
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, commitCheckMs)))
    }
  }

  /** Else whoever opens them first after the start waits for their long tails. No promise hangs on it. */
  async #foldUntil(end: number): Promise<void> {
    while (this.#host.isFolding && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, foldCheckMs))
  }

  /** Spread over as long as letting them in again will take: all at once they would only wait at the door. */
  async #sendAway(): Promise<void> {
    const spreadMs = (this.#sockets.size / this.#options.socketsPerSecond) * 1000
    this.#host.dismissAll(() => Math.round(comeBackMsMin + Math.random() * spreadMs))
    await this.#sockets.sendHome(beingStopped)
  }

  /** Of what is unsent, answers over HTTP are a part. */
  #counts(): SocketCounts {
    const counts = this.#sockets.count()
    return { ...counts, unsentBytes: counts.unsentBytes + this.#api.unsentBytes }
  }

  /** What follows the path prefix; undefined where another prefix stands. */
  #ownUrl({ url = '/' }: IncomingMessage): string | undefined {
    const { pathPrefix } = this.#options
    if (!url.startsWith(pathPrefix)) return undefined
    const rest = url.slice(pathPrefix.length)
    if (rest.startsWith('/')) return rest
    return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined
  }

  /** Refusals come after the handshake: a browser cannot see why an upgrade failed, but it sees a close code. */
  #welcome(webSocket: WebSocket, request: IncomingMessage, url: string, trace: string): void {
    const { headers } = request
    webSocket.on('error', (cause) => {
      if (!isOfFrameTooLarge(cause)) return this.#journal.report({ code: 'socket-failed', trace, cause })
      this.#host.meters.socketEnds.count(codeFor(webSocket))
      return this.#journal.report({
        code: 'frame-too-large',
        trace,
        facts: { address: this.#addresses.of(request) },
      })
    })
    const why = this.#unwelcome(webSocket, request)
    if (why !== undefined) {
      this.#host.meters.signInRefusals.count(why)
      return sendOff(webSocket, why)
    }
    const socket = new Socket(webSocket, request.socket, {
      meters: this.#host.meters,
      pace: this.#paces.begin(),
      trace,
    })
    this.#sockets.add(socket)
    const wire = webSocket.protocol === wireProtocol ? 'native' : 'stock'
    this.#journal.report({
      code: 'socket-opened',
      trace,
      facts: { wire, address: this.#addresses.of(request) },
    })
    webSocket.on('close', (closeCode) => {
      this.#sockets.remove(socket)
      this.#journal.report({ code: 'socket-closed', trace, facts: { closeCode } })
    })
    // Where nobody is asked who comes, nobody will want to know what the request said.
    if (wire === 'native')
      socket.serve(this.#host.connectNative(socket, this.signIn.isOpen ? noHeaders : headers))
    else this.#welcomeStock(socket, request, url, trace)
  }

  /** Pages from elsewhere could otherwise read and write the documents of whoever visits them. */
  #unwelcome(webSocket: WebSocket, { headers }: IncomingMessage): Unwelcome | undefined {
    if (!this.signIn.acceptsOrigin(headers.origin, headers.host)) return 'wrong-origin'
    return isOfUnknownWire(webSocket) ? 'unknown-protocol' : undefined
  }

  /** The stock server's rule: a document is the path as it was sent, neither decoded nor cleaned. */
  #welcomeStock(socket: Socket, { headers }: IncomingMessage, url: string, trace: string): void {
    const document = url.slice(1).split('?', 1)[0] ?? ''
    if (Buffer.byteLength(document) > documentNameBytesMax) {
      socket.end(stockClose.nameTooLong, nameTooLong)
    } else {
      socket.serve(
        new StockEntrance(socket, {
          document,
          grantOf: () => this.signIn.grantOf(presentedToken(url, headers), headers),
          enter: (grant) => this.#host.connectStock(socket, document, grant),
          forbade: () => this.#host.meters.signInRefusals.count('forbidden'),
          failed: (cause) =>
            this.#journal.report({ code: 'link-unanswered', tenant: '', document, trace, cause }),
        }),
      )
    }
  }

  #recheck(): void {
    this.signIn.recheck().catch((cause: unknown) => this.#journal.report({ code: 'recheck-failed', cause }))
  }
}

/** No closure: it would keep the request for as long as the line lives. */
function destroyLine(this: Duplex): void {
  this.destroy()
}
