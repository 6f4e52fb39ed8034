// stock-wire.ts — the frames that y-websocket clients of every version speak, both directions.
// Knows: the byte layout (varUint type, varUint sub-type, length-prefixed body). Must not know: what a room does
// with a message, and that updates have an inside.
import * as encoding from 'lib0/encoding'
import { ByteCursor, plainBytes } from './byte-cursor.ts'
import { roomPresencesMax, stockFrameMessagesMax } from './limits.ts'
import { readText, takeBytes } from './message-fields.ts'
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
  const cursor = new ByteCursor(plainBytes(frame))
  const messages: StockMessage[] = []
  while (cursor.remaining > 0) {
    const message = readMessage(cursor)
    if (messages.push(message) > stockFrameMessagesMax) {
      throw new ProtocolError('too-many-messages', `A frame has at most ${stockFrameMessagesMax} messages.`)
    }
    if (message.type === 'unknown') break
  }
  return messages
}

function readMessage(cursor: ByteCursor): StockMessage {
  switch (cursor.readVarUint()) {
    case sync:
      return readSync(cursor)
    case awareness:
      return { type: 'awareness', entries: readAwareness(new ByteCursor(readBody(cursor))) }
    case queryAwareness:
      return { type: 'queryAwareness' }
    default:
      return { type: 'unknown' }
  }
}

function readSync(cursor: ByteCursor): StockMessage {
  switch (cursor.readVarUint()) {
    case step1:
      return { type: 'step1', stateVector: readBody(cursor) }
    case step2:
      return { type: 'step2', update: readBody(cursor) }
    case update:
      return { type: 'update', update: readBody(cursor) }
    default:
      return { type: 'unknown' }
  }
}

function readBody(cursor: ByteCursor): Uint8Array {
  return takeBytes(cursor, cursor.readByteLength())
}

function readAwareness(cursor: ByteCursor): PresenceEntry[] {
  const count = cursor.readVarUint()
  if (count > roomPresencesMax)
    throw new ProtocolError('too-many-entries', `A message has at most ${roomPresencesMax} states.`)
  const entries: PresenceEntry[] = []
  for (let left = count; left > 0; left--) {
    const client = cursor.readVarUint()
    const clock = cursor.readVarUint()
    const state = readText(cursor, cursor.remaining)
    entries.push({ client, clock, state: state === noState ? '' : state })
  }
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
