// relay-socket.ts — one WebSocket to the relay, as messages. Knows: frames, fragments, the sub-protocol. Must not know:
// what a message means, when to connect again.
import { framesOf, Reassembly, wholeMessages } from '../shared/fragments.ts'
import { wireProtocol } from '../shared/message.ts'
import type { Fragment, Message, ReplicaMessage } from '../shared/message.ts'
import { saidByBoth, saidByRelay } from '../shared/message-reader.ts'
import { writeReplicaBody } from '../shared/message-writer.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { WireCodec } from '../shared/wire-codec.ts'

/** What browsers call WebSocket, as far as it is used here; `ws` on Node has it too. */
export interface SocketLike {
  binaryType: string
  readonly readyState: number
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

export type SocketClass = new (url: string, protocols: string) => SocketLike

export type SocketEvents = {
  readonly opened: () => void
  readonly received: (message: Message) => void
  /** What was sent cannot be read. */
  readonly garbled: () => void
  /** `refusal`: it could not even be made, in the platform's words. A page of https may have none over ws. */
  readonly closed: (refusal?: string) => void
}

const openState = 1
const codec = new WireCodec([saidByBoth, saidByRelay], writeReplicaBody)

export class RelaySocket {
  readonly #socket: SocketLike | undefined
  readonly #reassembly = new Reassembly()
  #events: SocketEvents | undefined

  constructor(socketClass: SocketClass, url: string, events: SocketEvents) {
    this.#events = events
    try {
      this.#socket = new socketClass(url, wireProtocol)
    } catch (error) {
      queueMicrotask(() => this.#end(String(error)))
      return
    }
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.addEventListener('open', () => this.#events?.opened())
    this.#socket.addEventListener('message', ({ data }) => this.#socketOnMessage(data))
    // Every error is followed by a close.
    this.#socket.addEventListener('error', () => undefined)
    this.#socket.addEventListener('close', () => this.#end())
  }

  send(messages: readonly ReplicaMessage[]): void {
    if (this.#socket?.readyState !== openState) return
    for (const frame of framesOf(messages.map((message) => codec.encodeMessage(message))))
      this.#socket.send(frame)
  }

  /** Nobody waits for the other end, which may be gone: a browser would tell minutes later. */
  close(): void {
    this.#socket?.close()
    queueMicrotask(() => this.#end())
  }

  #end(refusal?: string): void {
    const events = this.#events
    this.#events = undefined
    events?.closed(refusal)
  }

  #socketOnMessage(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new ProtocolError('malformed-text', 'A frame of text.')
      const said = codec.decodeFrame(new Uint8Array(data))
      const messages = wholeMessages(said, (fragment) => this.#putTogether(fragment))
      for (const message of messages) this.#events?.received(message)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#events?.garbled()
    }
  }

  #putTogether(fragment: Fragment): Message | undefined {
    const bytes = this.#reassembly.take(fragment)
    return bytes === undefined ? undefined : codec.decodeMessage(bytes)
  }
}
