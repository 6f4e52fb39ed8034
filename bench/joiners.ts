// joiners.ts — a stampede: the server was restarted, and everybody who had a large document open comes at once, with
// nothing in hand.
import { rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import * as Y from 'yjs'
import { seededRandom } from '../test/editing-session.ts'
import { Arrival } from './arrival.ts'
import type { Bench, Measured } from './figures.ts'
import { join } from './join.ts'
import { leave, writeAll } from './peer.ts'
import { Server, temporaryFolder } from './server.ts'
import { expectEqual } from './strokes.ts'
import type { Target } from './target.ts'

const document = 'large'
const joiners = 150
const authors = 20
const paragraphs = 11_000
const paragraphLength = 400
const savingMs = 5_000

export const joinersBench: Bench = {
  name: 'joiners',
  about: `${joiners} at once open a document of 4.4 MB, ${paragraphs} paragraphs by ${authors} authors, after a restart`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket'],
  measure,
}

async function measure(target: Target): Promise<Measured> {
  const { updates, stateVector } = largeDocument()
  const data = await temporaryFolder()
  try {
    await write(target, data, updates)
    return await stampede(target, data, updates, stateVector)
  } finally {
    await rm(data, { recursive: true })
  }
}

async function write(target: Target, data: string, updates: readonly Uint8Array[]): Promise<void> {
  await using server = await Server.start(target, data)
  const writer = join(server, { document })
  await writer.inSync
  await writeAll(writer, updates)
  await server.quiet()
  await leave(writer)
  if (!target.isOurs) await wait(savingMs)
}

async function stampede(
  target: Target,
  data: string,
  updates: readonly Uint8Array[],
  stateVector: ReadonlyMap<number, number>,
): Promise<Measured> {
  await using server = await Server.start(target, data)
  await server.quiet()
  server.forgetPeak()
  const memoryBefore = server.memoryMegabytes
  const cpuBefore = server.cpuSeconds
  const start = performance.now()
  const heardByFirst: Uint8Array[] = []
  let down = 0
  await Promise.all(
    Array.from({ length: joiners }, async (_, joiner) => {
      const arrival = new Arrival(stateVector)
      const update = (bytes: Uint8Array) => {
        if (joiner === 0) heardByFirst.push(bytes)
        arrival.heard(bytes)
      }
      const peer = join(server, { document, heard: { update } })
      await Promise.all([peer.inSync, arrival.whole])
      down += peer.bytes.down
    }),
  )
  const wallSeconds = (performance.now() - start) / 1_000
  await server.quiet()
  expectEqual('The document', heardByFirst, [updates])
  return {
    'CPU, s': server.cpuSeconds - cpuBefore,
    'wall, s': wallSeconds,
    'memory on top, MB': server.peakMemoryMegabytes - memoryBefore,
    'MB down each': down / joiners / 2 ** 20,
  }
}

/** Everybody writes whole paragraphs, anywhere. */
function largeDocument(): { updates: Uint8Array[]; stateVector: Map<number, number> } {
  const random = seededRandom(4_400)
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let count = 0; count < paragraphs; count++) {
    doc.clientID = 1 + Math.floor(random() * authors)
    const at = Math.floor(random() * (count + 1)) * paragraphLength
    text.insert(at, Array.from({ length: paragraphLength - 1 }, () => letter(random())).join('') + '\n')
  }
  return { updates, stateVector: Y.decodeStateVector(Y.encodeStateVector(doc)) }
}

function letter(chance: number): string {
  return 'eeeetttaaaooiinnsshhrrdlucmfwypvbgk     .,'.charAt(Math.floor(chance * 42))
}
