// listening.ts — a relay on a port of its own: HTTP or, with a certificate, HTTPS. Knows: ports, certificates. Must not
// know: what the relay answers.
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { Addresses } from './addresses.ts'
import { boundedServer } from './exchange-time.ts'
import type { Certificate } from './exchange-time.ts'
import { turnAway } from './handshake.ts'
import type { Journal } from './journal.ts'
import type { LevelStoreOptions } from './level-store.ts'
import { LinesOfOne } from './lines-of-one.ts'
import { readNamedFile } from './named-file.ts'
import type { Options } from './options.ts'
import { Relay } from './relay.ts'
import { RelayError } from './relay-error.ts'

/** Beside sockets: pages, documents over HTTP, and who is still to become a socket. Each takes a file of the process. [B1] */
const plainConnectionsMax = 500

export class ListeningRelay {
  readonly relay: Relay
  readonly #options: Options
  readonly #journal: Journal
  readonly #server: Server | TlsServer

  private constructor(options: Options, journal: Journal, relay: Relay, server: Server | TlsServer) {
    this.#options = options
    this.#journal = journal
    this.relay = relay
    this.#server = server
    server.maxConnections = options.socketsMax + plainConnectionsMax
    const addresses = new Addresses(options.trustedProxies)
    const lines = new LinesOfOne({
      ofOneMax: options.socketsPerAddress + plainConnectionsMax,
      addressOf: (line) => addresses.ofLine(line),
      refused: (address) => journal.report({ code: 'connections-of-one', facts: { address } }),
    })
    server.on('connection', (line) => lines.began(line))
    server.on('drop', () => journal.report({ code: 'connections-full' }))
    server.on('request', (request, response) => {
      if (!relay.answer(request, response)) response.writeHead(404).end()
    })
    server.on('upgrade', (request, line, head) => {
      if (!relay.upgrade(request, line, head))
        turnAway(line, 404, 'There are no sockets here. Look at the path of the address.')
    })
  }

  static async start(
    options: Options,
    journal: Journal,
    database?: LevelStoreOptions['database'],
  ): Promise<ListeningRelay> {
    const server = boundedServer(await readCertificate(options))
    const relay = await Relay.open(options, journal, database)
    const listening = new ListeningRelay(options, journal, relay, server)
    try {
      await listen(server, options)
    } catch (error) {
      await relay.abandon()
      throw error
    }
    return listening
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The relay does not listen.')
    return address.port
  }

  /** Where a person on this machine opens it. */
  get address(): string {
    const { host, tlsCert, pathPrefix } = this.#options
    const name =
      host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : isIP(host) === 6 ? `[${host}]` : host
    return `${tlsCert === undefined ? 'http' : 'https'}://${name}:${this.port}${pathPrefix}`
  }

  /** What is in the files now holds for who comes from now on; files that are wrong change nothing. */
  async reloadCertificate(): Promise<void> {
    try {
      const certificate = await readCertificate(this.#options)
      if (certificate === undefined || !('setSecureContext' in this.#server)) return
      this.#server.setSecureContext(certificate)
      this.#journal.report({ code: 'certificate-reloaded' })
    } catch (cause) {
      this.#journal.report({ code: 'certificate-unreadable', cause })
    }
  }

  /** The port is held to the end: who comes meanwhile is told to come back. */
  async close(): Promise<void> {
    await this.relay.close()
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function readCertificate({ tlsCert, tlsKey }: Options): Promise<Certificate | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const certificate = {
    cert: await readNamedFile(tlsCert, 'The certificate', 'bad-option'),
    key: await readNamedFile(tlsKey, 'The key of the certificate', 'bad-option'),
  }
  try {
    // Looked at here, where it can be said which files are meant: whether they are PEM, and belong together.
    createSecureContext(certificate)
    return certificate
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RelayError(
      'bad-option',
      `The certificate ${tlsCert} with the key ${tlsKey} cannot be used: both have to be PEM, and belong together (${reason}).`,
    )
  }
}

async function listen(server: Server | TlsServer, { port, host }: Options): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listeningError(error, port, host)))
    server.listen(port, host, resolve)
  })
}

function listeningError(error: NodeJS.ErrnoException, port: number, host: string): RelayError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new RelayError(
        'port-in-use',
        `Port ${port} is taken. Stop what uses it, or choose another with --port.`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new RelayError(
        'cannot-listen',
        `${host} is no address of this machine. Choose another with --host.`,
      )
    case 'EACCES':
      return new RelayError(
        'cannot-listen',
        `The user who runs this may not use port ${port}. Choose one above 1023 with --port, and a proxy before it.`,
      )
    default:
      return new RelayError(
        'cannot-listen',
        `Port ${port} of ${host} cannot be used: ${error.message}. Choose another with --port or --host.`,
      )
  }
}
