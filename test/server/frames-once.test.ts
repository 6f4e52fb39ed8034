// frames-once.test.ts — a large message is encoded once, though its readers come by turns; what is short is not kept.
import { expect, test } from 'vitest'
import type { Message } from '../../shared/message.ts'
import { FramesOnce } from '../../server/frames-once.ts'
import { Meters } from '../../server/meters.ts'
import { largeBytesMin, websocketFrames } from '../../server/websocket-frames.ts'

function piece(byteLength: number): Message {
  return { type: 'piece', room: 1, update: new Uint8Array(byteLength) }
}

test.each([
  ['a large message, whoever reads another in between, is made once', largeBytesMin, true],
  ['a short one is made again', 10, false],
])('[B1] %s', (_, byteLength, isKept) => {
  const frames = new FramesOnce(new Meters())
  const one = piece(byteLength)
  const before = frames.native([one])
  const framedBefore = websocketFrames(before)
  websocketFrames(frames.native([piece(byteLength)]))
  const after = frames.native([one])
  expect(after === before).toBe(isKept)
  expect(websocketFrames(after) === framedBefore).toBe(isKept)
})
