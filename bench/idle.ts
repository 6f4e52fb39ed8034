// idle.ts — many who have a small document open, each one of their own, and do nothing: what a link costs in memory,
// beside a bare socket, and whether it is given back.
import { setTimeout as wait } from 'node:timers/promises'
import * as Y from 'yjs'
import type { Bench, Measured } from './figures.ts'
import { join } from './join.ts'
import { leave } from './peer.ts'
import type { Peer } from './peer.ts'
import { Server } from './server.ts'
import type { Target } from './target.ts'

const links = 2_000
const atOnce = 100
const restMs = 5_000

export const idle: Bench = {
  name: 'idle',
  about: `${links} links, each to a document of its own of 1 KB; nobody writes`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

async function measure(target: Target): Promise<Measured> {
  const note = smallNote()
  await using server = await Server.start(target)
  await server.quiet()
  const memoryBefore = server.memoryMegabytes
  const peers: Peer[] = []
  for (let first = 0; first < links; first += atOnce) {
    const some = Array.from({ length: atOnce }, (_, index) =>
      join(server, { document: `idle-${first + index}` }),
    )
    await Promise.all(some.map(({ inSync }) => inSync))
    for (const peer of some) peer.write(note)
    peers.push(...some)
  }
  await server.quiet()
  await wait(restMs)
  const memory = server.memoryMegabytes
  const cpuBefore = server.cpuSeconds
  await wait(restMs)
  const cpu = server.cpuSeconds - cpuBefore
  await Promise.all(peers.map(leave))
  await wait(restMs)
  return {
    'memory, KB a link': ((memory - memoryBefore) / links) * 1024,
    'CPU, % of a core': (cpu / restMs) * 1_000 * 100,
    'memory, MB before': memoryBefore,
    'memory, MB with all': memory,
    'memory, MB when all left': server.memoryMegabytes,
  }
}

export function smallNote(): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'A small note, as most documents are. '.repeat(28))
  return Y.encodeStateAsUpdate(doc)
}
