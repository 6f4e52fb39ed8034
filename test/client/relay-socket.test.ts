// A relay's frames as a page hears them, on a socket without a network.
import { expect, test } from 'vitest'
import { RelaySocket } from '../../client/relay-socket.ts'
import type { SocketLike } from '../../client/relay-socket.ts'
import { fragmentsOf } from '../../shared/fragments.ts'
import { encodeMessage } from '../../shared/wire.ts'

class FakeSocket implements SocketLike {
  static last: FakeSocket | undefined
  binaryType = ''
  readonly readyState = 1
  #listener: ((event: { data: unknown }) => void) | undefined

  constructor() {
    FakeSocket.last = this
  }

  send(): void {}

  close(): void {}

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    if (type === 'message') this.#listener = listener
  }

  hear(data: ArrayBuffer): void {
    this.#listener?.({ data })
  }
}

function heardOf(...parts: readonly Uint8Array[]): unknown[] {
  const heard: unknown[] = []
  const socket = new RelaySocket(1, FakeSocket, 'ws://relay.test/', {
    opened: () => undefined,
    received: (messages) => heard.push(...messages),
    garbled: () => heard.push('garbled'),
    closed: () => undefined,
  })
  FakeSocket.last?.hear(Uint8Array.from(Buffer.concat(parts)).buffer)
  socket.close()
  return heard
}

const ping = { type: 'ping', nonce: 5 } as const
const other = { type: 'ping', nonce: 6 } as const

test('[W1] of a frame whose fragment is bad nothing is heard', () => {
  const bad = encodeMessage({ type: 'fragment', last: true, bytes: Uint8Array.of(22, 5, 1) })
  expect(heardOf(encodeMessage(ping), bad)).toEqual(['garbled'])
})

test('[W1] fragments and messages of one frame are heard in their order', () => {
  const fragments = fragmentsOf(encodeMessage(other), 2).map(encodeMessage)
  expect(heardOf(...fragments, encodeMessage(ping))).toEqual([other, ping])
})

test('[L1] a socket that the platform does not make is one that closed, with the reason', async () => {
  class Refused extends FakeSocket {
    constructor() {
      super()
      throw new DOMException('This page came over https.', 'SecurityError')
    }
  }
  const closed = await new Promise((resolve) => {
    const socket = new RelaySocket(1, Refused, 'ws://relay.test/', {
      opened: () => undefined,
      received: () => undefined,
      garbled: () => undefined,
      closed: resolve,
    })
    socket.say(ping)
    socket.flush()
  })
  expect(closed).toBe('SecurityError: This page came over https.')
})
