// node-store-writer.mjs — a program on Node that a test kills: writes into an array, offline, as fast as its disk, and says
// how many of its elements its status calls stored.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openWorkspace } from 'syncline/client'
import { openLevelStore } from 'syncline/node'
import { WebSocket } from 'ws'

const [folder] = process.argv.slice(2)
const workspace = openWorkspace({
  url: 'ws://127.0.0.1:1',
  store: await openLevelStore(folder),
  socketClass: WebSocket,
})
const { doc, status, loaded } = workspace.open('numbers')
await loaded
const numbers = doc.getArray('numbers')
let told = numbers.length
status.subscribe(() => {
  const stored = numbers.length - status.current.inMemory
  if (stored <= told) return
  told = stored
  process.stdout.write(`${told}\n`)
})
for (;;) {
  numbers.push([numbers.length])
  await nextTurn()
}
