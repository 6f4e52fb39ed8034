// presence.ts — two hundred people in one document who move their cursors once a second. States that a newer one has
// overtaken may be left out; everybody's last has to reach everybody.
import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../test/editing-session.ts'
import { quantile } from './figures.ts'
import type { Bench, Measured } from './figures.ts'
import { join } from './join.ts'
import type { Peer, PresenceState } from './peer.ts'
import { Server } from './server.ts'
import type { Target } from './target.ts'

const people = 200
const seconds = 10
const gapMs = 1_000
const arrivalMsMax = 5_000

export const presence: Bench = {
  name: 'presence',
  about: `${people} people in one document, everyone says where their cursor is once a second, ${seconds} s`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

async function measure(target: Target): Promise<Measured> {
  await using server = await Server.start(target)
  /** When each said what, by client and clock. */
  const saidAt = new Map<number, number[]>()
  const latencies: number[] = []
  /** For each person, the newest clock of each other. */
  const known = Array.from({ length: people }, () => new Map<number, number>())
  const peers = known.map((clocks, person) => {
    const hear = (entries: readonly PresenceState[]) => {
      for (const { client, clock } of entries) {
        if (clock <= (clocks.get(client) ?? 0)) continue
        clocks.set(client, clock)
        const at = saidAt.get(client)?.[clock]
        if (person === 0 && client !== 1 && at !== undefined) latencies.push(performance.now() - at)
      }
    }
    return join(server, { document: 'crowd', heard: { presence: hear } })
  })
  await Promise.all(peers.map(({ inSync }) => inSync))
  await server.quiet()
  const random = seededRandom(people)
  const cpuBefore = server.cpuSeconds
  const start = performance.now()
  const down = sum(peers)
  await Promise.all(
    peers.map(async (peer, person) => {
      const client = person + 1
      const phase = random() * gapMs
      const times: number[] = []
      saidAt.set(client, times)
      for (let clock = 1; clock <= seconds; clock++) {
        await wait(start + phase + (clock - 1) * gapMs - performance.now())
        times[clock] = performance.now()
        peer.sayPresence({ client, clock, state: stateOf(client, clock) })
      }
    }),
  )
  const wallSeconds = (performance.now() - start) / 1_000
  const cpu = server.cpuSeconds - cpuBefore
  const end = performance.now() + arrivalMsMax
  while (!known.every((clocks, person) => knowsAll(clocks, person + 1))) {
    if (performance.now() > end) throw new Error(`${target.name}: somebody's last state did not arrive.`)
    await wait(20)
  }
  const kilobytes = (sum(peers) - down) / 1024 / people / wallSeconds
  for (const peer of peers) peer.webSocket.terminate()
  return {
    'CPU, % of a core': (cpu / wallSeconds) * 100,
    'said to heard, ms p50': quantile(latencies, 0.5),
    'said to heard, ms p99': quantile(latencies, 0.99),
    'KB a second down, each': kilobytes,
  }
}

function knowsAll(clocks: ReadonlyMap<number, number>, own: number): boolean {
  for (let client = 1; client <= people; client++)
    if (client !== own && clocks.get(client) !== seconds) return false
  return true
}

function sum(peers: readonly Peer[]): number {
  return peers.reduce((bytes, peer) => bytes + peer.bytes.down, 0)
}

function stateOf(client: number, clock: number): string {
  const name = `Person ${client}`
  return JSON.stringify({
    user: { name, color: '#30bced' },
    cursor: { anchor: clock * 17, head: clock * 17 + 4 },
  })
}
