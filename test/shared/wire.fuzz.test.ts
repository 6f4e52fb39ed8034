// wire.fuzz.test.ts — both wires on random, changed and packed frames of up to 64 KB: messages or one typed error,
// quickly, in little memory. FUZZ_INPUTS says how many inputs, FUZZ_SEED from which sequence; a failure prints the frame.

import { expect, test } from 'vitest'

import { Reassembly, wholeMessages } from '../../shared/fragments.ts'
import { type Message, messageNumber } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { decodeStockFrame } from '../../shared/stock-wire.ts'
import { decodeFrame, decodeMessage, encodeFrame } from '../../shared/wire.ts'
import { type Chance, chanceFrom } from '../chance.ts'
import { hex, readWithinBounds } from './reading-cost.ts'
import { bytesFromHex, readWireVectors } from './wire-vectors.ts'

const inputCount = Number(process.env['FUZZ_INPUTS'] ?? 60_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)
const inputBytesMax = 64 * 1024

const vectors = readWireVectors()
const honest = [...vectors.messages, ...vectors.frames].map(({ hex: digits }) => bytesFromHex(digits))
const numbers = Object.values(messageNumber)
/** An id is as long. */
const hash = Array.from({ length: 16 }, () => 7)
const anyBytes = randomBytes(chanceFrom(seed), 2 * inputBytesMax)

test(`[W1] ${inputCount} frames of the native wire give messages or a ProtocolError, in time and in bounds`, () => {
  const chance = chanceFrom(seed)
  const seen = { taken: 0, refused: 0, slowestMs: 0, allocatedPerByte: 0 }
  for (let index = 0; index < inputCount; index++) {
    const frame = nativeFrame(chance)
    const messages = readWithinBounds(frame, messagesOrRefusal, seen)
    if (messages === undefined) {
      seen.refused += 1
      continue
    }
    seen.taken += 1
    if (messages.length === 0 || frame.length > 2_048) continue
    // What was taken is in bounds, and written again it is the same and no longer.
    const again = encodeFrame(messages)
    expect(again.length, hex(frame)).toBeLessThanOrEqual(frame.length)
    expect(hex(encodeFrame(decodeFrame(again))), hex(frame)).toBe(hex(again))
  }
  process.stdout.write(`fuzz of the native wire, seed ${seed}: ${JSON.stringify(seen)}\n`)
  expect(seen.taken).toBeGreaterThan(inputCount / 20)
  expect(seen.refused).toBeGreaterThan(inputCount / 20)
}, 7_200_000)

test(`[W1] ${inputCount} frames of the stock wire give messages or a ProtocolError, in time and in bounds`, () => {
  const chance = chanceFrom(seed)
  const seen = { taken: 0, refused: 0, slowestMs: 0, allocatedPerByte: 0 }
  for (let index = 0; index < inputCount; index++) {
    if (readWithinBounds(stockFrame(chance), stockMessagesOrRefusal, seen) === undefined) seen.refused += 1
    else seen.taken += 1
  }
  process.stdout.write(`fuzz of the stock wire, seed ${seed}: ${JSON.stringify(seen)}\n`)
  expect(seen.taken).toBeGreaterThan(inputCount / 20)
  expect(seen.refused).toBeGreaterThan(inputCount / 20)
}, 7_200_000)

/** As a socket reads: a frame, and what fragments in it make together. */
function messagesOrRefusal(frame: Uint8Array): Message[] | undefined {
  return messagesUnlessRefused(frame, () => {
    const messages = decodeFrame(frame)
    const reassembly = new Reassembly()
    wholeMessages(messages, (fragment) => {
      const whole = reassembly.take(fragment)
      return whole === undefined ? undefined : decodeMessage(whole)
    })
    return messages
  })
}

function stockMessagesOrRefusal(frame: Uint8Array) {
  return messagesUnlessRefused(frame, () => decodeStockFrame(frame))
}

function messagesUnlessRefused<Messages>(frame: Uint8Array, read: () => Messages): Messages | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError && error.blame === 'peer') return undefined
    throw new Error(`The reader let escape an error for ${hex(frame)}`, { cause: error })
  }
}

function nativeFrame(chance: Chance): Uint8Array {
  switch (chance.between(0, 9)) {
    case 0:
    case 1:
      return randomBytes(chance, chance.between(0, 80))
    case 2:
    case 3:
      return randomBody(chance)
    case 4:
      return packedMessages(chance)
    case 5:
      return packedEntries(chance)
    default:
      return changed(chance)
  }
}

function randomBytes(chance: Chance, byteLength: number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, () => chance.between(0, 255))
}

/** A number that exists and a length that holds, so that the body is reached. Small bytes are more often words. */
function randomBody(chance: Chance): Uint8Array {
  const highest = chance.oneOf([3, 20, 255])
  const body = Uint8Array.from({ length: chance.between(0, 100) }, () => chance.between(0, highest))
  return Uint8Array.of(chance.oneOf(numbers), body.length, ...body)
}

/** One small message, honest or not, over and over: each becomes an object, however few bytes it has. */
function packedMessages(chance: Chance): Uint8Array {
  const few = chance.between(0, 6)
  const message =
    chance.between(0, 1) === 0
      ? chance.oneOf(honest)
      : Uint8Array.of(chance.oneOf(numbers), few, ...randomSmall(chance, few))
  return repeated(message, timesWithin(packedBytes(chance), message))
}

/** A list of as many of the smallest entries as there is room for. */
function packedEntries(chance: Chance): Uint8Array {
  const [type, head, entry] = chance.oneOf<readonly [number, readonly number[], readonly number[]]>([
    [messageNumber.delivery, [1, 1, 2], [2, 0, 0]],
    [messageNumber.delivery, [1, 1, 2], [0]],
    [messageNumber.push, [1], [1, ...hash, 0, 2, 0, 0]],
    [messageNumber.ack, [1], [1, 1]],
    [messageNumber.refused, [1], [1, ...hash, 18, 0]],
    [messageNumber.filed, [1], [1, ...hash]],
    [messageNumber.presence, [1], [1, 1, 0]],
    [messageNumber.presence, [1], [1, 1, 1, 0x61]],
    [messageNumber.changed, [0, 0], [0, ...hash, 1, 1]],
    [messageNumber.hello, [], [1]],
  ])
  const count = chance.between(0, Math.floor(packedBytes(chance) / entry.length))
  // What stands behind the list of some: an empty cursor.
  const tail = type === messageNumber.changed ? [0] : []
  const body = joined(head, varUint(count), repeated(entry, count), tail)
  const list = joined([type], varUint(body.length), body)
  return chance.between(0, 1) === 0 ? list : repeated(list, timesWithin(packedBytes(chance), list))
}

/** Most are short, so that much is met; some are as long as may be. */
function packedBytes(chance: Chance): number {
  return Math.floor((chance.between(0, 1_000) / 1_000) ** 6 * inputBytesMax)
}

function randomSmall(chance: Chance, byteLength: number): number[] {
  return Array.from({ length: byteLength }, () => chance.between(0, 3))
}

function timesWithin(byteLength: number, { length }: Uint8Array): number {
  return Math.max(1, Math.floor(byteLength / length))
}

function repeated(part: Uint8Array | readonly number[], count: number): Uint8Array {
  const bytes = new Uint8Array(count * part.length)
  for (let index = 0; index < count; index++) bytes.set(part, index * part.length)
  return bytes
}

function varUint(value: number): number[] {
  return value < 0x80 ? [value] : [0x80 | (value & 0x7f), ...varUint(Math.floor(value / 128))]
}

function changed(chance: Chance): Uint8Array {
  let frame = [...chance.oneOf(honest)]
  if (chance.between(0, 3) === 0) frame.push(...chance.oneOf(honest))
  for (let change = chance.between(0, 3); change > 0; change--) {
    const place = chance.between(0, frame.length)
    switch (chance.between(0, 5)) {
      case 0:
        frame = frame.slice(0, place)
        break
      case 1:
        frame.splice(place, chance.between(1, 4))
        break
      case 2:
        frame.splice(place, 0, ...randomBytes(chance, chance.between(1, 4)))
        break
      case 3:
        frame.splice(place, 1, chance.oneOf([0, 1, 0x7f, 0x80, 0xff]))
        break
      case 4:
        frame.splice(place, 0, ...chance.oneOf(honest).slice(0, chance.between(0, 20)))
        break
      default:
        if (place < frame.length) frame[place] = (frame[place] ?? 0) ^ (1 << chance.between(0, 7))
    }
  }
  return Uint8Array.from(frame)
}

/** Type and sub-type, a length that holds most of the time, a body of anything; or many states of nobody. */
function stockFrame(chance: Chance): Uint8Array {
  const messages: Uint8Array[] = []
  let frameBytes = 0
  for (
    let left = chance.oneOf([1, 1, 1, 1, 1, 1, 2, 3, 4, chance.between(1, 70)]);
    left > 0 && frameBytes < inputBytesMax;
    left--
  ) {
    const message = stockMessage(chance)
    messages.push(message)
    frameBytes += message.length
  }
  const cut = chance.between(0, 9) === 0 ? chance.between(0, frameBytes) : frameBytes
  return joined(...messages).subarray(0, Math.min(cut, inputBytesMax))
}

function stockMessage(chance: Chance): Uint8Array {
  const type = chance.oneOf([0, 0, 0, 1, 1, 3, 2, chance.between(0, 255)])
  if (type === 3) return Uint8Array.of(type)
  if (type === 1) {
    const entry = chance.oneOf([[1, 1, 0], [1, 1, 1, 0x7b], [1, 1, 2, 0x7b, 0x7d], randomSmall(chance, 6)])
    const count = chance.oneOf([0, 1, 2, 3, 40, chance.between(0, 21_000)])
    const body = joined(varUint(count), repeated(entry, count))
    return joined([type], varUint(body.length), body)
  }
  const from = chance.between(0, inputBytesMax)
  const body = anyBytes.subarray(from, from + packedBytes(chance))
  const length = chance.between(0, 9) === 0 ? chance.between(0, 300) : body.length
  return joined([type, chance.oneOf([0, 1, 2, 2, chance.between(0, 9)])], varUint(length), body)
}

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let position = 0
  for (const part of parts) {
    bytes.set(part, position)
    position += part.length
  }
  return bytes
}
