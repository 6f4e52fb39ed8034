// slow.ts — somebody stops reading while others go on: what that costs the server's memory beside the same work without
// that reader, and whether the reader, awake again, gets everything.
import { setTimeout as wait } from 'node:timers/promises'
import * as Y from 'yjs'
import type { Bench, Measured } from './figures.ts'
import { join } from './join.ts'
import { Server } from './server.ts'
import { expectEqual } from './strokes.ts'
import type { Target } from './target.ts'

const pages = 3_000
const pageBytes = 64 * 1024
const aheadMax = 8
const arrivalMsMax = 60_000

export const slow: Bench = {
  name: 'slow',
  about: `${pages} times a page of ${pageBytes / 1024} KB is replaced, one of two readers is paused meanwhile`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

async function measure(target: Target): Promise<Measured> {
  const updates = replacedPages()
  const without = await follow(target, updates, false)
  const paused = await follow(target, updates, true)
  return {
    'memory for the paused reader, MB': Math.max(0, paused.peakMemory - without.peakMemory),
    'peak memory with it, MB': paused.peakMemory,
    'peak memory without, MB': without.peakMemory,
    'awake to complete, s': paused.wakingSeconds,
    'it was given, MB': paused.megabytes,
  }
}

type Followed = { readonly peakMemory: number; readonly wakingSeconds: number; readonly megabytes: number }

async function follow(target: Target, updates: readonly Uint8Array[], isPaused: boolean): Promise<Followed> {
  const document = 'pages'
  await using server = await Server.start(target)
  const writer = join(server, { document })
  let reached = 0
  const clocks = (bytes: Uint8Array) => Y.parseUpdateMeta(bytes).to.get(1) ?? 0
  const reader = join(server, {
    document,
    heard: { update: (bytes) => (reached = Math.max(reached, clocks(bytes))) },
  })
  const heard: Uint8Array[] = []
  let sleeperReached = 0
  const sleeper = join(server, {
    document,
    heard: {
      update: (bytes) => {
        heard.push(bytes)
        sleeperReached = Math.max(sleeperReached, clocks(bytes))
      },
    },
  })
  await Promise.all([writer.inSync, reader.inSync, sleeper.inSync])
  if (isPaused) sleeper.webSocket.pause()
  await server.quiet()
  server.forgetPeak()
  for (const [page, update] of updates.entries()) {
    writer.write(update)
    await until(target, () => reached > page - aheadMax)
  }
  await until(target, () => reached === updates.length)
  await server.quiet()
  const peakMemory = server.peakMemoryMegabytes
  const wokenAt = performance.now()
  sleeper.webSocket.resume()
  await until(target, () => sleeperReached === updates.length)
  const wakingSeconds = (performance.now() - wokenAt) / 1_000
  await server.quiet()
  expectEqual('What the paused reader slept through', heard, [updates])
  for (const peer of [writer, reader, sleeper]) peer.webSocket.terminate()
  return { peakMemory, wakingSeconds, megabytes: sleeper.bytes.down / 2 ** 20 }
}

async function until(target: Target, isSo: () => boolean): Promise<void> {
  const end = performance.now() + arrivalMsMax
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${target.name}: what was written did not arrive.`)
    await wait(1)
  }
}

/** The log grows, the document does not. */
function replacedPages(): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = 1
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const map = doc.getMap('pages')
  for (let page = 0; page < pages; page++) map.set('page', `${page} `.repeat(pageBytes).slice(0, pageBytes))
  return updates
}
