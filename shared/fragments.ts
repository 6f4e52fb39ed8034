// fragments.ts — messages that are too large for a frame, docs/PROTOCOL.md §9: cut here, put together there. Knows: the
// bytes of whole messages, and how many may be gathered. Must not know: what is in them; when a frame is sent.

import { ByteCursor } from './byte-cursor.ts'
import { notEncodable } from './byte-writer.ts'
import { fragmentBytesMax, messageBytesMax, nativeFrameBytesMax } from './limits.ts'
import { type Fragment, type Message, messageNumber } from './message.ts'
import { writeFragment } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { encodedAs } from './wire-codec.ts'

/** What the number and the length before a body can take at most. */
const headBytesMax = 16

/**
 * Frames for messages that are encoded already, in their order: small ones together, large ones in fragments. A frame
 * of one message is that message itself, not a copy, so that what goes to many links is made once.
 */
export function framesOf(messages: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  const frames: Uint8Array<ArrayBuffer>[] = []
  let together: Uint8Array<ArrayBuffer>[] = []
  let togetherBytes = 0
  for (const message of messages) {
    if (together.length > 0 && togetherBytes + message.length > fragmentBytesMax) {
      frames.push(joined(together, togetherBytes))
      together = []
      togetherBytes = 0
    }
    if (message.length > fragmentBytesMax) {
      for (const fragment of fragmentsOf(message)) frames.push(encodedFragment(fragment))
    } else {
      together.push(message)
      togetherBytes += message.length
    }
  }
  if (together.length > 0) frames.push(joined(together, togetherBytes))
  return frames
}

function encodedFragment(fragment: Fragment): Uint8Array<ArrayBuffer> {
  return encodedAs(messageNumber.fragment, (sink) => writeFragment(sink, fragment))
}

function joined(messages: readonly Uint8Array<ArrayBuffer>[], byteLength: number): Uint8Array<ArrayBuffer> {
  const [only, ...more] = messages
  if (only !== undefined && more.length === 0) return only
  const frame = new Uint8Array(byteLength)
  let position = 0
  for (const message of messages) {
    frame.set(message, position)
    position += message.length
  }
  return frame
}

/** The fragments of one encoded message: views of it, to be encoded one by one as the socket takes them. */
export function fragmentsOf(message: Uint8Array, bytesMax: number = fragmentBytesMax): Fragment[] {
  if (message.length > messageBytesMax) throw notEncodable(`A message of ${message.length} bytes.`)
  if (bytesMax < 1 || bytesMax > nativeFrameBytesMax - headBytesMax) {
    throw notEncodable(`Fragments of ${bytesMax} bytes.`)
  }
  const fragments: Fragment[] = []
  for (let start = 0; start < message.length; start += bytesMax) {
    const end = Math.min(start + bytesMax, message.length)
    fragments.push({ type: 'fragment', last: end === message.length, bytes: message.subarray(start, end) })
  }
  return fragments
}

/**
 * The messages of a frame, with those that its fragments bring to their end: all of it is read before any of it is acted
 * on, and one with a fault in it is refused whole. [W1]
 */
export function wholeMessages(
  messages: readonly Message[],
  putTogether: (fragment: Fragment) => Message | undefined,
): readonly Message[] {
  if (!messages.some(({ type }) => type === 'fragment')) return messages
  return messages.flatMap((message) => (message.type === 'fragment' ? (putTogether(message) ?? []) : message))
}

/**
 * One direction of one socket. Holds at most twice the bytes that arrived, and no view of a frame: one byte of a large
 * frame would keep all of it. After a ProtocolError the socket is to end, and this with it.
 */
export class Reassembly {
  readonly #bytesMax: number
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #byteLength = 0
  /** Of the whole message, as its head announces it; unknown until the head is there. */
  #wholeBytes: number | undefined

  /** A link may allow less than the protocol does, as long as it does not know who speaks. */
  constructor(bytesMax: number = messageBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** The bytes of the whole message when this was its last fragment, else undefined. */
  take(fragment: Fragment): Uint8Array<ArrayBuffer> | undefined {
    this.#append(fragment.bytes)
    if (this.#wholeBytes === undefined && (fragment.last || this.#byteLength >= headBytesMax))
      this.#readHead()
    if (this.#wholeBytes !== undefined && this.#byteLength > this.#wholeBytes) {
      throw new ProtocolError('trailing-bytes', 'The fragments hold more than the message that they began.')
    }
    if (!fragment.last) return undefined
    if (this.#byteLength !== this.#wholeBytes) {
      throw new ProtocolError('truncated', 'The last fragment came before the end of the message.')
    }
    const whole = this.#bytes.subarray(0, this.#byteLength)
    this.#bytes = new Uint8Array(0)
    this.#byteLength = 0
    this.#wholeBytes = undefined
    return whole
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#byteLength + bytes.length
    if (needed > this.#bytesMax) throw this.#tooLarge(needed)
    if (needed > this.#bytes.length) {
      // Not what the head announces: a few bytes of a peer could then hold 64 MiB of ours.
      const doubled = Math.min(2 * this.#bytes.length, this.#wholeBytes ?? this.#bytesMax)
      const larger = new Uint8Array(Math.max(needed, doubled))
      larger.set(this.#bytes.subarray(0, this.#byteLength))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#byteLength)
    this.#byteLength = needed
  }

  /** Refuses early what could only be refused late. */
  #readHead(): void {
    const cursor = new ByteCursor(this.#bytes.subarray(0, this.#byteLength))
    if (cursor.readVarUint() === messageNumber.fragment) {
      throw new ProtocolError('bad-fragment', 'A fragment holds a fragment.')
    }
    const bodyBytes = cursor.readVarUint()
    this.#wholeBytes = cursor.position + bodyBytes
    if (this.#wholeBytes > this.#bytesMax) throw this.#tooLarge(this.#wholeBytes)
  }

  #tooLarge(byteLength: number): ProtocolError {
    return new ProtocolError(
      'message-too-large',
      `A message of ${byteLength} bytes, where ${this.#bytesMax} are allowed.`,
    )
  }
}
