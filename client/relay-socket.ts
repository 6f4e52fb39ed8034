// relay-socket.ts — one WebSocket to the relay, as messages. Knows: frames, fragments, the sub-protocol. Must not know:
// what a message means, when to connect again.
import { framesOf, Reassembly, wholeMessages } from '../shared/fragments.ts'
import { wireProtocol } from '../shared/message.ts'
import type { Message, ReplicaMessage } from '../shared/message.ts'
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
  /** All of one frame. */
  readonly received: (messages: readonly Message[]) => void
  /** What was sent cannot be read. */
  readonly garbled: () => void
  /** `refusal`: it could not even be made, in the platform's words. A page of https may have none over ws. */
  readonly closed: (refusal?: string) => void
}

const openState = 1
const codec = new WireCodec([saidByBoth, saidByRelay], writeReplicaBody)

export class RelaySocket {
  readonly number: number
  readonly #socket: SocketLike | undefined
  readonly #reassembly = new Reassembly()
  #said: ReplicaMessage[] = []
  #events: SocketEvents | undefined

  /** `number`: who made it knows it by that. */
  constructor(number: number, socketClass: SocketClass, url: string, events: SocketEvents) {
    this.number = number
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

  say(message: ReplicaMessage): void {
    this.#said.push(message)
  }

  /** All that was said since the last time goes in as few frames as hold it. */
  flush(): void {
    const messages = this.#said.splice(0)
    if (messages.length === 0 || this.#socket?.readyState !== openState) return
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
    // A frame of text.
    if (!(data instanceof ArrayBuffer)) return this.#events?.garbled()
    try {
      const messages = wholeMessages(codec.decodeFrame(new Uint8Array(data)), (fragment) => {
        const bytes = this.#reassembly.take(fragment)
        return bytes && codec.decodeMessage(bytes)
      })
      this.#events?.received(messages)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#events?.garbled()
    }
    return undefined
  }
}
