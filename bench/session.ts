// session.ts — one writer's long session, key by key and as fast as it is taken; the server is stopped and started
// again; somebody who has nothing opens the document. Nothing may be lost on the way.
import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Arrival } from './arrival.ts'
import { megabyte, microsPerSecond } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { join } from './join.ts'
import { leave, writeAll } from './peer.ts'
import { Server, temporaryFolder } from './server.ts'
import { expectEqual, strokesOf } from './strokes.ts'
import type { Target } from './target.ts'

const document = 'session'
const starts = 5
/** Peers save some seconds later; an ack of ours is a promise, so that ours is stopped at once. */
const savingMs = 5_000

export const session: Bench = {
  name: 'session',
  about: `a paper, 260,000 keys by one writer; then stopped, and opened by a new client, ${starts} times`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket'],
  measure,
}

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  const { updates, stateVector } = strokesOf('automerge-paper', Number.POSITIVE_INFINITY, 1, traces)
  const data = await temporaryFolder()
  try {
    const written = await write(target, data, updates)
    return {
      ...written,
      'on disk, MB': folderBytes(data) / megabyte,
      ...(await reopen(target, data, updates, stateVector)),
    }
  } finally {
    await rm(data, { recursive: true })
  }
}

async function write(target: Target, data: string, updates: readonly Uint8Array[]): Promise<Measured> {
  await using server = await Server.start(target, data)
  const writer = join(server, { document })
  await writer.inSync
  await server.quiet()
  const cpuBefore = server.cpuSeconds
  const start = performance.now()
  await writeAll(writer, updates)
  // What it folds and saves because of it is part of the price.
  const wallSeconds = ((await server.quiet()) - start) / 1_000
  const cpu = server.cpuSeconds - cpuBefore
  const memory = server.memoryMegabytes
  await leave(writer)
  if (!target.isOurs) await wait(savingMs)
  return {
    'writing: CPU, µs a key': (cpu / updates.length) * microsPerSecond,
    'writing: wall, s': wallSeconds,
    'writing: memory, MB': memory,
    'written to disk, MB': server.writtenMegabytes,
  }
}

async function reopen(
  target: Target,
  data: string,
  updates: readonly Uint8Array[],
  stateVector: ReadonlyMap<number, number>,
): Promise<Measured> {
  let cpu = 0
  let wallMs = 0
  let down = 0
  for (let start = 0; start < starts; start++) {
    await using server = await Server.start(target, data)
    await server.quiet()
    const heard: Uint8Array[] = []
    const cpuBefore = server.cpuSeconds
    const openedAt = performance.now()
    const arrival = new Arrival(stateVector)
    const update = (bytes: Uint8Array) => {
      heard.push(bytes)
      arrival.heard(bytes)
    }
    const reader = join(server, { document, heard: { update } })
    await Promise.all([reader.inSync, arrival.whole])
    wallMs += performance.now() - openedAt
    await server.quiet()
    cpu += server.cpuSeconds - cpuBefore
    down = reader.bytes.down
    expectEqual('The session', heard, [updates])
    reader.webSocket.terminate()
  }
  return {
    'opening: CPU, s': cpu / starts,
    'opening: wall, ms': wallMs / starts,
    'opening: KB down': down / 1024,
  }
}

function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return files.reduce((sum, { parentPath, name }) => sum + statSync(joinPath(parentPath, name)).size, 0)
}
