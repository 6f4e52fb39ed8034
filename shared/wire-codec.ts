// wire-codec.ts — messages to bytes and back, docs/PROTOCOL.md §1: the number and the length before each body. Knows: as
// much of the messages as it is given. Must not know: bodies (message-reader.ts, message-writer.ts), and what a link
// does with a message.
//
// Total: any bytes give messages or one ProtocolError [W1]; a frame with a fault in it gives none of its messages.
// Decoded bytes are views of the frame and keep all of it in memory: whoever keeps some beyond the turn copies them.
// Encoded bytes are of exact size; those of what a relay says name a room, no link, and go to all of its links as they
// are.
import { ByteCursor, plainBytes } from './byte-cursor.ts'
import { ByteMeasure, ByteWriter, notEncodable, varUintByteLength } from './byte-writer.ts'
import type { ByteSink } from './byte-writer.ts'
import { frameMessagesMax, messageBytesMax, nativeFrameBytesMax } from './limits.ts'
import { ignorableNumberMin, messageNumber } from './message.ts'
import type { Message } from './message.ts'
import { ProtocolError } from './protocol-error.ts'

type BodyReader = (body: ByteCursor) => Message

export class WireCodec<Said extends Message> {
  readonly #readers = new Map<number, BodyReader>()
  readonly #write: (sink: ByteSink, message: Said) => void

  /** The readers stand under the names of what they read. */
  constructor(
    readers: readonly Readonly<Record<string, BodyReader>>[],
    write: (sink: ByteSink, message: Said) => void,
  ) {
    const numbers = new Map(Object.entries(messageNumber))
    for (const [type, read] of readers.flatMap((table) => Object.entries(table)))
      this.#readers.set(numbers.get(type) ?? 0, read)
    this.#write = write
  }

  /** The bytes of one message. More than `nativeFrameBytesMax` of them travel in fragments (fragments.ts). */
  encodeMessage(message: Said): Uint8Array<ArrayBuffer> {
    return encodedAs(messageNumber[message.type], (sink) => this.#write(sink, message))
  }

  /** All messages of one frame, or a ProtocolError. */
  decodeFrame(frame: Uint8Array): Message[] {
    if (frame.length > nativeFrameBytesMax) {
      throw new ProtocolError('frame-too-large', `A frame has ${frame.length} bytes.`)
    }
    if (frame.length === 0) throw new ProtocolError('truncated', 'A frame holds no message.')
    const cursor = new ByteCursor(plainBytes(frame))
    const messages: Message[] = []
    for (let left = frameMessagesMax; cursor.remaining > 0; left--) {
      if (left === 0) throw tooManyMessages()
      const message = this.#read(cursor)
      if (message !== undefined) messages.push(message)
    }
    return messages
  }

  /** One message that was put together from fragments; undefined if it is of a kind that one passes over. */
  decodeMessage(bytes: Uint8Array): Message | undefined {
    if (bytes.length > messageBytesMax) {
      throw new ProtocolError('message-too-large', `A message has ${bytes.length} bytes.`)
    }
    const cursor = new ByteCursor(plainBytes(bytes))
    const message = this.#read(cursor)
    if (cursor.remaining > 0) throw new ProtocolError('trailing-bytes', 'A message goes on behind its end.')
    return message
  }

  #read(cursor: ByteCursor): Message | undefined {
    const number = cursor.readVarUint()
    const readBody = this.#readers.get(number)
    if (readBody !== undefined) {
      const frameEnd = cursor.end
      const bodyBytes = cursor.readByteLength()
      cursor.end = cursor.position + bodyBytes
      const message = readBody(cursor)
      if (cursor.remaining > 0) {
        throw new ProtocolError('trailing-bytes', `The body of ${message.type} goes on behind its end.`)
      }
      cursor.end = frameEnd
      return message
    }
    if (number < ignorableNumberMin) {
      throw new ProtocolError('unknown-message', `${number} is no message of this version.`)
    }
    cursor.skip(cursor.readByteLength())
    return undefined
  }
}

/** One message whose body is written twice: first to know its length, and then at it. */
export function encodedAs(number: number, writeBody: (sink: ByteSink) => void): Uint8Array<ArrayBuffer> {
  const measure = new ByteMeasure()
  writeBody(measure)
  const bodyBytes = measure.byteLength
  // Numbers of messages that we write are below 128: one byte.
  const byteLength = 1 + varUintByteLength(bodyBytes) + bodyBytes
  if (byteLength > messageBytesMax) throw notEncodable(`A message of ${byteLength} bytes.`)
  const writer = new ByteWriter(byteLength)
  writer.varUint(number)
  writer.varUint(bodyBytes)
  writeBody(writer)
  return writer.bytes
}

function tooManyMessages(): ProtocolError {
  return new ProtocolError('too-many-messages', `A frame has at most ${frameMessagesMax} messages.`)
}
