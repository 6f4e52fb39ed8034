// causal-order.ts — whether the structs of one update can be integrated in some order, and how deep its types
// nest. Knows: the order in which Yjs takes structs, each after what it refers to. Must not know: what a log
// holds: what refers out of the update counts as found. It reads the blocks a second time, each only as far as
// another needs it, instead of remembering structs: so it costs memory per client, not per struct. [B1]

import { ByteCursor } from './byte-cursor.ts'
import { ProtocolError } from './protocol-error.ts'
import { numberAt } from './client-groups.ts'
import { StructReader } from './struct-reader.ts'

/** The structs of one client: where they lie, and how far they were taken. */
interface Block {
  readonly client: number
  readonly firstClock: number
  readonly endClock: number
  position: number
  structsLeft: number
  /** All structs before this clock were taken. */
  clock: number
  /** This block must reach beyond this clock before its waiter can go on; -1 when none waits for it. */
  neededClock: number
  /** Makes a stack of the blocks that wait, without an array for it. */
  waiter: Block | undefined
  /** Pairs of a clock and the depth from there on. Before the first the depth is one. */
  depthChanges: number[] | undefined
}

export class CausalOrder {
  readonly #cursor: ByteCursor
  readonly #struct: StructReader
  readonly #typeDepthMax: number
  #nestsDeep = false
  /** Clients falling, at least when it comes to checking. A map of as many would cost four times as much. */
  #blocks: Block[] = []
  #isFalling = true

  constructor(bytes: Uint8Array, typeDepthMax: number) {
    this.#cursor = new ByteCursor(bytes)
    this.#struct = new StructReader(this.#cursor)
    this.#typeDepthMax = typeDepthMax
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
      depthChanges: undefined,
    })
  }

  /** Throws when structs wait for each other in a circle, or types nest too deep: where so many nest at all. */
  check(nestingCount: number): void {
    this.#nestsDeep = nestingCount >= this.#typeDepthMax
    if (!this.#isFalling) this.#blocks = this.#blocks.toSorted((a, b) => b.client - a.client)
    for (const block of this.#blocks) this.#takeAll(block)
  }

  #takeAll(first: Block): void {
    first.neededClock = first.endClock
    let block: Block | undefined = first
    while (block !== undefined) {
      if (block.structsLeft === 0 || block.clock > block.neededClock) {
        const { waiter }: Block = block
        block.neededClock = -1
        block.waiter = undefined
        block = waiter
        continue
      }
      const blocker = this.#blockerOf(block)
      if (blocker === undefined) {
        this.#take(block)
      } else {
        blocker.waiter = block
        block = blocker
      }
    }
  }

  /** The block that must go on before the next struct of this one can be taken. */
  #blockerOf(block: Block): Block | undefined {
    const struct = this.#struct
    this.#cursor.position = block.position
    struct.open(block.client, block.clock)
    struct.begin()
    return (
      this.#missing(block, struct.originClient, struct.originClock) ??
      this.#missing(block, struct.rightClient, struct.rightClock) ??
      this.#missing(block, struct.parentClient, struct.parentClock)
    )
  }

  /** The block that holds an id which was not taken yet; it is waited for from now on. */
  #missing(waiter: Block, client: number | undefined, clock: number): Block | undefined {
    if (client === undefined) return undefined
    const block = this.#find(client)
    // What a block has of its own comes before.
    if (block === undefined || block === waiter || clock < block.clock || clock >= block.endClock) {
      return undefined
    }
    if (block.neededClock !== -1) {
      throw new ProtocolError(
        'circular-reference',
        'Structs of several clients wait for each other in a circle.',
      )
    }
    block.neededClock = clock
    return block
  }

  #take(block: Block): void {
    this.#struct.finish()
    if (this.#nestsDeep) this.#noteDepth(block)
    block.clock = this.#struct.end
    block.position = this.#cursor.position
    block.structsLeft -= 1
  }

  #noteDepth(block: Block): void {
    const depth = this.#depth()
    if (depth > this.#typeDepthMax) throw new ProtocolError('too-deep', 'Types nest too deep.')
    if (depth === (block.depthChanges?.at(-1) ?? 1)) return
    block.depthChanges ??= []
    block.depthChanges.push(this.#struct.clock, depth)
  }

  /** Number of types around the struct that was read last, as far as this update tells. */
  #depth(): number {
    const struct = this.#struct
    // Yjs too asks the left neighbour first.
    if (struct.originClient !== undefined) return this.#depthAt(struct.originClient, struct.originClock)
    if (struct.rightClient !== undefined) return this.#depthAt(struct.rightClient, struct.rightClock)
    if (struct.parentClient !== undefined) return this.#depthAt(struct.parentClient, struct.parentClock) + 1
    return 1
  }

  #depthAt(client: number, clock: number): number {
    const block = this.#find(client)
    const changes = block?.depthChanges
    if (block === undefined || changes === undefined || clock < block.firstClock) return 1
    let low = 0
    let high = changes.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if (numberAt(changes, middle * 2) <= clock) low = middle + 1
      else high = middle
    }
    return low === 0 ? 1 : numberAt(changes, low * 2 - 1)
  }

  #find(client: number): Block | undefined {
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
