// One socket of the relay and its other end: how it is seen to live, and how its end is understood.
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { expect, test } from 'vitest'
import { Socket } from '../../server/socket.ts'

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
