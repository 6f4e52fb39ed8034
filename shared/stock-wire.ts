// stock-wire.ts — the frames that y-websocket clients of every version speak, both directions.
// Knows: the byte layout (varUint type, varUint sub-type, length-prefixed body). Must not know: what a room does
// with a message, and that updates have an inside.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { roomPresencesMax, stockFrameMessagesMax } from './limits.ts'
import type { PresenceEntry } from './message.ts'
import { ProtocolError } from './protocol-error.ts'

export type StockMessage =
  /** «This is what I have; send me the rest.» */
  | { readonly type: 'step1'; readonly stateVector: Uint8Array }
  /** The answer to a step 1: the rest. */
  | { readonly type: 'step2'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly entries: readonly PresenceEntry[] }
  | { readonly type: 'queryAwareness' }
  /** Stock servers pass over what they do not know, and clients count on it. */
  | { readonly type: 'unknown' }

const sync = 0
const awareness = 1
const queryAwareness = 3
const step1 = 0
const step2 = 1
const update = 2
/** What stands for somebody who is gone. */
const noState = 'null'

/**
 * All messages of one frame. Clients up to 3.x write one a frame, 4.x may write several.
 * Throws a ProtocolError, and nothing else, for any bytes that are not whole messages [W1].
 */
export function decodeStockFrame(frame: Uint8Array): StockMessage[] {
  const decoder = decoding.createDecoder(frame)
  const messages: StockMessage[] = []
  try {
    while (decoding.hasContent(decoder)) {
      const message = readMessage(decoder)
      // lib0 reads a length past the end without a word.
      if (decoder.pos > frame.length) throw truncated()
      if (messages.push(message) > stockFrameMessagesMax) {
        throw new ProtocolError('too-many-messages', `A frame has at most ${stockFrameMessagesMax} messages.`)
      }
      if (message.type === 'unknown') break
    }
  } catch (error) {
    throw error instanceof ProtocolError ? error : truncated()
  }
  return messages
}

function truncated(): ProtocolError {
  return new ProtocolError('truncated', 'A frame ends in the middle of a message.')
}

function readMessage(decoder: decoding.Decoder): StockMessage {
  switch (decoding.readVarUint(decoder)) {
    case sync:
      return readSync(decoder)
    case awareness:
      return { type: 'awareness', entries: readAwareness(decoding.readVarUint8Array(decoder)) }
    case queryAwareness:
      return { type: 'queryAwareness' }
    default:
      return { type: 'unknown' }
  }
}

function readSync(decoder: decoding.Decoder): StockMessage {
  switch (decoding.readVarUint(decoder)) {
    case step1:
      return { type: 'step1', stateVector: decoding.readVarUint8Array(decoder) }
    case step2:
      return { type: 'step2', update: decoding.readVarUint8Array(decoder) }
    case update:
      return { type: 'update', update: decoding.readVarUint8Array(decoder) }
    default:
      return { type: 'unknown' }
  }
}

function readAwareness(bytes: Uint8Array): PresenceEntry[] {
  const decoder = decoding.createDecoder(bytes)
  const count = decoding.readVarUint(decoder)
  if (count > roomPresencesMax)
    throw new ProtocolError('too-many-entries', `A message has at most ${roomPresencesMax} states.`)
  const entries: PresenceEntry[] = []
  for (let left = count; left > 0; left--) {
    const client = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const state = decoding.readVarString(decoder)
    entries.push({ client, clock, state: state === noState ? '' : state })
  }
  if (decoder.pos > bytes.length) throw truncated()
  return entries
}

/** Who is there, and who is gone, the same for all that hear it. */
export function encodeAwareness(entries: readonly PresenceEntry[]): Uint8Array {
  const states = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length)
    for (const { client, clock, state } of entries) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarString(encoder, state === '' ? noState : state)
    }
  })
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, awareness)
    encoding.writeVarUint8Array(encoder, states)
  })
}

export function encodeStep1(stateVector: Uint8Array): Uint8Array {
  return encodeSync(step1, stateVector)
}

export function encodeStep2(missing: Uint8Array): Uint8Array {
  return encodeSync(step2, missing)
}

export function encodeUpdate(bytes: Uint8Array): Uint8Array {
  return encodeSync(update, bytes)
}

function encodeSync(subType: number, body: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, sync)
  encoding.writeVarUint(encoder, subType)
  encoding.writeVarUint8Array(encoder, body)
  return encoding.toUint8Array(encoder)
}

/** An awareness update of nobody: changes nothing in any version, but stock clients count it as a sign of life. */
export const keepAliveFrame: Uint8Array = Uint8Array.of(awareness, 1, 0)

/** The update that holds nothing; most clients answer step 1 with it. */
export const emptyUpdate: Uint8Array = Uint8Array.of(0, 0)

export function isEmptyUpdate(bytes: Uint8Array): boolean {
  return bytes.length === 2 && bytes[0] === 0 && bytes[1] === 0
}

/** Close codes for stock clients. From 3.1 on they come back after any code but 4400 to 4499. */
export const stockClose = {
  goingAway: 1001,
  relayFailed: 1011,
  tooSlow: 1013,
  malformed: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  wrongOrigin: 4406,
  replaced: 4410,
  tooLarge: 4413,
  nameTooLong: 4414,
  unknownProtocol: 4426,
} as const
export type StockCloseCode = (typeof stockClose)[keyof typeof stockClose]
