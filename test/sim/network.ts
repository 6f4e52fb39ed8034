// network.ts — sockets between a client and the relay. Knows: delay, order, bytes under way, how sockets die: told to
// both sides at different times, or never to one. Must not know: what a frame says. Within a live socket no frame is
// lost, doubled or overtaken, as TCP has it; after its death all that was under way is gone.
import type { HostConnection, HostSocket } from '../../server/host-connection.ts'
import type { World } from './world.ts'

/** What a client is told of its socket. */
export type ClientEars = {
  /** What a frame of this wire says, for a trace. */
  readonly lineOf: (frame: Uint8Array) => string
  readonly opened: () => void
  readonly received: (frame: Uint8Array) => void
  readonly closed: (code: number) => void
}

export type ClientSocket = {
  readonly send: (frame: Uint8Array) => void
  readonly close: () => void
}

/** Who answers at the other end; undefined: nobody, the port is closed. */
export type Accept = (socket: HostSocket, line: Line) => HostConnection | undefined

/** How the way between one device and the relay is at present. */
export type Way = { isOpen: boolean; delayMsMax: number; bytesPerMs: number }

type Side = 'client' | 'relay'
export type Death = 'cut' | 'halfOpen'

const abnormalClosure = 1006
const handshakeMsMax = 10_000
/** What lies before a reader until its sender is told that it takes no more. */
const fullBytes = 300
/** The shell's own pings find out that nobody is there. */
const noticeMsMax = 90_000

export class Network {
  readonly #world: World
  readonly #lines = new Set<Line>()
  /** The simulator's checks look at what the relay hands to sockets. */
  relaySaid: (line: Line, frame: Uint8Array) => void = () => undefined
  relayHeard: (line: Line, frame: Uint8Array) => void = () => undefined
  cuts = 0

  constructor(world: World) {
    this.#world = world
  }

  connect(name: string, way: Way, accept: Accept, ears: ClientEars): ClientSocket {
    const line = new Line(this.#world, this, name, way, ears)
    this.#lines.add(line)
    line.connect(accept)
    return line
  }

  get lines(): Iterable<Line> {
    return this.#lines
  }

  forget(line: Line): void {
    this.#lines.delete(line)
  }

  break(line: Line, death: Death): void {
    if (!line.isAlive) return
    this.cuts += 1
    line.die(death)
  }

  /** The relay's process is gone: its ends hear nothing any more. */
  relayGone(death: Death): void {
    for (const line of this.#lines) line.relayGone(death)
  }
}

export class Line implements ClientSocket {
  readonly name: string
  readonly way: Way
  readonly #world: World
  readonly #network: Network
  readonly #ears: ClientEars
  #connection: HostConnection | undefined
  #phase: 'connecting' | 'open' | 'dead' = 'connecting'
  /** Who still waits for the word that it is over. */
  readonly #toldBy = new Set<Side>()
  #clientClosed = false
  readonly #arrivesAt: Record<Side, number> = { client: 0, relay: 0 }
  #bytesUnderWay = 0
  #isFull = false
  #isFullTold = false
  /** The relay does not read: what arrives lies in the buffers between. */
  #isHeld = false
  #held: Uint8Array[] = []
  /** Frames with content that were handed over after it was said that the reader takes no more. [B1] */
  framesWhileFull = 0

  constructor(world: World, network: Network, name: string, way: Way, ears: ClientEars) {
    this.#world = world
    this.#network = network
    this.name = name
    this.way = way
    this.#ears = ears
  }

  get isToldFull(): boolean {
    return this.#isFullTold
  }

  get isAlive(): boolean {
    return this.#phase === 'open'
  }

  connect(accept: Accept): void {
    this.#world.after(this.#delay(), `${this.name} knocks`, () => {
      if (this.#clientClosed) return this.#network.forget(this)
      // Nothing that is said in answer overtakes the handshake.
      this.#arrivesAt.client = this.#world.now + this.#delay()
      const connected = this.#arrivesAt.client
      // Whom it does not want the relay may close at once.
      this.#phase = 'open'
      this.#connection = this.way.isOpen ? accept(this.#relayEnd(), this) : undefined
      if (this.#connection === undefined) {
        this.#phase = 'dead'
        return this.#tellClient(this.#delay(), abnormalClosure)
      }
      this.#world.at(connected, `${this.name} is connected`, () => {
        if (this.#clientClosed) return
        // It died in the middle of the handshake: browsers give that up by themselves.
        if (this.#phase === 'open') this.#ears.opened()
        else this.#tellClient(handshakeMsMax, abnormalClosure)
      })
      return undefined
    })
  }

  send(frame: Uint8Array): void {
    if (this.#phase !== 'open' || this.#clientClosed) return
    this.#arrivesAt.relay = Math.max(this.#arrivesAt.relay, this.#world.now + this.#delay())
    this.#world.at(this.#arrivesAt.relay, `${this.name} -> relay: ${this.#lineOf(frame)}`, () => {
      if (this.#phase !== 'open') return
      if (this.#isHeld) this.#held.push(frame)
      else this.#tellRelay(frame)
    })
  }

  close(): void {
    if (this.#clientClosed) return
    this.#clientClosed = true
    this.#toldBy.add('client')
    if (this.#phase !== 'open') return
    // What was sent before arrives before.
    this.#arrivesAt.relay = Math.max(this.#arrivesAt.relay, this.#world.now + this.#delay())
    this.#world.at(this.#arrivesAt.relay, `relay hears that ${this.name} closed`, () => {
      this.#phase = 'dead'
      this.#tellRelayNow()
    })
  }

  die(death: Death): void {
    if (this.#phase === 'dead') return
    this.#phase = 'dead'
    const { chance } = this.#world
    const neverTold = death === 'cut' ? undefined : chance.oneOf<Side>(['client', 'relay'])
    if (neverTold !== 'client') this.#tellClient(chance.between(0, 2_000), abnormalClosure)
    const notice = neverTold === 'relay' ? chance.between(30_000, noticeMsMax) : chance.between(0, 2_000)
    this.#world.after(notice, `relay hears that ${this.name} is gone`, () => this.#tellRelayNow())
  }

  relayGone(death: Death): void {
    this.#connection = undefined
    // Who is still knocking finds out when it knocks.
    if (this.#phase !== 'open') return
    this.#phase = 'dead'
    if (death === 'cut') this.#tellClient(this.#world.chance.between(0, 500), abnormalClosure)
  }

  #relayEnd(): HostSocket {
    return {
      hold: (hold) => this.#holdClient(hold),
      send: (frames) => this.#sendAllToClient(frames),
      end: (code) => {
        if (this.#phase !== 'open') return
        this.#arrivesAt.client = Math.max(this.#arrivesAt.client, this.#world.now + this.#delay())
        this.#world.at(this.#arrivesAt.client, `${this.name} is closed: ${code}`, () => {
          this.#phase = 'dead'
          this.#tellClient(0, code)
          this.#tellRelayNow()
        })
      },
    }
  }

  #holdClient(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isHeld || this.#held.length === 0) return
    this.#world.after(0, `the relay reads ${this.name} again`, () => {
      while (!this.#isHeld && this.#phase === 'open') {
        const frame = this.#held.shift()
        if (frame === undefined) return
        this.#tellRelay(frame)
      }
    })
  }

  #sendAllToClient(frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#sendToClient(frame)
  }

  #tellRelay(frame: Uint8Array): void {
    if (this.#connection === undefined) return
    this.#network.relayHeard(this, frame)
    this.#connection.received(frame)
  }

  #sendToClient(frame: Uint8Array): void {
    if (this.#connection === undefined && this.#phase === 'dead') return
    this.#network.relaySaid(this, frame)
    if (this.#phase === 'dead') return
    this.#bytesUnderWay += frame.length
    const travel = this.#delay() + Math.ceil(frame.length / this.way.bytesPerMs)
    const { now } = this.#world
    this.#arrivesAt.client = Math.max(
      this.#arrivesAt.client + Math.ceil(frame.length / this.way.bytesPerMs),
      now + travel,
    )
    this.#world.at(this.#arrivesAt.client, `${this.name} <- relay: ${this.#lineOf(frame)}`, () => {
      this.#bytesUnderWay -= frame.length
      if (this.#phase === 'open' && !this.#clientClosed) this.#ears.received(frame)
      if (this.#isFull && this.#bytesUnderWay < fullBytes / 2) this.#drain()
    })
    if (!this.#isFull && this.#bytesUnderWay >= fullBytes) this.#fill()
  }

  /** A real socket's owner looks after what was written, not in the middle of it. */
  #fill(): void {
    this.#isFull = true
    this.#world.after(0, `${this.name} takes no more`, () => {
      if (!this.#isFull) return
      this.#isFullTold = true
      this.#connection?.filled()
    })
  }

  #drain(): void {
    this.#isFull = false
    this.#isFullTold = false
    this.framesWhileFull = 0
    if (this.#phase === 'open') this.#connection?.drained()
  }

  #tellClient(ms: number, code: number): void {
    this.#world.after(ms, `${this.name} hears that its socket closed: ${code}`, () => {
      if (this.#toldBy.has('client')) return
      this.#toldBy.add('client')
      this.#clientClosed = true
      this.#ears.closed(code)
      this.#network.forget(this)
    })
  }

  #tellRelayNow(): void {
    if (this.#toldBy.has('relay')) return
    this.#toldBy.add('relay')
    const connection = this.#connection
    this.#connection = undefined
    connection?.lost()
    if (this.#toldBy.has('client')) this.#network.forget(this)
  }

  #lineOf(frame: Uint8Array): string {
    return this.#world.isTold ? this.#ears.lineOf(frame) : ''
  }

  #delay(): number {
    return this.#world.chance.between(1, this.way.delayMsMax)
  }
}
