// wire-bounds.test.ts — every bound of a message at its edge, on either side: [B1].

import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'

import {
  ackRangeCountersMax,
  answersMax,
  changedDocumentsMax,
  deliveryUpdatesMax,
  documentNameBytesMax,
  frameMessagesMax,
  helloVersionsMax,
  messageBytesMax,
  nativeFrameBytesMax,
  presenceEntriesMax,
  presenceStateBytesMax,
  pushEntriesMax,
  reasonBytesMax,
  sealBytesMax,
  secretBytesMax,
  secretBytesMin,
  stateVectorBytesMax,
  subjectBytesMax,
  tenantBytesMax,
  tokenBytesMax,
  traceBytesMax,
  updateBytesMin,
  workspaceCursorBytesMax,
} from '../../shared/limits.ts'
import { type Message, messageNumber } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { decodeFrame, decodeMessage, encodeFrame, encodeMessage } from '../../shared/wire.ts'
import { errorOf } from './thrown-error.ts'
import { hexFromBytes } from './wire-vectors.ts'

describe('bounds', () => {
  const id = new Uint8Array(16)
  const hash = new Uint8Array(16)
  const repeat = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)
  const ascii = (byteLength: number) => 'a'.repeat(byteLength)
  const end = { comeBack: 0, afterMs: 0 } as const
  const hello = { type: 'hello', versions: [1], capabilities: 0, replica: id, secret: id, trace: '' } as const
  const opened = { type: 'opened', link: 1, room: 1, rights: 1, epoch: id, head: 1 } as const

  type Encoder = encoding.Encoder
  const number = encoding.writeVarUint
  const numbers = (to: Encoder, ...values: number[]) => values.forEach((value) => number(to, value))
  const fixed = encoding.writeUint8Array
  const bytes = encoding.writeVarUint8Array
  const text = encoding.writeVarString
  const times = (to: Encoder, count: number, write: () => void) => {
    number(to, count)
    for (let index = 0; index < count; index++) write()
  }

  /** Each at its limit and one past it, written a second time with lib0, which knows no bounds. */
  const bounds: readonly {
    readonly bound: string
    readonly limit: number
    readonly error?: string
    readonly message: (size: number) => Message
    readonly write: (to: Encoder, size: number) => void
  }[] = [
    {
      bound: 'versions of hello',
      limit: helloVersionsMax,
      error: 'too-many-entries',
      message: (size) => ({ ...hello, versions: repeat(size, 1) }),
      write: (to, size) => {
        times(to, size, () => number(to, 1))
        number(to, 0)
        fixed(to, id)
        bytes(to, id)
        text(to, '')
      },
    },
    {
      bound: 'secret',
      limit: secretBytesMax,
      message: (size) => ({ ...hello, secret: new Uint8Array(size) }),
      write: (to, size) => {
        numbers(to, 1, 1, 0)
        fixed(to, id)
        bytes(to, new Uint8Array(size))
        text(to, '')
      },
    },
    {
      bound: 'trace',
      limit: traceBytesMax,
      message: (size) => ({ ...hello, trace: ascii(size) }),
      write: (to, size) => {
        numbers(to, 1, 1, 0)
        fixed(to, id)
        bytes(to, id)
        text(to, ascii(size))
      },
    },
    {
      bound: 'token',
      limit: tokenBytesMax,
      message: (size) => ({ type: 'authenticate', token: ascii(size) }),
      write: (to, size) => text(to, ascii(size)),
    },
    {
      bound: 'tenant',
      limit: tenantBytesMax,
      message: (size) => ({
        type: 'authenticated',
        tenant: ascii(size),
        subject: '',
        expiresInMs: 0,
        rightsVersion: 0,
      }),
      write: (to, size) => {
        text(to, ascii(size))
        text(to, '')
        numbers(to, 0, 0)
      },
    },
    {
      bound: 'subject',
      limit: subjectBytesMax,
      message: (size) => ({
        type: 'authenticated',
        tenant: '',
        subject: ascii(size),
        expiresInMs: 0,
        rightsVersion: 0,
      }),
      write: (to, size) => {
        text(to, '')
        text(to, ascii(size))
        numbers(to, 0, 0)
      },
    },
    {
      bound: 'reason of goodbye',
      limit: reasonBytesMax,
      message: (size) => ({ type: 'goodbye', code: 1, ...end, reason: ascii(size) }),
      write: (to, size) => {
        numbers(to, 1, 0, 0)
        text(to, ascii(size))
      },
    },
    {
      bound: 'reason of closed',
      limit: reasonBytesMax,
      message: (size) => ({ type: 'closed', link: 1, code: 16, ...end, reason: ascii(size) }),
      write: (to, size) => {
        numbers(to, 1, 16, 0, 0)
        text(to, ascii(size))
      },
    },
    {
      bound: 'document name of open',
      limit: documentNameBytesMax,
      message: (size) => ({ type: 'open', link: 1, document: ascii(size), wants: 0, knowledge: { kind: 0 } }),
      write: (to, size) => {
        number(to, 1)
        text(to, ascii(size))
        numbers(to, 0, 0)
      },
    },
    {
      bound: 'seal of open',
      limit: sealBytesMax,
      message: (size) => ({
        type: 'open',
        link: 1,
        document: '',
        wants: 0,
        knowledge: { kind: 1, epoch: id, seal: new Uint8Array(size), position: 1 },
      }),
      write: (to, size) => {
        numbers(to, 1, 0, 0, 1)
        fixed(to, id)
        bytes(to, new Uint8Array(size))
        number(to, 1)
      },
    },
    {
      bound: 'state vector of open',
      limit: stateVectorBytesMax,
      message: (size) => ({
        type: 'open',
        link: 1,
        document: '',
        wants: 0,
        knowledge: { kind: 2, epoch: id, stateVector: new Uint8Array(size) },
      }),
      write: (to, size) => {
        numbers(to, 1, 0, 0, 2)
        fixed(to, id)
        bytes(to, new Uint8Array(size))
      },
    },
    {
      bound: 'seal of opened',
      limit: sealBytesMax,
      message: (size) => ({ ...opened, seal: new Uint8Array(size), plan: { kind: 0 } }),
      write: (to, size) => {
        numbers(to, 1, 1, 1)
        fixed(to, id)
        number(to, 1)
        bytes(to, new Uint8Array(size))
        number(to, 0)
      },
    },
    {
      bound: 'state vector of opened',
      limit: stateVectorBytesMax,
      message: (size) => ({
        ...opened,
        seal: id,
        plan: { kind: 3, reason: 1, stateVector: new Uint8Array(size) },
      }),
      write: (to, size) => {
        numbers(to, 1, 1, 1)
        fixed(to, id)
        number(to, 1)
        bytes(to, id)
        numbers(to, 3, 1)
        bytes(to, new Uint8Array(size))
      },
    },
    {
      bound: 'state vector of known',
      limit: stateVectorBytesMax,
      message: (size) => ({ type: 'known', link: 1, stateVector: new Uint8Array(size) }),
      write: (to, size) => {
        number(to, 1)
        bytes(to, new Uint8Array(size))
      },
    },
    {
      bound: 'state vector of missing',
      limit: stateVectorBytesMax,
      message: (size) => ({ type: 'missing', room: 1, stateVector: new Uint8Array(size) }),
      write: (to, size) => {
        number(to, 1)
        bytes(to, new Uint8Array(size))
      },
    },
    {
      bound: 'updates of a delivery',
      limit: deliveryUpdatesMax,
      error: 'too-many-entries',
      message: (size) => ({
        type: 'delivery',
        room: 1,
        after: 1,
        through: 2,
        updates: repeat(size, Uint8Array.of(0, 0)),
      }),
      write: (to, size) => {
        numbers(to, 1, 1, 2)
        times(to, size, () => bytes(to, Uint8Array.of(0, 0)))
      },
    },
    {
      bound: 'entries of a push',
      limit: pushEntriesMax,
      error: 'too-many-entries',
      message: (size) => ({
        type: 'push',
        link: 1,
        entries: repeat(size, { counter: 1, hash, kind: 0, update: Uint8Array.of(0, 0) }),
      }),
      write: (to, size) => {
        number(to, 1)
        times(to, size, () => {
          number(to, 1)
          fixed(to, hash)
          number(to, 0)
          bytes(to, Uint8Array.of(0, 0))
        })
      },
    },
    {
      bound: 'ranges of an ack',
      limit: answersMax,
      error: 'too-many-entries',
      message: (size) => ({ type: 'ack', room: 1, ranges: repeat(size, { from: 1, count: 1 }) }),
      write: (to, size) => {
        number(to, 1)
        times(to, size, () => numbers(to, 1, 1))
      },
    },
    {
      bound: 'counters of a range',
      limit: ackRangeCountersMax,
      error: 'too-many-entries',
      message: (size) => ({ type: 'ack', room: 1, ranges: [{ from: 1, count: size }] }),
      write: (to, size) => numbers(to, 1, 1, 1, size),
    },
    {
      bound: 'entries of refused',
      limit: answersMax,
      error: 'too-many-entries',
      message: (size) => ({
        type: 'refused',
        room: 1,
        entries: repeat(size, { counter: 1, hash, code: 18, reason: '' }),
      }),
      write: (to, size) => {
        number(to, 1)
        times(to, size, () => {
          number(to, 1)
          fixed(to, hash)
          numbers(to, 18, 0)
        })
      },
    },
    {
      bound: 'reason of refused',
      limit: reasonBytesMax,
      message: (size) => ({
        type: 'refused',
        room: 1,
        entries: [{ counter: 1, hash, code: 18, reason: ascii(size) }],
      }),
      write: (to, size) => {
        numbers(to, 1, 1, 1)
        fixed(to, hash)
        number(to, 18)
        text(to, ascii(size))
      },
    },
    {
      bound: 'entries of filed',
      limit: answersMax,
      error: 'too-many-entries',
      message: (size) => ({ type: 'filed', link: 1, entries: repeat(size, { counter: 1, hash }) }),
      write: (to, size) => {
        number(to, 1)
        times(to, size, () => {
          number(to, 1)
          fixed(to, hash)
        })
      },
    },
    {
      bound: 'entries of presence',
      limit: presenceEntriesMax,
      error: 'too-many-entries',
      message: (size) => ({
        type: 'presence',
        linkOrRoom: 1,
        entries: repeat(size, { client: 1, clock: 1, state: '' }),
      }),
      write: (to, size) => {
        number(to, 1)
        times(to, size, () => numbers(to, 1, 1, 0))
      },
    },
    {
      bound: 'state of presence',
      limit: presenceStateBytesMax,
      message: (size) => ({
        type: 'presence',
        linkOrRoom: 1,
        entries: [{ client: 1, clock: 1, state: ascii(size) }],
      }),
      write: (to, size) => {
        numbers(to, 1, 1, 1, 1)
        text(to, ascii(size))
      },
    },
    {
      bound: 'cursor of changes',
      limit: workspaceCursorBytesMax,
      message: (size) => ({ type: 'changes', cursor: new Uint8Array(size), follow: true }),
      write: (to, size) => {
        bytes(to, new Uint8Array(size))
        number(to, 1)
      },
    },
    {
      bound: 'documents of changed',
      limit: changedDocumentsMax,
      error: 'too-many-entries',
      message: (size) => ({
        type: 'changed',
        full: true,
        more: false,
        documents: repeat(size, { document: 'a', epoch: id, position: 1, rights: 1 }),
        cursor: id,
      }),
      write: (to, size) => {
        numbers(to, 1, 0)
        times(to, size, () => {
          text(to, 'a')
          fixed(to, id)
          numbers(to, 1, 1)
        })
        bytes(to, id)
      },
    },
    {
      bound: 'document name of changed',
      limit: documentNameBytesMax,
      message: (size) => ({
        type: 'changed',
        full: false,
        more: false,
        documents: [{ document: ascii(size), epoch: id, position: 1, rights: 1 }],
        cursor: id,
      }),
      write: (to, size) => {
        numbers(to, 0, 0, 1)
        text(to, ascii(size))
        fixed(to, id)
        numbers(to, 1, 1)
        bytes(to, id)
      },
    },
    {
      bound: 'cursor of changed',
      limit: workspaceCursorBytesMax,
      message: (size) => ({
        type: 'changed',
        full: false,
        more: false,
        documents: [],
        cursor: new Uint8Array(size),
      }),
      write: (to, size) => {
        numbers(to, 0, 0, 0)
        bytes(to, new Uint8Array(size))
      },
    },
  ]

  function lib0Message(type: Message['type'], write: (to: Encoder) => void): Uint8Array {
    const body = encoding.encode(write)
    return encoding.encode((to) => {
      number(to, messageNumber[type])
      bytes(to, body)
    })
  }

  test.each(bounds.map((each) => [each.bound, each.limit, each] as const))(
    '[B1] %s: %i and no more, on either side',
    (_bound, limit, { error, message, write }) => {
      const atLimit = message(limit)
      const { type } = atLimit
      const atLimitBytes = lib0Message(type, (to) => write(to, limit))
      // As hex, because to compare arrays of a megabyte byte by byte takes the runner seconds.
      expect(hexFromBytes(encodeMessage(atLimit))).toBe(hexFromBytes(atLimitBytes))
      expect(hexFromBytes(encodeMessage(decodeMessage(atLimitBytes)!))).toBe(hexFromBytes(atLimitBytes))

      const pastLimitBytes = lib0Message(type, (to) => write(to, limit + 1))
      expect(errorOf(() => encodeMessage(message(limit + 1))).blame).toBe('self')
      expect(errorOf(() => decodeMessage(pastLimitBytes))).toEqual({
        code: error ?? 'too-long',
        blame: 'peer',
      })
    },
  )

  test(`[B1] a secret has ${secretBytesMin} bytes at least, on either side`, () => {
    const shortest = { ...hello, secret: new Uint8Array(secretBytesMin) }
    expect(decodeFrame(encodeMessage(shortest))).toEqual([shortest])
    const tooShort = { ...hello, secret: new Uint8Array(secretBytesMin - 1) }
    expect(errorOf(() => encodeMessage(tooShort)).blame).toBe('self')
  })

  test(`[B1] an update has ${updateBytesMin} bytes at least, on either side`, () => {
    const room = { room: 1, after: 1, through: 2 } as const
    const withUpdate: readonly ((update: Uint8Array) => Message)[] = [
      (update) => ({ type: 'piece', room: 1, update }),
      (update) => ({ type: 'delivery', ...room, updates: [update] }),
      (update) => ({ type: 'push', link: 1, entries: [{ counter: 1, hash, kind: 0, update }] }),
    ]
    for (const message of withUpdate) {
      const shortest = message(Uint8Array.of(0, 0))
      const bytesOfShortest = encodeMessage(shortest)
      expect(decodeFrame(bytesOfShortest)).toEqual([shortest])
      expect(errorOf(() => encodeMessage(message(Uint8Array.of(0)))).blame).toBe('self')
      // One byte less, in the length of the body and of the update, which ends it.
      const tooShort = bytesOfShortest.slice(0, -1)
      tooShort[1] = bytesOfShortest[1]! - 1
      tooShort[tooShort.length - 2] = 1
      expect(() => decodeFrame(tooShort)).toThrow(ProtocolError)
    }
  })

  test(`[B1] a frame has ${frameMessagesMax} messages and no more, on either side`, () => {
    const leaves = (count: number) => repeat<Message>(count, { type: 'leave', link: 1 })
    expect(decodeFrame(encodeFrame(leaves(frameMessagesMax)))).toHaveLength(frameMessagesMax)
    expect(errorOf(() => encodeFrame(leaves(frameMessagesMax + 1))).blame).toBe('self')
    const tooMany = new Uint8Array(3 * (frameMessagesMax + 1))
    for (let at = 0; at < tooMany.length; at += 3) tooMany.set([messageNumber.leave, 1, 1], at)
    expect(errorOf(() => decodeFrame(tooMany))).toEqual({ code: 'too-many-messages', blame: 'peer' })
    // Nor of such as one passes over.
    for (let at = 0; at < tooMany.length; at += 3) tooMany.set([0x80, 0x01, 0], at)
    expect(errorOf(() => decodeFrame(tooMany))).toEqual({ code: 'too-many-messages', blame: 'peer' })
  })

  test('[B1] a text is bounded by its bytes, not by its characters', () => {
    const token = 'ü'.repeat(tokenBytesMax / 2)
    expect(decodeFrame(encodeMessage({ type: 'authenticate', token }))).toEqual([
      { type: 'authenticate', token },
    ])
    expect(errorOf(() => encodeMessage({ type: 'authenticate', token: `${token}ü` })).blame).toBe('self')
  })

  test('[B1] a frame of 1 MiB is read and written, one byte more is neither', () => {
    const piece = (updateBytes: number): Message => ({
      type: 'piece',
      room: 1,
      update: new Uint8Array(updateBytes),
    })
    const overhead = encodeMessage(piece(nativeFrameBytesMax / 2)).length - nativeFrameBytesMax / 2
    const largest = encodeFrame([piece(nativeFrameBytesMax - overhead)])
    expect(largest).toHaveLength(nativeFrameBytesMax)
    expect(decodeFrame(largest)).toHaveLength(1)

    const tooLarge = piece(nativeFrameBytesMax - overhead + 1)
    expect(errorOf(() => encodeFrame([tooLarge])).blame).toBe('self')
    expect(errorOf(() => decodeFrame(encodeMessage(tooLarge)))).toEqual({
      code: 'frame-too-large',
      blame: 'peer',
    })
    const half = piece(nativeFrameBytesMax / 2)
    expect(errorOf(() => encodeFrame([half, half])).blame).toBe('self')
  })

  test('[B1] a message of 64 MiB is read and written, one byte more is neither', () => {
    // Type 1 byte, lengths of body and update 4 bytes each, room 1 byte.
    const largest: Message = { type: 'piece', room: 1, update: new Uint8Array(messageBytesMax - 10) }
    const encoded = encodeMessage(largest)
    expect(encoded).toHaveLength(messageBytesMax)
    expect(decodeMessage(encoded)?.type).toBe('piece')

    const tooLarge: Message = { ...largest, update: new Uint8Array(messageBytesMax - 9) }
    expect(errorOf(() => encodeMessage(tooLarge)).blame).toBe('self')
    expect(errorOf(() => decodeMessage(new Uint8Array(messageBytesMax + 1)))).toEqual({
      code: 'message-too-large',
      blame: 'peer',
    })
  })

  test('[B1] one message of fragments is one message', () => {
    const leave = encodeMessage({ type: 'leave', link: 1 })
    expect(errorOf(() => decodeMessage(Uint8Array.of(...leave, ...leave))).code).toBe('trailing-bytes')
    expect(decodeMessage(Uint8Array.of(0x80, 0x01, 1, 7))).toBe(undefined)
  })
})
