// causal-walk.ts — goes through the structs of one update in the order in which Yjs takes them: each after what it refers
// to, as far as the update has that. It reads the blocks a second time, each only as far as another needs it, instead of
// remembering structs: so it costs memory per client, not per struct. [B1] Must not know: what is done with a struct, what
// a log holds; what refers out of the update counts as there.
import type { ByteCursor } from './byte-cursor.ts'
import { ProtocolError } from './protocol-error.ts'
import type { StructReader } from './struct-reader.ts'

/** The structs of one client: where they lie, and how far they were taken. */
export interface Block {
  readonly client: number
  readonly endClock: number
  position: number
  structsLeft: number
  /** All structs before this clock were taken. */
  clock: number
  /** This block must reach beyond this clock before its waiter can go on; -1 when none waits for it. */
  neededClock: number
  /** Makes a stack of the blocks that wait, without an array for it. */
  waiter: this | undefined
}

export interface Walker<Own extends Block> {
  readonly find: (client: number) => Own | undefined
  /** The struct was read, from where the block's position still stands. */
  readonly take: (block: Own) => void
}

export class CausalWalk<Own extends Block> {
  readonly #cursor: ByteCursor
  readonly #struct: StructReader
  readonly #walker: Walker<Own>

  constructor(cursor: ByteCursor, struct: StructReader, walker: Walker<Own>) {
    this.#cursor = cursor
    this.#struct = struct
    this.#walker = walker
  }

  /** Takes all of a block, and of others what it needs. Throws when structs wait for each other in a circle. */
  through(first: Own): void {
    first.neededClock = first.endClock
    let block: Own | undefined = first
    while (block !== undefined) {
      if (block.structsLeft === 0 || block.clock > block.neededClock) {
        const { waiter }: Own = block
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

  #take(block: Own): void {
    this.#struct.finish()
    this.#walker.take(block)
    block.clock = this.#struct.end
    block.position = this.#cursor.position
    block.structsLeft -= 1
  }

  /** The block that must go on before the next struct of this one can be taken. */
  #blockerOf(block: Own): Own | undefined {
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
  #missing(waiter: Own, client: number | undefined, clock: number): Own | undefined {
    // What a block has of its own comes before.
    if (client === undefined || client === waiter.client) return undefined
    const block = this.#walker.find(client)
    if (block === undefined || clock < block.clock || clock >= block.endClock) return undefined
    if (block.neededClock !== -1) {
      throw new ProtocolError(
        'circular-reference',
        'Structs of several clients wait for each other in a circle.',
      )
    }
    block.neededClock = clock
    return block
  }
}
