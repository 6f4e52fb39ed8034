// reconnect.ts — somebody was away and comes back, while others missed nothing, wrote a little, or wrote much: with a
// cursor on the native wire, with a state vector elsewhere.
import { setTimeout as wait } from 'node:timers/promises'
import * as Y from 'yjs'
import type { Bench, Load, Measured } from './figures.ts'
import { join } from './join.ts'
import { newIdentity } from './native-peer.ts'
import { writeAll } from './peer.ts'
import type { Cursor } from './peer.ts'
import { Server } from './server.ts'
import { expectEqual, strokesOf } from './strokes.ts'
import type { Target } from './target.ts'

const document = 'returned-to'
const missedKeys = [10_000, 100, 0] as const
/** Few of those that need much: they are no rarity for a relay, but slow for the load. */
const returns: Readonly<Record<number, number>> = { 0: 500, 100: 100, 10_000: 20 }

export const reconnect: Bench = {
  name: 'reconnect',
  about: `coming back to a paper of 260,000 keys, ${missedKeys.toReversed().join(', ')} of them missed`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

const nothing = Uint8Array.of(0, 0)

type Stale = { readonly missed: number; readonly doc: Y.Doc; readonly cursor: Cursor | undefined }

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  const { updates } = strokesOf('automerge-paper', Number.POSITIVE_INFINITY, 1, traces)
  await using server = await Server.start(target)
  const writer = join(server, { document })
  await writer.inSync
  const stales: Stale[] = []
  const paper = new Y.Doc()
  let written = 0
  for (const missed of missedKeys) {
    const next = updates.slice(written, updates.length - missed)
    apply(paper, next)
    // The first part is no part of the measure, and takes some servers minutes key by key.
    await writeAll(writer, written === 0 ? [Y.encodeStateAsUpdate(paper)] : next)
    written += next.length
    await server.quiet()
    const doc = new Y.Doc()
    apply(doc, [Y.encodeStateAsUpdate(paper)])
    stales.push({ missed, doc, cursor: writer.cursor })
  }
  // Raw frames tell what sockets cost that come and go; they know nothing of what was missed.
  const measurable = stales.filter(({ missed }) => missed === 0 || target.name !== 'raw')
  const measured: Measured[] = []
  for (const stale of measurable.toReversed()) measured.push(await comeBack(server, stale, paper))
  writer.webSocket.terminate()
  return Object.fromEntries(measured.flatMap((some) => Object.entries(some)))
}

async function comeBack(server: Server, { missed, doc, cursor }: Stale, paper: Y.Doc): Promise<Measured> {
  const stateVector = Y.encodeStateVector(doc)
  const identity = newIdentity()
  const isRaw = server.target.name === 'raw'
  const oneReturn = async () => {
    const heard: Uint8Array[] = []
    const { inSync, bytes, webSocket } = join(server, {
      document,
      identity,
      knows: { stateVector, cursor },
      owes: (theirs) => (isRaw ? nothing : Y.encodeStateAsUpdate(doc, theirs)),
      heard: { update: (update) => heard.push(update) },
    })
    await inSync
    await wait(10)
    webSocket.terminate()
    return { heard, bytes }
  }
  // Whoever comes back was there before: the first is not counted, and what it got is looked at.
  const { heard } = await oneReturn()
  const own = Y.encodeStateAsUpdate(doc)
  if (!isRaw) expectEqual('What was missed', [own, ...heard], [[Y.encodeStateAsUpdate(paper)]])
  await server.quiet()
  const times = returns[missed] ?? 1
  const sums = { up: 0, down: 0 }
  const cpuBefore = server.cpuSeconds
  for (let time = 0; time < times; time++) {
    const { bytes } = await oneReturn()
    sums.up += bytes.up
    sums.down += bytes.down
  }
  await server.quiet()
  const cpu = server.cpuSeconds - cpuBefore
  return {
    [`missed ${missed}: CPU, ms`]: (cpu / times) * 1_000,
    [`missed ${missed}: bytes up`]: sums.up / times,
    [`missed ${missed}: bytes down`]: sums.down / times,
  }
}

function apply(doc: Y.Doc, updates: readonly Uint8Array[]): void {
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
}
