// raw.mjs — the limit of the socket library: every update goes to all sockets of its document, the writer's too, as the
// frame it came in. Understands nothing else and saves nothing. PORT from the environment.
import { WebSocketServer } from 'ws'

const emptyStep1 = Uint8Array.of(0, 0, 1, 0)
const emptyStep2 = Uint8Array.of(0, 1, 2, 0, 0)
const rooms = new Map()
const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1' })

server.on('connection', (socket, request) => {
  const room = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, room.add(socket))
  socket.send(emptyStep1)
  socket.on('message', (frame) => {
    const [type, subType] = frame
    if (type === 0 && subType === 0) socket.send(emptyStep2)
    else for (const other of room) other.send(frame)
  })
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(request.url)
  })
})
