// native-line.ts — one page's socket on the native wire: frames to messages and back. Knows: fragments, the number of
// the socket. Must not know: what a message means.
import { framesOf, Reassembly, wholeMessages } from '../../shared/fragments.ts'
import type { Message } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import type { ReplicaInput } from '../../shared/replica-words.ts'
import { decodeFrame, decodeMessage, encodeMessage } from '../../shared/wire.ts'
import { lineOfNative } from './frame-line.ts'
import type { Accept, ClientSocket, Network, Way } from './network.ts'
import type { World } from './world.ts'

export type NativeLineOptions = {
  readonly number: number
  readonly name: string
  readonly way: Way
  readonly accept: Accept
  /** Frozen pages are told later. */
  readonly whenAwake: (act: () => void) => void
  readonly tell: (input: ReplicaInput) => void
}

export class NativeLine {
  readonly #world: World
  readonly #options: NativeLineOptions
  readonly #line: ClientSocket
  readonly #reassembly = new Reassembly()

  constructor(world: World, network: Network, options: NativeLineOptions) {
    this.#world = world
    this.#options = options
    const { number, name, way, accept, whenAwake, tell } = options
    this.#line = network.connect(name, way, accept, {
      lineOf: lineOfNative,
      opened: () => whenAwake(() => tell({ type: 'connected', socket: number })),
      received: (frame) => whenAwake(() => this.#received(frame)),
      closed: () => whenAwake(() => this.#tellGone()),
    })
  }

  get number(): number {
    return this.#options.number
  }

  send(message: Message): void {
    for (const frame of framesOf([encodeMessage(message)])) this.#line.send(frame)
  }

  close(): void {
    this.#line.close()
  }

  /** The machine is told that what it let go of is gone. */
  closeAndTell(): void {
    this.close()
    const { name, whenAwake } = this.#options
    this.#world.after(1, `${name} has hung up`, () => whenAwake(() => this.#tellGone()))
  }

  #tellGone(): void {
    const random = this.#world.random()
    this.#options.tell({ type: 'disconnected', socket: this.number, random })
  }

  #received(frame: Uint8Array): void {
    const { number: socket, tell } = this.#options
    try {
      const messages = wholeMessages(decodeFrame(frame), (fragment) =>
        wholeOf(this.#reassembly.take(fragment)),
      )
      tell({ type: 'received', socket, messages })
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#world.note(`${this.#options.name} cannot read what it was sent: ${error.message}`)
      tell({ type: 'garbled', socket })
    }
  }
}

function wholeOf(bytes: Uint8Array | undefined): Message | undefined {
  return bytes === undefined ? undefined : decodeMessage(bytes)
}
