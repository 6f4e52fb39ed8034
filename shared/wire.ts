// wire.ts — the native wire whole: every message, to bytes and back. Knows: that there is more than one message in a
// frame. Must not know: what a page that has only one side of it can do without (wire-codec.ts).
import { notEncodable } from './byte-writer.ts'
import { frameMessagesMax, nativeFrameBytesMax } from './limits.ts'
import type { Message } from './message.ts'
import { saidByBoth, saidByRelay, saidByReplica } from './message-reader.ts'
import { writeBody } from './message-writer.ts'
import { WireCodec } from './wire-codec.ts'

const codec = new WireCodec([saidByBoth, saidByRelay, saidByReplica], writeBody)

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  return codec.encodeMessage(message)
}

/** The bytes of messages that fit into one frame. */
export function encodeFrame(messages: readonly Message[]): Uint8Array<ArrayBuffer> {
  if (messages.length === 0) throw notEncodable('A frame holds at least one message.')
  if (messages.length > frameMessagesMax) throw notEncodable(`A frame of ${messages.length} messages.`)
  const encoded = messages.map(encodeMessage)
  const frameBytes = encoded.reduce((sum, { length }) => sum + length, 0)
  if (frameBytes > nativeFrameBytesMax) throw notEncodable(`A frame of ${frameBytes} bytes.`)
  const frame = new Uint8Array(frameBytes)
  let position = 0
  for (const message of encoded) {
    frame.set(message, position)
    position += message.length
  }
  return frame
}

export function decodeFrame(frame: Uint8Array): Message[] {
  return codec.decodeFrame(frame)
}

export function decodeMessage(bytes: Uint8Array): Message | undefined {
  return codec.decodeMessage(bytes)
}
