// The frames of y-websocket, against the bytes that its own packages write.
import * as fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { ProtocolError } from '../../shared/protocol-error.ts'
import {
  decodeStockFrame,
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

test('[W1] frames are byte for byte those of y-protocols', () => {
  expect(encodeStep1(Y.encodeStateVector(doc))).toEqual(
    stockFrame((to) => syncProtocol.writeSyncStep1(to, doc)),
  )
  expect(encodeStep2(update)).toEqual(stockFrame((to) => syncProtocol.writeSyncStep2(to, doc)))
  expect(encodeUpdate(update)).toEqual(stockFrame((to) => syncProtocol.writeUpdate(to, update)))
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
