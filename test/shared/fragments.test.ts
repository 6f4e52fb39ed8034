// fragments.test.ts — large messages in parts: cut, carried among others, put together; and what a peer may not do
// with them.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { framesOf, fragmentsOf, Reassembly } from '../../shared/fragments.ts'
import { fragmentBytesMax, messageBytesMax, nativeFrameBytesMax } from '../../shared/limits.ts'
import { type Fragment, type Message } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { decodeFrame, decodeMessage, encodeMessage } from '../../shared/wire.ts'
import { anyMessage } from './random-messages.ts'
import { errorOf } from './thrown-error.ts'
import { bytesFromHex, hexFromBytes, readWireVectors } from './wire-vectors.ts'

/** What a link would hear: the messages as they are whole. */
function hear(frames: readonly Uint8Array[]): Message[] {
  const reassembly = new Reassembly()
  const heard: Message[] = []
  for (const message of frames.flatMap(decodeFrame)) {
    const whole = message.type === 'fragment' ? reassembly.take(message) : undefined
    if (whole !== undefined) heard.push(decodeMessage(whole)!)
    if (message.type !== 'fragment') heard.push(message)
  }
  return heard
}

const leave: Message = { type: 'leave', link: 1 }

function piece(updateBytes: number): Message {
  return { type: 'piece', room: 1, update: Uint8Array.from({ length: updateBytes }, (_, index) => index) }
}

function fragment(last: boolean, ...bytes: number[]): Fragment {
  return { type: 'fragment', last, bytes: Uint8Array.from(bytes) }
}

function takeAll(fragments: readonly Fragment[], reassembly = new Reassembly()): Uint8Array | undefined {
  let whole: Uint8Array | undefined
  for (const each of fragments) whole = reassembly.take(each)
  return whole
}

test.each(readWireVectors().fragments.map((vector) => [vector.name, vector] as const))(
  '[W1] %s',
  (_name, { frames, message, between }) => {
    expect(hear(frames.map(bytesFromHex))).toEqual([...(between ?? []), message])
  },
)

test('[B1] a large message travels in frames that are not too large, and arrives as it was', () => {
  const large = piece(3 * 1024 * 1024 + 17)
  const frames = framesOf([encodeMessage(large)])
  expect(frames).toHaveLength(13)
  for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(fragmentBytesMax + 16)
  expect(fragmentBytesMax + 16).toBeLessThanOrEqual(nativeFrameBytesMax)
  expect(hear(frames).map(encodeMessage).map(hexFromBytes)).toEqual([hexFromBytes(encodeMessage(large))])
})

test('[B1] the largest message there may be is put together', () => {
  const encoded = encodeMessage({ type: 'piece', room: 1, update: new Uint8Array(messageBytesMax - 10) })
  const whole = takeAll(fragmentsOf(encoded))
  expect(Buffer.compare(whole!, encoded)).toBe(0)
})

test('[W1] any message, cut anywhere, is put together again, and the next one after it', () => {
  fc.assert(
    fc.property(
      fc.array(anyMessage, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 40 }),
      (messages, bytesMax) => {
        const reassembly = new Reassembly()
        for (const message of messages) {
          const encoded = encodeMessage(message)
          const fragments = fragmentsOf(encoded, bytesMax)
          expect(fragments.map(({ last }) => last).lastIndexOf(false)).toBe(fragments.length - 2)
          if (message.type === 'fragment') continue
          expect(hexFromBytes(takeAll(fragments, reassembly)!)).toBe(hexFromBytes(encoded))
        }
      },
    ),
    { numRuns: 500, seed: 3 },
  )
})

test('[W1] small messages share a frame, in their order; one alone is its own frame and no copy', () => {
  const messages: Message[] = [leave, piece(10), piece(fragmentBytesMax), leave, piece(20)]
  const frames = framesOf(messages.map(encodeMessage))
  expect(frames.map((frame) => decodeFrame(frame).map(({ type }) => type))).toEqual([
    ['leave', 'piece'],
    ['fragment'],
    ['fragment'],
    ['leave', 'piece'],
  ])
  expect(hear(frames).map(encodeMessage).map(hexFromBytes)).toEqual(
    messages.map(encodeMessage).map(hexFromBytes),
  )

  const alone = encodeMessage(leave)
  expect(framesOf([alone])[0]).toBe(alone)
  expect(framesOf([])).toEqual([])
})

test('[B1] many small messages fill frames and no frame too far', () => {
  const messages = Array.from({ length: 2_000 }, () => encodeMessage(piece(1_000)))
  const frames = framesOf(messages)
  for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(fragmentBytesMax)
  expect(frames.flatMap(decodeFrame)).toHaveLength(2_000)
})

test('[B1] what is gathered ends at its limit, however slowly it grows', () => {
  const reassembly = new Reassembly(100)
  // Type 19 and a length that is never said to its end: the head stays open.
  reassembly.take(fragment(false, 0x13))
  expect(
    errorOf(() => reassembly.take({ type: 'fragment', last: false, bytes: new Uint8Array(100) })),
  ).toEqual({
    code: 'message-too-large',
    blame: 'peer',
  })
})

test('[B1] a message that announces too much is refused as soon as its head is there', () => {
  const announced = (bodyBytes: number) => {
    const encoded = encodeMessage(piece(bodyBytes - 5))
    return { type: 'fragment', last: false, bytes: encoded.subarray(0, 16) } as const
  }
  expect(errorOf(() => new Reassembly(1_000).take(announced(1_000))).code).toBe('message-too-large')
  expect(new Reassembly(1_003).take(announced(1_000))).toBe(undefined)
})

test('[B1] what is announced takes no memory before it arrives', () => {
  // Type 19 with a body of 60 MiB, of which a few bytes come.
  const bytes = Uint8Array.of(0x13, 0x80, 0x80, 0x80, 0x1e, ...new Uint8Array(20))
  const before = process.memoryUsage().arrayBuffers
  const waiting = Array.from({ length: 1_000 }, () => {
    const reassembly = new Reassembly()
    reassembly.take({ type: 'fragment', last: false, bytes })
    return reassembly
  })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024)
  expect(waiting).toHaveLength(1_000)
})

test('[B1] what is gathered keeps no frame in memory', () => {
  const reassembly = new Reassembly()
  const frame = encodeMessage(piece(100))
  reassembly.take({ type: 'fragment', last: false, bytes: frame.subarray(0, 50) })
  const whole = reassembly.take({ type: 'fragment', last: true, bytes: frame.subarray(50) })
  expect(whole).toEqual(frame)
  expect(whole!.buffer).not.toBe(frame.buffer)
})

test('[W1] a fragment holds no fragment, however its type is written', () => {
  const inner = encodeMessage(fragment(true, 6, 1, 1))
  expect(errorOf(() => takeAll(fragmentsOf(inner, 2))).code).toBe('bad-fragment')
  expect(errorOf(() => takeAll([fragment(true, 0x8a, 0x00, 2, 1, 6)])).code).toBe('bad-fragment')
  const longer = encodeMessage({ type: 'fragment', last: false, bytes: new Uint8Array(100) })
  expect(errorOf(() => takeAll([{ type: 'fragment', last: false, bytes: longer }])).code).toBe('bad-fragment')
})

test('[W1] the last fragment ends the message: not before its end, not after', () => {
  const ping = [6, 2, 0xac, 0x02] as const
  expect(errorOf(() => takeAll([fragment(true, ...ping.slice(0, 3))])).code).toBe('truncated')
  expect(errorOf(() => takeAll([fragment(true, 6)])).code).toBe('truncated')
  expect(errorOf(() => takeAll([fragment(false, ...ping), fragment(true, 0)])).code).toBe('trailing-bytes')
  expect(errorOf(() => takeAll([fragment(false, ...ping, ...new Uint8Array(20))])).code).toBe(
    'trailing-bytes',
  )
})

test('[W1] any fragments give a message or a ProtocolError, and nothing else', () => {
  const someFragment = fc.record({
    type: fc.constant('fragment' as const),
    last: fc.boolean(),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
      anyMessage.map((message) => encodeMessage(message).subarray(0, 40)),
    ),
  })
  fc.assert(
    fc.property(fc.array(someFragment, { maxLength: 6 }), (fragments) => {
      const reassembly = new Reassembly()
      try {
        for (const each of fragments) {
          const whole = reassembly.take(each)
          if (whole !== undefined) decodeMessage(whole)
        }
        return true
      } catch (error) {
        return error instanceof ProtocolError && error.blame === 'peer'
      }
    }),
    { numRuns: 5_000, seed: 4 },
  )
})

test('[W1] what no peer could take is not cut', () => {
  const tooLarge = new Uint8Array(messageBytesMax + 1)
  expect(errorOf(() => fragmentsOf(tooLarge)).blame).toBe('self')
  expect(errorOf(() => fragmentsOf(encodeMessage(leave), 0)).blame).toBe('self')
  expect(errorOf(() => fragmentsOf(encodeMessage(leave), nativeFrameBytesMax)).blame).toBe('self')
})
