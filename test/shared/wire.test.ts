// wire.test.ts — the frames of syncline.v1: the pinned vectors, the examples of the specification, every message there
// and back. Bounds: wire-bounds.test.ts. Any bytes at all: wire.fuzz.test.ts.

import { readFileSync } from 'node:fs'

import * as fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'

import {
  type Message,
  type MessageOf,
  messageNumber,
  refusedCode,
  wireProtocol,
  wireVersion,
} from '../../shared/message.ts'
import { counterRanges } from '../../shared/counter-ranges.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { decodeFrame, decodeMessage, encodeFrame, encodeMessage } from '../../shared/wire.ts'
import { anyMessage, messageOfType, messageTypes } from './random-messages.ts'
import { errorOf } from './thrown-error.ts'
import { bytesFromHex, hexFromBytes, readWireVectors } from './wire-vectors.ts'

const vectors = readWireVectors()

function named<Vector extends { readonly name: string }>(
  vectorsOfAKind: readonly Vector[],
): [string, Vector][] {
  return vectorsOfAKind.map((vector) => [vector.name, vector])
}

describe('the vectors', () => {
  test('[W1] are of this version and hold every message in more than one case', () => {
    expect(vectors.wireVersion).toBe(wireVersion)
    for (const type of messageTypes) {
      const cases = vectors.messages.filter(({ message }) => message.type === type)
      expect(cases.length, type).toBeGreaterThan(1)
    }
  })

  test.each(named(vectors.messages))('[W1] %s', (_name, { hex, message }) => {
    expect(hexFromBytes(encodeMessage(message))).toBe(hex)
    expect(hexFromBytes(encodeFrame([message]))).toBe(hex)
    expect(decodeFrame(bytesFromHex(hex))).toEqual([message])
    expect(decodeMessage(bytesFromHex(hex))).toEqual(message)
  })

  test.each(named(vectors.frames))('[W1] %s', (_name, { hex, messages }) => {
    expect(hexFromBytes(encodeFrame(messages))).toBe(hex)
    expect(decodeFrame(bytesFromHex(hex))).toEqual(messages)
  })

  test.each(named(vectors.tolerated))('[W1] tolerated: %s', (_name, { hex, messages }) => {
    expect(decodeFrame(bytesFromHex(hex))).toEqual(messages)
  })

  test.each(named(vectors.invalid))('[W1] refused: %s', (_name, { hex, error }) => {
    expect(errorOf(() => decodeFrame(bytesFromHex(hex)))).toEqual({ code: error, blame: 'peer' })
  })

  test.each(named(vectors.invalid.filter(({ hex }) => hex !== '')))(
    '[W1] refused whole behind a good message: %s',
    (_name, { hex, error }) => {
      expect(errorOf(() => decodeFrame(bytesFromHex(`1e0101${hex}`)))).toEqual({ code: error, blame: 'peer' })
    },
  )
})

describe('the specification', () => {
  const specification = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')
  const nativeWire = specification.slice(0, specification.indexOf('\n## 12.'))

  test('[W1] its examples are vectors', () => {
    const hexByName = new Map([...vectors.messages, ...vectors.frames].map(({ name, hex }) => [name, hex]))
    const examples = [...nativeWire.matchAll(/^ {4}(\S.*?) {2,}((?:[0-9a-f]{2})+(?: (?:[0-9a-f]{2})+)*)$/gm)]
    expect(examples.length).toBeGreaterThan(3)
    for (const [, name, hex] of examples) expect(hexByName.get(name!), name).toBe(hex!.replaceAll(' ', ''))
  })

  test('[W1] its table has the messages and the numbers of the code', () => {
    const rows = [...nativeWire.matchAll(/^\| (\d+) +\| (\w+) +\| (?:C→R|R→C|both) +\|/gm)]
    const numbers = Object.fromEntries(rows.map(([, number, name]) => [name, Number(number)]))
    expect(numbers).toEqual(messageNumber)
  })

  test('[W1] its title names the sub-protocol', () => {
    expect(specification.split('\n')[0]).toContain(`\`${wireProtocol}\``)
  })
})

describe('there and back', () => {
  test.each(messageTypes)('[W1] any %s reads as it was written', (type) => {
    fc.assert(
      fc.property(messageOfType(type), (message) => {
        const bytes = encodeMessage(message)
        expect(decodeFrame(bytes)).toEqual([message])
        expect(decodeMessage(bytes)).toEqual(message)
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  test('[W1] a frame is its messages one after the other, so encoded messages may be joined', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 8 }), (messages) => {
        const frame = encodeFrame(messages)
        expect(decodeFrame(frame)).toEqual(messages)
        expect(hexFromBytes(frame)).toBe(messages.map((each) => hexFromBytes(encodeMessage(each))).join(''))
      }),
      { numRuns: 500, seed: 2 },
    )
  })

  test('[W1] what is read from a Buffer inside a larger one are plain bytes, and views of it', () => {
    const piece = encodeMessage({ type: 'piece', room: 1, update: Uint8Array.of(1, 2, 3) })
    const received = Buffer.concat([Buffer.of(9, 9), piece, Buffer.of(9)]).subarray(2, 2 + piece.length)
    const [read] = decodeFrame(received) as [MessageOf<'piece'>]
    expect(read.update).toStrictEqual(Uint8Array.of(1, 2, 3))
    expect(read.update.constructor).toBe(Uint8Array)
    expect(read.update.buffer).toBe(received.buffer)
  })

  test('[W1] what cannot be read is not written, and is our own fault', () => {
    const faults: readonly Message[] = [
      { type: 'ping', nonce: -1 },
      { type: 'ping', nonce: 1.5 },
      { type: 'ping', nonce: Number.NaN },
      { type: 'ping', nonce: Number.MAX_SAFE_INTEGER + 1 },
      { type: 'authenticate', token: 'half a pair: \ud83d' },
      { type: 'authenticate', token: '\udc1d\ud83d' },
      { type: 'digest', link: 1, position: 1, digest: new Uint8Array(31) },
      { type: 'rights', room: 1, rights: 4 },
      { type: 'rights', room: 1, rights: 2 ** 32 },
      { type: 'ack', room: 1, ranges: [{ from: Number.MAX_SAFE_INTEGER, count: 1 }] },
      { type: 'ack', room: 1, ranges: [{ from: 1, count: 0 }] },
      { type: 'filed', link: 1, entries: [{ counter: Number.MAX_SAFE_INTEGER, hash: new Uint8Array(16) }] },
      { type: 'fragment', last: true, bytes: new Uint8Array(0) },
    ]
    for (const message of faults) {
      expect(errorOf(() => encodeMessage(message))).toEqual({ code: 'not-encodable', blame: 'self' })
    }
    expect(errorOf(() => encodeFrame([]))).toEqual({ code: 'not-encodable', blame: 'self' })
  })
})

describe('answers', () => {
  /** Bytes that a writer of our own would not write. */
  const pushOf = (counter: number) =>
    encoding.encode((to) => {
      const body = encoding.encode((of) => {
        encoding.writeVarUint(of, 1)
        encoding.writeVarUint(of, 1)
        encoding.writeVarUint(of, counter)
        encoding.writeUint8Array(of, new Uint8Array(16))
        encoding.writeVarUint(of, 0)
        encoding.writeVarUint8Array(of, Uint8Array.of(0, 0))
      })
      encoding.writeVarUint(to, messageNumber.push)
      encoding.writeVarUint8Array(to, body)
    })
  const counter = fc.oneof(
    fc.maxSafeNat(),
    fc.nat({ max: 2_000 }).map((below) => Number.MAX_SAFE_INTEGER - below),
  )

  test('[W1] whatever is taken of a push can be acknowledged and refused', () => {
    fc.assert(
      fc.property(counter, (said) => {
        const pushes = messagesOrNone(pushOf(said))
        for (const push of pushes) if (push.type === 'push') answer(push)
        expect(pushes.length).toBe(said < Number.MAX_SAFE_INTEGER ? 1 : 0)
      }),
      { numRuns: 2_000, seed: 3, examples: [[Number.MAX_SAFE_INTEGER], [Number.MAX_SAFE_INTEGER - 1]] },
    )
  })

  test('[W1] whatever any message names of entries can be answered', () => {
    fc.assert(
      fc.property(fc.oneof(messageOfType('push'), messageOfType('filed')), (message) => {
        if (message.type === 'push' || message.type === 'filed') answer(message)
      }),
      { numRuns: 500, seed: 4 },
    )
  })

  function answer({ entries }: MessageOf<'push'> | MessageOf<'filed'>): void {
    const counters = entries.map((entry) => entry.counter)
    const refusals = entries.map((entry) => {
      return { counter: entry.counter, hash: entry.hash, code: refusedCode.badUpdate, reason: '' } as const
    })
    for (const message of [
      { type: 'ack', room: 1, ranges: counterRanges(counters) },
      { type: 'refused', room: 1, entries: refusals },
    ] satisfies Message[]) {
      expect(decodeFrame(encodeMessage(message))).toEqual([message])
    }
  }

  function messagesOrNone(frame: Uint8Array): readonly Message[] {
    try {
      return decodeFrame(frame)
    } catch (error) {
      if (error instanceof ProtocolError) return []
      throw error
    }
  }
})
