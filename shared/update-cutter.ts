// update-cutter.ts — cuts one large Yjs V1 update into smaller ones, each of which a peer can apply as soon as it
// has those before it. [C2] Knows: that a struct comes after what it refers to, and that what one client has in a
// piece lies in a row in the update, so that it is copied and never encoded again. Must not know: what a log holds,
// Y.Docs. What refers out of the update counts as there. Deletes come last: they may name what any piece brings.
// Whether an update may be taken at all the reader says; here bytes that cannot be cut throw ProtocolError. [W1]

import { ByteCursor } from './byte-cursor.ts'
import { ByteWriter, varUintByteLength } from './byte-writer.ts'
import { CausalWalk, type Block } from './causal-walk.ts'
import { documentClientsMax } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { structBytesMin, StructReader } from './struct-reader.ts'

/** Whether a peer applies each piece in a transaction of its own, or all of them in a single one. */
export type PiecesApplied = 'one-by-one' | 'at-once'

const contentMask = 0b0001_1111
const formatContent = 6
const typeContent = 7

/** A client's structs: how many, which client, the first clock. A client's deletes: which client, how many. */
const groupBytesMin = 2
/** A delete: its clock and its length. */
const deleteBytesMin = 2

/** What a piece takes of one client: structs or deletes that are neighbours in the update. */
interface Run {
  readonly client: number
  /** The clock of the first struct; nothing of the kind is written before deletes. */
  readonly clock: number | undefined
  readonly start: number
  end: number
  count: number
}

/**
 * Updates that together say what `update` says and may be applied in their order, none with more bytes than
 * `bytesMax` unless it holds a single struct, which is never cut. An update that is small enough is not even read.
 *
 * An update with formats of text, or with types inside types, is only cut for a peer that applies all pieces at once.
 * Yjs cleans up after each transaction, takes the marks around what is still to come for needless, deletes them, and
 * tells everybody; editors do the same to an element whose children are still to come.
 */
export function cutUpdate(
  update: Uint8Array,
  bytesMax: number,
  applied: PiecesApplied = 'one-by-one',
): Uint8Array[] {
  return update.length <= bytesMax ? [update] : new UpdateCutting(update, bytesMax).cut(applied)
}

class UpdateCutting {
  readonly #cursor: ByteCursor
  readonly #struct: StructReader
  readonly #bytesMax: number
  readonly #blocks = new Map<number, Block>()
  readonly #pieces: Uint8Array[] = []
  #isFragile = false
  #piece = new Piece()

  constructor(update: Uint8Array, bytesMax: number) {
    this.#cursor = new ByteCursor(update)
    this.#struct = new StructReader(this.#cursor)
    this.#bytesMax = bytesMax
  }

  cut(applied: PiecesApplied): Uint8Array[] {
    this.#readBlocks()
    if (this.#isFragile && applied === 'one-by-one') return [this.#cursor.bytes]
    const { position } = this.#cursor
    const walk = new CausalWalk<Block>(this.#cursor, this.#struct, {
      find: (client) => this.#blocks.get(client),
      take: (block) => this.#takeStruct(block),
    })
    for (const block of this.#blocks.values()) walk.through(block)
    this.#cursor.position = position
    this.#takeDeletes()
    if (this.#cursor.remaining > 0) {
      throw new ProtocolError('trailing-bytes', 'The update goes on behind its end.')
    }
    this.#endPiece()
    return this.#pieces
  }

  /** Finds where each client's structs lie. They are read again when they are taken, instead of remembered. */
  #readBlocks(): void {
    const cursor = this.#cursor
    const struct = this.#struct
    for (let left = this.#readClientCount(); left > 0; left--) {
      const structsLeft = this.#readCount(structBytesMin)
      const client = cursor.readVarUint()
      const clock = cursor.readVarUint()
      if (this.#blocks.has(client)) throw clientTwice()
      const { position } = cursor
      struct.open(client, clock)
      for (let index = 0; index < structsLeft; index++) {
        const content = (cursor.bytes[cursor.position] ?? 0) & contentMask
        if (content === formatContent || content === typeContent) this.#isFragile = true
        struct.begin()
        struct.finish()
      }
      const clocks = { clock, endClock: struct.end, neededClock: -1 }
      this.#blocks.set(client, { client, ...clocks, position, structsLeft, waiter: undefined })
    }
  }

  #takeStruct({ client, position: start }: Block): void {
    const { clock } = this.#struct
    // A skip is copied like any other: at the edge of a piece it says nothing, and Yjs passes over it.
    this.#take('structs', { client, clock, start, end: this.#cursor.position, count: 1 })
  }

  #takeDeletes(): void {
    const cursor = this.#cursor
    const clients = new Set<number>()
    for (let left = this.#readClientCount(); left > 0; left--) {
      const client = cursor.readVarUint()
      if (clients.has(client)) throw clientTwice()
      clients.add(client)
      for (let deletes = this.#readCount(deleteBytesMin); deletes > 0; deletes--) {
        const start = cursor.position
        cursor.readVarUint()
        cursor.readVarUint()
        this.#take('deletes', { client, clock: undefined, start, end: cursor.position, count: 1 })
      }
    }
  }

  #take(kind: 'structs' | 'deletes', run: Run): void {
    if (this.#piece.byteLength + growthOf(this.#piece[kind], run) > this.#bytesMax) this.#endPiece()
    this.#piece.add(kind, run)
  }

  #endPiece(): void {
    if (this.#piece.structs.size + this.#piece.deletes.size === 0) return
    this.#pieces.push(this.#piece.toBytes(this.#cursor.bytes))
    this.#piece = new Piece()
  }

  #readClientCount(): number {
    const count = this.#readCount(groupBytesMin)
    if (count > documentClientsMax) throw new ProtocolError('too-many-clients', `There are ${count} clients.`)
    return count
  }

  #readCount(bytesMin: number): number {
    const count = this.#cursor.readVarUint()
    if (count * bytesMin <= this.#cursor.remaining) return count
    throw new ProtocolError('truncated', 'The update announces more than there are bytes.')
  }
}

class Piece {
  readonly structs = new Map<number, Run>()
  readonly deletes = new Map<number, Run>()
  /** Beginning with the two numbers of clients. */
  byteLength = 2

  add(kind: 'structs' | 'deletes', next: Run): void {
    const runs = this[kind]
    const run = runs.get(next.client)
    this.byteLength += growthOf(runs, next)
    if (run === undefined) {
      runs.set(next.client, next)
    } else {
      run.end = next.end
      run.count += next.count
    }
  }

  toBytes(update: Uint8Array): Uint8Array {
    const writer = new ByteWriter(this.byteLength)
    for (const runs of [this.structs, this.deletes]) {
      writer.varUint(runs.size)
      // Clients falling, as Yjs writes them.
      for (const run of [...runs.values()].toSorted((a, b) => b.client - a.client)) {
        for (const number of headerOf(run)) writer.varUint(number)
        writer.fixedBytes(update.subarray(run.start, run.end))
      }
    }
    return writer.bytes
  }
}

function headerOf({ client, clock, count }: Run): readonly number[] {
  return clock === undefined ? [client, count] : [count, client, clock]
}

/** By how many bytes a piece grows that takes the next run of a client. */
function growthOf(runs: ReadonlyMap<number, Run>, next: Run): number {
  const byteLength = next.end - next.start
  const run = runs.get(next.client)
  if (run !== undefined) return byteLength + stepBytes(run.count, run.count + next.count)
  const headerBytes = headerOf(next).reduce((sum, number) => sum + varUintByteLength(number), 0)
  return byteLength + headerBytes + stepBytes(runs.size, runs.size + 1)
}

/** By how many bytes a number grows. */
function stepBytes(from: number, to: number): number {
  return varUintByteLength(to) - varUintByteLength(from)
}

function clientTwice(): ProtocolError {
  return new ProtocolError('duplicate-client', 'A client comes twice in one update.')
}
