// wire.ts — frames of the native wire: messages to bytes and back, docs/PROTOCOL.md §1. Knows: the number and the
// length before each body. Must not know: bodies (message-reader.ts, message-writer.ts), and what a link does with a
// message.
//
// Total: any bytes give messages or one ProtocolError [W1]; a frame with a fault in it gives none of its messages.
// Decoded bytes are views of the frame and keep all of it in memory: whoever keeps some beyond the turn copies them.
// Encoded bytes are of exact size; those of what a relay says name a room, no link, and go to all of its links as they
// are.

import { ByteCursor } from './byte-cursor.ts'
import { ByteMeasure, ByteWriter, notEncodable, varUintByteLength } from './byte-writer.ts'
import { messageBytesMax, nativeFrameBytesMax } from './limits.ts'
import { ignorableNumberMin, type Message, messageNumber } from './message.ts'
import { isMessageNumber, readBody } from './message-reader.ts'
import { writeBody } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'

/** The bytes of one message. More than `nativeFrameBytesMax` of them travel in fragments (fragments.ts). */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const bodyBytes = measureBody(message)
  const writer = new ByteWriter(messageByteLength(bodyBytes))
  writeMessage(writer, message, bodyBytes)
  return writer.bytes
}

/** The bytes of messages that fit into one frame. */
export function encodeFrame(messages: readonly Message[]): Uint8Array<ArrayBuffer> {
  if (messages.length === 0) throw notEncodable('A frame holds at least one message.')
  const bodies = messages.map((message) => ({ message, bodyBytes: measureBody(message) }))
  const frameBytes = bodies.reduce((sum, { bodyBytes }) => sum + messageByteLength(bodyBytes), 0)
  if (frameBytes > nativeFrameBytesMax) throw notEncodable(`A frame of ${frameBytes} bytes.`)
  const writer = new ByteWriter(frameBytes)
  for (const { message, bodyBytes } of bodies) writeMessage(writer, message, bodyBytes)
  return writer.bytes
}

function measureBody(message: Message): number {
  const measure = new ByteMeasure()
  writeBody(measure, message)
  return measure.byteLength
}

function messageByteLength(bodyBytes: number): number {
  // Numbers of messages that we write are below 128: one byte.
  const byteLength = 1 + varUintByteLength(bodyBytes) + bodyBytes
  if (byteLength > messageBytesMax) throw notEncodable(`A message of ${byteLength} bytes.`)
  return byteLength
}

function writeMessage(writer: ByteWriter, message: Message, bodyBytes: number): void {
  writer.varUint(messageNumber[message.type])
  writer.varUint(bodyBytes)
  writeBody(writer, message)
}

/** All messages of one frame, or a ProtocolError. */
export function decodeFrame(frame: Uint8Array): Message[] {
  if (frame.length > nativeFrameBytesMax) {
    throw new ProtocolError('frame-too-large', `A frame has ${frame.length} bytes.`)
  }
  if (frame.length === 0) throw new ProtocolError('truncated', 'A frame holds no message.')
  const cursor = new ByteCursor(plainBytes(frame))
  const messages: Message[] = []
  do {
    const message = readMessage(cursor)
    if (message !== undefined) messages.push(message)
  } while (cursor.remaining > 0)
  return messages
}

/** One message that was put together from fragments; undefined if it is of a kind that one passes over. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length > messageBytesMax) {
    throw new ProtocolError('message-too-large', `A message has ${bytes.length} bytes.`)
  }
  const cursor = new ByteCursor(plainBytes(bytes))
  const message = readMessage(cursor)
  if (cursor.remaining > 0) throw new ProtocolError('trailing-bytes', 'A message goes on behind its end.')
  return message
}

function readMessage(cursor: ByteCursor): Message | undefined {
  const number = cursor.readVarUint()
  if (isMessageNumber(number)) {
    const body = bodyOf(cursor)
    const message = readBody(number, body)
    if (body.remaining > 0) {
      throw new ProtocolError('trailing-bytes', `The body of ${message.type} goes on behind its end.`)
    }
    cursor.position = body.position
    return message
  }
  if (number < ignorableNumberMin) {
    throw new ProtocolError('unknown-message', `${number} is no message of this version.`)
  }
  cursor.skip(cursor.readByteLength())
  return undefined
}

/** A cursor that ends where the body does. The last body of a frame, mostly the only one, ends with it. */
function bodyOf(cursor: ByteCursor): ByteCursor {
  const bodyBytes = cursor.readByteLength()
  if (bodyBytes === cursor.remaining) return cursor
  return new ByteCursor(cursor.bytes.subarray(0, cursor.position + bodyBytes), cursor.position)
}

/** Views of a Buffer are Buffers, and neither compare nor clone like the Uint8Array that the messages promise. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
