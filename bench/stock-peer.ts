// stock-peer.ts — a y-websocket client, or Hocuspocus' own, which says the same behind the document's name. Knows: both
// wires. Reads frames itself and not with the relay's reader: it is also there to doubt the relay.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { WebSocket } from 'ws'
import { deferred } from './deferred.ts'
import { frameBytes } from './peer.ts'
import type { Joining, Peer, PresenceState } from './peer.ts'
import type { Server } from './server.ts'

const sync = 0
const awareness = 1
/** Hocuspocus: who one is, and a sync message that answers. */
const auth = 2
const syncReply = 4
const step1 = 0
const step2 = 1
const update = 2
const tryAgainLater = 1013
const comeBackMs = 500
const hocuspocusVersion = '4.7.0'

export class StockPeer implements Peer {
  readonly inSync: Promise<void>
  readonly bytes = { up: 0, down: 0 }
  readonly cursor = undefined
  webSocket: WebSocket
  readonly #url: string
  readonly #joining: Joining
  readonly #synced = deferred()
  /** Hocuspocus names the document in every frame. */
  readonly #isNaming: boolean

  constructor(server: Server, joining: Joining) {
    this.#joining = joining
    this.inSync = this.#synced.promise
    const { port, target } = server
    this.#isNaming = target.wire === 'hocuspocus'
    this.#url = target.url(port, joining.document)
    this.webSocket = this.#connect()
  }

  #connect(): WebSocket {
    const webSocket = new WebSocket(this.#url, [], { perMessageDeflate: false })
    webSocket.once('open', () => this.#meet())
    webSocket.once('error', (error) => this.#synced.fail(error))
    webSocket.once('close', (code) => {
      if (code === tryAgainLater) setTimeout(() => (this.webSocket = this.#connect()), comeBackMs)
      else this.#synced.fail(new Error(`A socket ended with ${code}.`))
    })
    webSocket.on('message', (frame) => {
      if (Buffer.isBuffer(frame)) this.#heard(frame)
    })
    return webSocket
  }

  get unsentBytes(): number {
    return this.webSocket.bufferedAmount
  }

  write(bytes: Uint8Array): void {
    this.#saySync(update, bytes)
  }

  sayPresence({ client, clock, state }: PresenceState): void {
    this.#say((encoder) => {
      const states = encoding.encode((inner) => {
        encoding.writeVarUint(inner, 1)
        encoding.writeVarUint(inner, client)
        encoding.writeVarUint(inner, clock)
        encoding.writeVarString(inner, state)
      })
      encoding.writeVarUint(encoder, awareness)
      encoding.writeVarUint8Array(encoder, states)
    })
  }

  #meet(): void {
    if (this.#isNaming) {
      this.#say((encoder) => {
        encoding.writeVarUint(encoder, auth)
        encoding.writeVarUint(encoder, 0)
        encoding.writeVarString(encoder, 'token')
        encoding.writeVarString(encoder, hocuspocusVersion)
      })
      this.bytes.up = 0
    }
    this.#saySync(step1, this.#joining.knows?.stateVector ?? Uint8Array.of(0))
  }

  #heard(frame: Buffer): void {
    const decoder = decoding.createDecoder(new Uint8Array(frame.buffer, frame.byteOffset, frame.length))
    if (this.#isNaming) decoding.readVarString(decoder)
    const type = decoding.readVarUint(decoder)
    if (type !== auth) this.bytes.down += frameBytes(frame.length, false)
    if (type === awareness) this.#heardPresence(decoding.readVarUint8Array(decoder))
    if (type !== sync && type !== syncReply) return
    const subType = decoding.readVarUint(decoder)
    const body = decoding.readVarUint8Array(decoder)
    if (subType === step1) {
      const owed = this.#joining.owes?.(body)
      if (owed !== undefined) this.#saySync(step2, owed)
      return
    }
    this.#joining.heard?.update?.(body)
    if (subType === step2) this.#synced.keep()
  }

  #heardPresence(states: Uint8Array): void {
    if (this.#joining.heard?.presence === undefined) return
    const decoder = decoding.createDecoder(states)
    const entries: PresenceState[] = []
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const client = decoding.readVarUint(decoder)
      const clock = decoding.readVarUint(decoder)
      entries.push({ client, clock, state: decoding.readVarString(decoder) })
    }
    this.#joining.heard.presence(entries)
  }

  #saySync(subType: number, body: Uint8Array): void {
    this.#say((encoder) => {
      encoding.writeVarUint(encoder, sync)
      encoding.writeVarUint(encoder, subType)
      encoding.writeVarUint8Array(encoder, body)
    })
  }

  #say(write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder()
    if (this.#isNaming) encoding.writeVarString(encoder, this.#joining.document)
    write(encoder)
    const frame = encoding.toUint8Array(encoder)
    this.bytes.up += frameBytes(frame.length, true)
    this.webSocket.send(frame)
  }
}
