// The frames of y-websocket, against the bytes that its own packages write.
import * as fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { roomPresencesMax } from '../../shared/limits.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import {
  decodeStockFrame,
  encodeAwareness,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  keepAliveFrame,
} from '../../shared/stock-wire.ts'
import type { StockMessage } from '../../shared/stock-wire.ts'
import { decodeFrame, encodeMessage } from '../../shared/wire.ts'
import { errorOf } from './thrown-error.ts'

const doc = new Y.Doc()
doc.getText('text').insert(0, 'hello')
const update = Y.encodeStateAsUpdate(doc)

function stockFrame(write: (encoder: encoding.Encoder) => void): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 0)
    write(encoder)
  })
}

/** What stands in a short frame of one message, behind its type and length. */
function bodyOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(2)
}

test('[W1] frames are byte for byte those of y-protocols', () => {
  expect(encodeStep1(Y.encodeStateVector(doc))).toEqual(
    stockFrame((to) => syncProtocol.writeSyncStep1(to, doc)),
  )
  expect(encodeStep2(update)).toEqual(stockFrame((to) => syncProtocol.writeSyncStep2(to, doc)))
  expect(encodeUpdate(update)).toEqual(stockFrame((to) => syncProtocol.writeUpdate(to, update)))
})

test('[W1] presence is byte for byte that of y-protocols, whoever is there or gone', () => {
  const awareness = new Awareness(doc)
  awareness.setLocalState({ name: 'Ana', at: [1, 2] })
  const other = { client: 2 ** 52, clock: 9, state: '"há"' }
  const states = encodeAwarenessUpdate(awareness, [doc.clientID])
  const clock = awareness.meta.get(doc.clientID)!.clock
  const here = { client: doc.clientID, clock, state: '{"name":"Ana","at":[1,2]}' }
  const written = encoding.encode((to) => {
    encoding.writeVarUint(to, 1)
    encoding.writeVarUint8Array(to, states)
  })
  expect(encodeAwareness([here])).toEqual(written)
  const gone = { client: doc.clientID, clock, state: '' }
  applyAwarenessUpdate(awareness, bodyOf(encodeAwareness([other])), 'test')
  expect(awareness.getStates().get(other.client)).toBe('há')
  applyAwarenessUpdate(awareness, bodyOf(encodeAwareness([{ ...other, state: '' }])), 'test')
  expect(awareness.getStates().has(other.client)).toBe(false)
  expect(decodeStockFrame(encodeAwareness([here, gone, other]))).toEqual([
    { type: 'awareness', entries: [here, gone, other] },
  ])
  awareness.destroy()
})

test('[W1] presence that is cut, or of more people than a room has, is an error', () => {
  const whole = encodeAwareness([{ client: 7, clock: 1, state: '{}' }])
  const body = bodyOf(whole)
  for (let length = 0; length < body.length; length++) {
    const cut = Uint8Array.from([1, length, ...body.subarray(0, length)])
    expect(() => decodeStockFrame(cut), String(length)).toThrow(ProtocolError)
  }
  const crowd = Array.from({ length: roomPresencesMax + 1 }, (_, client) => ({
    client,
    clock: 1,
    state: '{}',
  }))
  expect(() => decodeStockFrame(encodeAwareness(crowd))).toThrow(ProtocolError)
})

test('[W1] several messages in one frame are all read, as clients of 4.x write them', () => {
  const frame = Uint8Array.from([
    ...encodeUpdate(update),
    3,
    ...encodeStep1(Uint8Array.of(0)),
    ...keepAliveFrame,
  ])
  expect(decodeStockFrame(frame).map((message) => message.type)).toEqual([
    'update',
    'queryAwareness',
    'step1',
    'awareness',
  ])
})

test('[W1] a message of unknown type hides the rest of its frame and nothing else', () => {
  const frame = Uint8Array.from([...encodeUpdate(update), 99, 1, 2, 3])
  expect(decodeStockFrame(frame).map((message) => message.type)).toEqual(['update', 'unknown'])
})

/** As many bytes of a number as one likes: lib0 reads 1.8e44 of twenty of them, and NaN of a hundred and fifty. */
const overlongNumber = fc
  .tuple(fc.integer({ min: 7, max: 170 }), fc.nat({ max: 127 }))
  .map(([count, last]) => Array.from({ length: count }, () => 0x80).concat(last))

const anyNumber = fc.oneof(
  overlongNumber,
  fc.maxSafeNat().map((value) => Array.from(encoding.encode((to) => encoding.writeVarUint(to, value)))),
)

const anyAwareness = fc
  .array(fc.tuple(anyNumber, anyNumber, fc.constantFrom('{}', '"a"', 'null', '', '"\u{1f41d}"')), {
    maxLength: 3,
  })
  .map((entries) =>
    encoding.encode((to) => {
      encoding.writeVarUint(to, 1)
      const states = encoding.encode((of) => {
        encoding.writeVarUint(of, entries.length)
        for (const [client, clock, state] of entries) {
          encoding.writeUint8Array(of, Uint8Array.from([...client, ...clock]))
          encoding.writeVarString(of, state)
        }
      })
      encoding.writeVarUint8Array(to, states)
    }),
  )

test('[W1] what is read of one wire can be said on the other', () => {
  let sayable = 0
  fc.assert(
    fc.property(anyAwareness, (frame) => {
      for (const message of messagesOrNone(frame)) {
        if (message.type !== 'awareness') continue
        const { entries } = message
        const said = encodeMessage({ type: 'presence', linkOrRoom: 1, entries })
        expect(decodeFrame(said)).toEqual([{ type: 'presence', linkOrRoom: 1, entries }])
        expect(decodeStockFrame(encodeAwareness(entries))).toEqual([message])
        sayable += entries.length
      }
    }),
    { numRuns: 5_000, seed: 1 },
  )
  expect(sayable).toBeGreaterThan(300)
})

test.each([8, 20, 149, 150, 160])('[W1] a number that goes on for %i bytes is an error', (count) => {
  const number = [...Array.from({ length: count }, () => 0x80), 1]
  for (const entry of [
    [...number, 1],
    [1, ...number],
  ]) {
    const body = [1, ...entry, 2, 0x7b, 0x7d]
    const head = encoding.encode((to) => encoding.writeVarUint(to, body.length))
    const frame = Uint8Array.from([1, ...head, ...body])
    expect(errorOf(() => decodeStockFrame(frame))).toEqual({ code: 'number-too-large', blame: 'peer' })
  }
  expect(errorOf(() => decodeStockFrame(Uint8Array.from([0, 2, ...number])))?.blame).toBe('peer')
})

test('[W1] what is read of a Buffer are plain bytes', () => {
  const [message] = decodeStockFrame(Buffer.from(encodeUpdate(update)))
  expect(message).toStrictEqual({ type: 'update', update: new Uint8Array(update) })
})

function messagesOrNone(frame: Uint8Array): readonly StockMessage[] {
  try {
    return decodeStockFrame(frame)
  } catch (error) {
    if (error instanceof ProtocolError) return []
    throw error
  }
}

test('[W1] any bytes give messages or a ProtocolError, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        return Array.isArray(decodeStockFrame(bytes))
      } catch (error) {
        return error instanceof ProtocolError && error.blame === 'peer'
      }
    }),
    { numRuns: 20_000 },
  )
})
