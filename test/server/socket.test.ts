// One socket of the relay and its other end: how it is seen to live, and how its end is understood.
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { expect, test } from 'vitest'
import type { HostConnection } from '../../server/host-connection.ts'
import { Socket } from '../../server/socket.ts'
import { unknownBytesMax } from '../../shared/limits.ts'

/** A socket of the relay and its other end. */
async function socketPair(): Promise<{ socket: Socket; other: WebSocket; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const accepted = once(server, 'connection')
  const other = new WebSocket(`ws://127.0.0.1:${address.port}`, { autoPong: false })
  await once(other, 'open')
  const [webSocket, request] = await accepted
  return { socket: new Socket(webSocket, request.socket), other, server }
}

test.each([
  ['1000', (other: WebSocket) => other.close(1000), true],
  ['no code', (other: WebSocket) => other.close(), true],
  ['a broken line', (other: WebSocket) => other.terminate(), false],
])('[P1] a socket that ends with %s tells whether its client said so', async (_how, end, saidSo) => {
  const { socket, other, server } = await socketPair()
  const nothing = () => undefined
  const lost = new Promise((resolve) => {
    socket.serve({
      received: nothing,
      lost: resolve,
      filled: nothing,
      drained: nothing,
      tenant: nothing,
      tooFast: nothing,
    })
  })
  end(other)
  expect(await lost).toBe(saidSo)
  server.close()
})

test('[L1] a socket that does not answer a ping is ended at the next check, one on which bytes move is not', async () => {
  const { socket, other, server } = await socketPair()
  socket.checkLife()
  await once(other, 'ping')
  // No pong, but a word.
  other.send('I am here')
  await once([...server.clients][0]!, 'message')
  socket.checkLife()
  await once(other, 'ping')
  expect(socket.isOpen).toBe(true)
  socket.checkLife()
  await once(other, 'close')
  server.close()
})

function connectionOf(tenant: string | undefined, received: HostConnection['received']): HostConnection {
  const nothing = () => undefined
  return {
    received,
    lost: nothing,
    filled: nothing,
    drained: nothing,
    tenant: () => tenant,
    tooFast: nothing,
  }
}

test('[B1] of somebody unknown not more is gathered than a token takes, whatever a frame announces', async () => {
  const { socket, other, server } = await socketPair()
  const frames: Uint8Array[] = []
  socket.serve(connectionOf(undefined, (frame) => frames.push(frame)))
  const closed = once(other, 'close')
  // Of a frame that never ends.
  other.send(Buffer.alloc(unknownBytesMax + 1), { fin: false })
  const [code, reason] = await closed
  expect(code).toBe(1009)
  expect(String(reason)).toMatch(/^Too much came .+ \(too-much-unknown\)$/)
  expect(frames).toEqual([])
  server.close()
})

test('[B1] who is known may say as much as a message may hold', async () => {
  const { socket, other, server } = await socketPair()
  const heard = new Promise<Uint8Array>((resolve) => socket.serve(connectionOf('', resolve)))
  other.send(Buffer.alloc(unknownBytesMax * 3))
  expect((await heard).length).toBe(unknownBytesMax * 3)
  expect(socket.isOpen).toBe(true)
  other.close()
  server.close()
})

test('[B1] a socket that is held is not read, and hears of its end all the same', async () => {
  const { socket, other, server } = await socketPair()
  const frames: Uint8Array[] = []
  socket.serve(connectionOf('', (frame) => frames.push(frame)))
  socket.hold(true)
  other.send('')
  other.ping()
  socket.end(1013, 'Come back in a moment.')
  await Promise.all([once(other, 'close'), socket.gone()])
  expect(frames).toEqual([])
  server.close()
})
