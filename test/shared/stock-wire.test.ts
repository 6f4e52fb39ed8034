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
