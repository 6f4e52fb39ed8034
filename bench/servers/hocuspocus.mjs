// hocuspocus.mjs — Hocuspocus with its Database extension on LevelDB: the whole state for each debounced store, as its
// documentation shows. PORT, DATA and PEERS (the folder in which hocus/ was installed) from the environment.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.env.PEERS, 'hocus', 'package.json'))
const { Server } = require('@hocuspocus/server')
const { Database } = require('@hocuspocus/extension-database')
const { ClassicLevel } = require('classic-level')

const level = new ClassicLevel(process.env.DATA, { valueEncoding: 'buffer' })
await level.open()
const database = new Database({
  fetch: async ({ documentName }) => (await level.get(documentName)) ?? null,
  store: ({ documentName, state }) => level.put(documentName, Buffer.from(state)),
})
await new Server({
  port: Number(process.env.PORT),
  address: '127.0.0.1',
  quiet: true,
  extensions: [database],
}).listen()
