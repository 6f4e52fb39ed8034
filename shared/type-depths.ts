// type-depths.ts — how many types lie around each struct of a log. Knows: for each client the clocks from which on the
// depth is another than before. Must not know: updates, limits. In a text, and while one types in one place, nothing
// changes, so that a log costs 8 bytes a change and a log without nested types nothing. [B1]
import { numberAt } from './client-groups.ts'

/** In a root. */
export const shallowest = 1

/** A clock is multiplied by this to make room for the depth. */
const depthRoom = 2 ** 16

export class TypeDepths {
  /** For each client a clock and the depth from there on, in one number each, rising. */
  readonly #changes = new Map<number, number[]>()

  /** Whether everything lies in roots. */
  get isFlat(): boolean {
    return this.#changes.size === 0
  }

  depthAt(client: number, clock: number): number {
    const changes = this.#changes.get(client)
    return changes === undefined ? shallowest : depthAfter(changes, clock)
  }

  /** From this clock on, until it is said otherwise. No clock of a client may lie before one that was given for it. */
  deepen(client: number, clock: number, depth: number): void {
    const changes = this.#changes.get(client)
    // What is said twice of one clock, the second says.
    const last = changes?.at(-1)
    if (last !== undefined && clockOf(last) === clock) changes?.pop()
    if (depth === this.depthAt(client, clock)) return
    const change = clock * depthRoom + Math.min(depth, depthRoom - 1)
    if (changes === undefined) this.#changes.set(client, [change])
    else changes.push(change)
  }

  get clientCount(): number {
    return this.#changes.size
  }

  /** For each client how many changes it has, and each of them as a clock and the depth from there on. */
  *[Symbol.iterator](): IterableIterator<
    readonly [client: number, changes: readonly (readonly [number, number])[]]
  > {
    for (const [client, changes] of this.#changes) {
      yield [client, changes.map((change) => [clockOf(change), change % depthRoom] as const)]
    }
  }
}

function clockOf(change: number): number {
  return Math.floor(change / depthRoom)
}

function depthAfter(changes: readonly number[], clock: number): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (clockOf(numberAt(changes, middle)) <= clock) low = middle + 1
    else high = middle
  }
  return low === 0 ? shallowest : numberAt(changes, low - 1) % depthRoom
}
