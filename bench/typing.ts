// typing.ts — people who type: many documents, a few people in each, everyone at their own pace, so that there is
// hardly anything to write together. An open load: nobody waits for anybody.
import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../test/editing-session.ts'
import { microsPerSecond, quantile } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { join } from './join.ts'
import type { Peer } from './peer.ts'
import { Server } from './server.ts'
import { expectEqual, Follower, strokesOf } from './strokes.ts'
import type { Strokes } from './strokes.ts'
import type { Target } from './target.ts'

const documents = 60
const people = 5
const keysPerSecond = 4
const seconds = 10
const keys = keysPerSecond * seconds
const gapMs = 1_000 / keysPerSecond
const deliveryMsMax = 10_000

export const typing: Bench = {
  name: 'typing',
  about: `${documents} documents, ${people} people in each, ${keysPerSecond} keys a second each, ${seconds} s`,
  targets: ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'],
  measure,
}

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  const strokes = Array.from({ length: people }, (_, person) =>
    strokesOf('sveltecomponent', keys, person + 1, traces),
  )
  await using server = await Server.start(target)
  const rooms = Array.from({ length: documents }, (_, index) => new Room(server, `typing-${index}`, strokes))
  await Promise.all(rooms.flatMap(({ peers }) => peers.map(({ inSync }) => inSync)))
  await server.quiet()
  const random = seededRandom(documents)
  const cpuBefore = server.cpuSeconds
  await Promise.all(rooms.map((room) => room.type(random)))
  const end = performance.now() + deliveryMsMax
  while (rooms.some(({ missing }) => missing > 0)) {
    if (performance.now() > end) {
      const missing = rooms.reduce((sum, room) => sum + room.missing, 0)
      throw new Error(`${target.name}: ${missing} keys were not delivered.`)
    }
    await wait(20)
  }
  await wait(200)
  const cpu = server.cpuSeconds - cpuBefore
  for (const room of rooms) {
    room.check()
    for (const peer of room.peers) peer.webSocket.terminate()
  }
  const latencies = rooms.flatMap((room) => room.latencies)
  return {
    'CPU, µs a key': (cpu / (documents * people * keys)) * microsPerSecond,
    'key to others, ms p50': quantile(latencies, 0.5),
    'key to others, ms p99': quantile(latencies, 0.99),
    'memory, MB': server.memoryMegabytes,
  }
}

class Room {
  readonly peers: readonly Peer[]
  readonly latencies: number[] = []
  readonly #document: string
  readonly #strokes: readonly Strokes[]
  /** By person, then by stroke. */
  readonly #typedAt: number[][] = []
  /** What the first person heard. */
  readonly #heard: Uint8Array[] = []
  missing: number

  constructor(server: Server, document: string, strokes: readonly Strokes[]) {
    this.#document = document
    this.#strokes = strokes
    this.missing = (people - 1) * people * keys
    this.peers = strokes.map(({ clientId }, person) => {
      this.#typedAt.push([])
      const follower = new Follower(strokes, (writer, stroke) => {
        if (writer !== clientId) this.#reached(writer, stroke)
      })
      return join(server, {
        document,
        heard: {
          update: (update) => {
            follower.heard(update)
            if (person === 0) this.#heard.push(update.slice())
          },
        },
      })
    })
  }

  async type(random: () => number): Promise<void> {
    const phases = this.peers.map(() => random() * gapMs)
    const start = performance.now()
    await Promise.all(
      this.peers.map(async (peer, person) => {
        for (const [stroke, update] of (this.#strokes[person]?.updates ?? []).entries()) {
          await wait(start + (phases[person] ?? 0) + stroke * gapMs - performance.now())
          this.#typedAt[person]?.push(performance.now())
          peer.write(update)
        }
      }),
    )
  }

  check(): void {
    const [own = [], ...others] = this.#strokes.map(({ updates }) => updates)
    expectEqual(this.#document, [...own, ...this.#heard], [own, ...others])
  }

  #reached(writer: number, stroke: number): void {
    this.missing--
    const typedAt = this.#typedAt[writer - 1]?.[stroke]
    if (typedAt !== undefined) this.latencies.push(performance.now() - typedAt)
  }
}
