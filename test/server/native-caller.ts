// native-caller.ts — one native socket to a real relay: says messages, hears messages, keeps every byte that came.
// Knows: ws, the wire. Must not know: what ought to be said.
import { WebSocket } from 'ws'
import { Reassembly } from '../../shared/fragments.ts'
import { entryKind, knowledgeKind, want, wireProtocol, wireVersion } from '../../shared/message.ts'
import type { Message, MessageOf, PushEntry } from '../../shared/message.ts'
import { decodeFrame, decodeMessage, encodeMessage } from '../../shared/wire.ts'

type Type = Message['type']

export class NativeCaller {
  readonly heard: Message[] = []
  readonly bytes: Uint8Array[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #socket: WebSocket
  readonly #reassembly = new Reassembly()
  #look: () => void = () => undefined
  #counter = 0

  constructor(
    url: string,
    name: number,
    token: string,
    headers: Record<string, string> = {},
    protocol: string = wireProtocol,
  ) {
    this.#socket = new WebSocket(url, protocol, { headers })
    this.#socket.on('message', (frame: Buffer) => this.#hear(new Uint8Array(frame)))
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#look()
      })
    })
    this.#socket.on('open', () => {
      const replica = new Uint8Array(16).fill(name)
      const secret = new Uint8Array(32).fill(name)
      this.say(
        { type: 'hello', versions: [wireVersion], capabilities: 0, replica, secret, trace: '' },
        { type: 'authenticate', token },
      )
    })
  }

  say(...messages: Message[]): void {
    if (this.#socket.readyState === WebSocket.OPEN)
      for (const message of messages) this.#socket.send(encodeMessage(message))
    else this.#socket.once('open', () => this.say(...messages))
  }

  open(document: string, link = 1): void {
    const knowledge = { kind: knowledgeKind.nothing }
    this.say({ type: 'open', link, document, wants: want.write + want.presence, knowledge })
  }

  push(update: Uint8Array, link = 1): PushEntry {
    this.#counter += 1
    const hash = new Uint8Array(16).fill(this.#counter)
    const entry = { counter: this.#counter, hash, kind: entryKind.edit, update }
    this.say({ type: 'push', link, entries: [entry] })
    return entry
  }

  /** The next of this type that was not taken yet; fails when the socket ends without one. */
  async take<Wanted extends Type>(type: Wanted): Promise<MessageOf<Wanted>> {
    for (;;) {
      const index = this.heard.findIndex((message) => message.type === type)
      const [found] = index === -1 ? [] : this.heard.splice(index, 1)
      if (found !== undefined) return found as MessageOf<Wanted>
      if (this.#socket.readyState === WebSocket.CLOSED) throw new Error(`It ended without «${type}».`)
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    }
  }

  /** All that was said before has been answered. */
  async settled(): Promise<void> {
    this.say({ type: 'ping', nonce: 7 })
    await this.take('pong')
  }

  hasHeard(words: string): boolean {
    return Buffer.concat(this.bytes).includes(words)
  }

  end(): void {
    this.#socket.terminate()
  }

  #hear(frame: Uint8Array): void {
    this.bytes.push(frame)
    for (const message of decodeFrame(frame)) {
      const bytes = message.type === 'fragment' ? this.#reassembly.take(message) : undefined
      if (message.type !== 'fragment') this.heard.push(message)
      else if (bytes !== undefined) this.heard.push(decodeMessage(bytes) ?? message)
    }
    this.#look()
  }
}
