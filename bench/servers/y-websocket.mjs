// y-websocket.mjs — the stock server, @y/websocket-server with y-leveldb. PORT, DATA and PEERS (the folder in which
// stock/ was installed) from the environment.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

process.env.YPERSISTENCE = process.env.DATA
const folder = join(process.env.PEERS, 'stock')
const { WebSocketServer } = createRequire(join(folder, 'package.json'))('ws')
const stock = join(folder, 'node_modules', '@y', 'websocket-server', 'src', 'utils.js')
const { setupWSConnection } = await import(pathToFileURL(stock).href)

const server = createServer()
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => setupWSConnection(opened, request))
})
server.listen(Number(process.env.PORT), '127.0.0.1')
