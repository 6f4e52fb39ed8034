// documents.ts — a great many documents, each opened, written to, left and not come back to: the server's memory must
// not know how many there were.
import { randomBytes } from 'node:crypto'
import * as Y from 'yjs'
import { Arrival } from './arrival.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { smallNote } from './idle.ts'
import { join } from './join.ts'
import { leave } from './peer.ts'
import { Server } from './server.ts'
import { expectEqual } from './strokes.ts'
import type { Target } from './target.ts'

const atOnce = 20
const first = 1_000
/** Of all of them, at the end, so many are read again. */
const readAgain = 100

export const documents: Bench = {
  name: 'documents',
  about: `so many documents as --documents says (10,000), ${atOnce} at a time: opened, a note written, left`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket'],
  measure,
}

async function measure(target: Target, { documents: count }: Load): Promise<Measured> {
  const note = smallNote()
  await using server = await Server.start(target)
  let begun = 0
  const visitThrough = async (last: number) => {
    const visit = async () => {
      while (begun < last) {
        const peer = join(server, { document: nameOf(begun++) })
        await peer.inSync
        peer.write(note)
        await leave(peer)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, visit))
    await server.quiet()
  }
  await visitThrough(first)
  await server.rested()
  const memoryAfterFirst = server.memoryMegabytes
  const cpuBefore = server.cpuSeconds
  await visitThrough(Math.max(count, first))
  const cpu = server.cpuSeconds - cpuBefore
  const memoryAtOnce = server.memoryMegabytes
  await server.rested()
  const memory = server.memoryMegabytes
  for (let read = 0; read < readAgain; read++) {
    const heard: Uint8Array[] = []
    const name = nameOf(Math.floor((read * begun) / readAgain))
    const arrival = new Arrival(Y.decodeStateVector(Y.encodeStateVectorFromUpdate(note)))
    const update = (bytes: Uint8Array) => {
      heard.push(bytes)
      arrival.heard(bytes)
    }
    const peer = join(server, { document: name, heard: { update } })
    await Promise.all([peer.inSync, arrival.whole])
    expectEqual(name, heard, [[note]])
    await leave(peer)
  }
  return {
    [`memory after ${first}, MB`]: memoryAfterFirst,
    'memory after all, MB': memory,
    'memory after all, at once, MB': memoryAtOnce,
    'memory after all / after the first 1,000': memory / memoryAfterFirst,
    'CPU, ms a document': (cpu / Math.max(1, count - first)) * 1_000,
  }
}

const run = randomBytes(4).toString('hex')

function nameOf(index: number): string {
  return `${run}/documents/${index}`
}
