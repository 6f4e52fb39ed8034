// fanout.ts — bursts to many readers: one writer a document who is ahead of the slowest reader by a few keys at most.
// A closed load: it goes as fast as it is delivered, so that there is much to write together.
import { setTimeout as wait } from 'node:timers/promises'
import { deferred } from './deferred.ts'
import { microsPerSecond, quantile } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { join } from './join.ts'
import type { Peer } from './peer.ts'
import { Server } from './server.ts'
import { expectEqual, Follower, strokesOf } from './strokes.ts'
import type { Strokes } from './strokes.ts'
import type { Target } from './target.ts'

const documents = 4
const readers = 24
const keys = 1_500
const aheadMax = 16
const stalledMs = 120_000

export const fanout: Bench = {
  name: 'fanout',
  about: `${documents} documents, ${readers} readers each, ${keys} keys as fast as they arrive, ${aheadMax} ahead`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  const strokes = strokesOf('sveltecomponent', keys, 1, traces)
  await using server = await Server.start(target)
  const rooms = Array.from({ length: documents }, (_, index) => new Room(server, `fanout-${index}`, strokes))
  await Promise.all(rooms.flatMap(({ peers }) => peers.map(({ inSync }) => inSync)))
  await server.quiet()
  const cpuBefore = server.cpuSeconds
  const start = performance.now()
  const stalled = setTimeout(() => {
    for (const room of rooms) room.done.fail(new Error(`${target.name} stalled.`))
  }, stalledMs)
  await Promise.all(rooms.map((room) => room.run()))
  clearTimeout(stalled)
  const wallSeconds = (performance.now() - start) / 1_000
  await wait(200)
  const cpu = server.cpuSeconds - cpuBefore
  for (const room of rooms) {
    expectEqual('A document', room.heardByFirst, [strokes.updates])
    for (const peer of room.peers) peer.webSocket.terminate()
  }
  const latencies = rooms.flatMap((room) => room.latencies)
  const deliveries = documents * readers * keys
  return {
    'CPU, µs a delivery': (cpu / deliveries) * microsPerSecond,
    'CPU, µs a key': (cpu / (documents * keys)) * microsPerSecond,
    'deliveries a second': deliveries / wallSeconds,
    'key to others, ms p50': quantile(latencies, 0.5),
    'key to others, ms p99': quantile(latencies, 0.99),
    'memory, MB': server.memoryMegabytes,
  }
}

class Room {
  readonly peers: readonly Peer[]
  readonly latencies: number[] = []
  readonly heardByFirst: Uint8Array[] = []
  readonly done = deferred()
  readonly #strokes: Strokes
  readonly #typedAt: number[] = []
  /** How many readers have each key; those who come later in the text have fewer. */
  readonly #reachedBy: number[] = []
  #reachedAll = 0
  readonly #writer: Peer

  constructor(server: Server, document: string, strokes: Strokes) {
    this.#strokes = strokes
    this.#writer = join(server, { document })
    const listening = Array.from({ length: readers }, (_, reader) => {
      const follower = new Follower([strokes], (_writer, stroke) => this.#reached(stroke))
      const update = (bytes: Uint8Array) => {
        if (reader === 0) this.heardByFirst.push(bytes.slice())
        follower.heard(bytes)
      }
      return join(server, { document, heard: { update } })
    })
    this.peers = [this.#writer, ...listening]
  }

  run(): Promise<void> {
    this.#type()
    return this.done.promise
  }

  #type(): void {
    for (let stroke = this.#typedAt.length; stroke - this.#reachedAll < aheadMax; stroke++) {
      const update = this.#strokes.updates[stroke]
      if (update === undefined) return
      this.#typedAt.push(performance.now())
      this.#writer.write(update)
    }
  }

  #reached(stroke: number): void {
    const typedAt = this.#typedAt[stroke]
    if (typedAt !== undefined) this.latencies.push(performance.now() - typedAt)
    const count = (this.#reachedBy[stroke] ?? 0) + 1
    this.#reachedBy[stroke] = count
    if (count < readers) return
    this.#reachedAll = stroke + 1
    if (this.#reachedAll === this.#strokes.updates.length) this.done.keep()
    else this.#type()
  }
}
