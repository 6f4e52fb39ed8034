// causal-order.ts — whether the structs of one update can be integrated in some order, and how deep its types
// nest. Must not know: what a log holds, but how deep it says that something lies.

import { ByteCursor } from './byte-cursor.ts'
import { CausalWalk, type Block } from './causal-walk.ts'
import { DepthChanges } from './depth-changes.ts'
import { StructReader } from './struct-reader.ts'
import { shallowest } from './type-depths.ts'

interface DepthBlock extends Block {
  readonly firstClock: number
  /** Of what lies before the first change. */
  depth: number
  depthChanges: DepthChanges | undefined
}

/** What came before an update, as far as it matters here. */
export type Before = {
  /** The clock that comes next for a client. */
  readonly clockOf: (client: number) => number
  /** How many types lie around a struct. */
  readonly depthAt: (client: number, clock: number) => number
}

const nothingBefore: Before = { clockOf: () => 0, depthAt: () => shallowest }

export class CausalOrder {
  readonly #cursor: ByteCursor
  readonly #struct: StructReader
  readonly #walk: CausalWalk<DepthBlock>
  readonly #before: Before
  #notesDepths = false
  #deepest = shallowest
  /** Clients falling, at least when it comes to checking. A map of as many would cost four times as much. */
  #blocks: DepthBlock[] = []
  #isFalling = true

  constructor(bytes: Uint8Array, before: Before = nothingBefore) {
    this.#cursor = new ByteCursor(bytes)
    this.#struct = new StructReader(this.#cursor)
    this.#walk = new CausalWalk<DepthBlock>(this.#cursor, this.#struct, {
      find: (client) => this.#find(client),
      take: (block) => {
        if (this.#notesDepths) this.#noteDepth(block)
      },
    })
    this.#before = before
  }

  /** With the depths of all structs of an update that was read before and found to be good. */
  static withDepths(update: Uint8Array, before: Before): CausalOrder {
    const order = new CausalOrder(update, before)
    order.#addAllBlocks()
    order.check(true)
    return order
  }

  /** Number of types around the new struct that lies deepest of those that are the first in their type. */
  get deepest(): number {
    return this.#deepest
  }

  /** From which clocks on the depth is another than before, in the order of the clocks of each client. */
  everyDepthChange(visit: (client: number, clock: number, depth: number, endClock: number) => void): void {
    for (const { client, endClock, depthChanges } of this.#blocks) {
      depthChanges?.every((clock, depth) => visit(client, clock, depth, endClock))
    }
  }

  #addAllBlocks(): void {
    const cursor = this.#cursor
    const struct = this.#struct
    for (let blocks = cursor.readVarUint(); blocks > 0; blocks--) {
      const structCount = cursor.readVarUint()
      const client = cursor.readVarUint()
      const clock = cursor.readVarUint()
      const { position } = cursor
      struct.open(client, clock)
      for (let left = structCount; left > 0; left--) {
        struct.begin()
        struct.finish()
      }
      this.addBlock(client, clock, struct.end, position, structCount)
    }
  }

  addBlock(
    client: number,
    firstClock: number,
    endClock: number,
    position: number,
    structCount: number,
  ): void {
    const last = this.#blocks.at(-1)
    if (last !== undefined && client > last.client) this.#isFalling = false
    this.#blocks.push({
      client,
      firstClock,
      endClock,
      position,
      structsLeft: structCount,
      clock: firstClock,
      neededClock: -1,
      waiter: undefined,
      depth: firstClock > 0 ? this.#before.depthAt(client, firstClock - 1) : shallowest,
      depthChanges: undefined,
    })
  }

  /** Throws when structs wait for each other in a circle. Only where it is asked to it finds out how deep they lie. */
  check(notesDepths: boolean): void {
    this.#notesDepths = notesDepths
    if (!this.#isFalling) this.#blocks = this.#blocks.toSorted((a, b) => b.client - a.client)
    for (const block of this.#blocks) this.#walk.through(block)
  }

  #noteDepth(block: DepthBlock): void {
    const { client, clock, end } = this.#struct
    const known = this.#before.clockOf(client)
    if (clock < known && known < end) {
      // The first part of it came before, and may lie elsewhere: Yjs may put the rest where that is, or where it says.
      const depth = Math.max(this.#depth(block) ?? shallowest, this.#before.depthAt(client, known - 1))
      block.depthChanges ??= new DepthChanges()
      block.depthChanges.add(known, depth)
      return
    }
    const depth = end <= known ? this.#before.depthAt(client, end - 1) : this.#depth(block)
    if (depth === undefined || depth === (block.depthChanges?.last(block.depth) ?? block.depth)) return
    block.depthChanges ??= new DepthChanges()
    block.depthChanges.add(clock, depth)
  }

  #depth(own: DepthBlock): number | undefined {
    const struct = this.#struct
    const depth = struct.depth((client, clock) => this.#depthAt(client, clock, own))
    if (struct.isNested && depth !== undefined) this.#deepest = Math.max(this.#deepest, depth)
    return depth
  }

  /** Mostly it lies in what its own client wrote. */
  #depthAt(client: number, clock: number, own: DepthBlock): number {
    // First: of what came before Yjs passes over what this update says.
    if (clock < this.#before.clockOf(client)) return this.#before.depthAt(client, clock)
    const block = client === own.client ? own : this.#find(client)
    if (block === undefined) return shallowest
    return block.depthChanges?.at(clock, block.depth) ?? block.depth
  }

  #find(client: number): DepthBlock | undefined {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#blocks[middle]?.client ?? 0) > client) low = middle + 1
      else high = middle
    }
    const block = this.#blocks[low]
    return block?.client === client ? block : undefined
  }
}
