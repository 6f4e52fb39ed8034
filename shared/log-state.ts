// log-state.ts — what the log of one document holds, from the facts of its updates alone. Knows: the clock that
// comes next for each client, the explicit deletes, the names of roots, how deep types nest; whether an update leaves
// a gap, and whether it adds anything. Must not know: Y.Docs, who may write, or what integration itself deletes; so equal
// states prove nothing about equal documents.

import { createEncoder, toUint8Array, writeUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { decodeUtf8 } from 'lib0/string'

import { ByteCursor } from './byte-cursor.ts'
import { CausalOrder } from './causal-order.ts'
import { numberAt } from './client-groups.ts'
import { IdRanges } from './id-ranges.ts'
import {
  clockMax,
  documentClientsMax,
  documentDeletesMax,
  documentRootsMax,
  rootNameBytesMax,
  typeDepthMax,
} from './limits.ts'
import { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts'
import { RangeList } from './range-list.ts'
import { encodeStateVector, readClocks, type StateVector } from './state-vector.ts'
import { TypeDepths } from './type-depths.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts, UpdateLimits } from './update-reader.ts'

/** All that many updates brought may be more than one may bring. */
const snapshotLimits: UpdateLimits = {
  clientsMax: documentClientsMax,
  rootsMax: documentRootsMax,
  subdocumentsMax: Number.POSITIVE_INFINITY,
  typeDepthMax: Number.POSITIVE_INFINITY,
}

/** The first thing found that an update needs and neither the log nor the update itself has. */
export interface Gap {
  /** What needs it: a struct that follows it, one that names it, or a delete of it. */
  readonly reason: 'clock' | 'reference' | 'delete'
  readonly client: number
  readonly clock: number
}

export class LogState {
  readonly #clocks = new Map<number, number>()
  readonly #deletes = new IdRanges()
  readonly #rootNames = new Set<string>()
  readonly #depths = new TypeDepths()
  /** Of the update that was asked about last, until one is taken up. */
  #weighed: { readonly facts: UpdateFacts; readonly order: CausalOrder } | undefined
  /** Of many clients it is long, and asked for at each join and each gap: made once until a clock moves. */
  #stateVector: Uint8Array | undefined

  /** The clock that comes next for a client: all before it are in the log. */
  clockOf(client: number): number {
    return this.#clocks.get(client) ?? 0
  }

  get clocks(): StateVector {
    return this.#clocks
  }

  /** To the byte what `Y.encodeStateVector` gives for a Y.Doc that applied the same updates. */
  stateVector(): Uint8Array {
    this.#stateVector ??= encodeStateVector(this.#clocks)
    return this.#stateVector
  }

  /**
   * What keeps the update from being whole on top of this log: exactly when a Y.Doc that holds the log would
   * keep part of the update as pending. Such an update may not enter the log: the log would hold a hole, and
   * a Y.Doc meanwhile applies the deletes, so that a key vanishes before its new value is there.
   */
  gapOf(facts: UpdateFacts): Gap | undefined {
    return gapAbove(this.#clocks, facts)
  }

  /** Whether the log already holds every struct and every delete of the update. */
  addsNothing(facts: UpdateFacts): boolean {
    return (
      facts.structs.everyRun((client, _from, to) => to <= this.clockOf(client)) &&
      this.#deletes.hasAll(facts.deletes)
    )
  }

  /** The limit of documents that the update would break, if it would. [B1] */
  limitBrokenBy(facts: UpdateFacts): ProtocolErrorCode | undefined {
    let clientCount = this.#clocks.size
    facts.structs.everyRun((client, from) => {
      // Of the parts of a new client only the first begins at nothing.
      if (from === 0 && !this.#clocks.has(client)) clientCount += 1
      return true
    })
    if (clientCount > documentClientsMax) return 'too-many-clients'
    let rootCount = this.#rootNames.size
    for (const name of facts.rootNames) if (!this.#rootNames.has(name)) rootCount += 1
    if (rootCount > documentRootsMax) return 'too-many-roots'
    const deleteCount = this.#deletes.length + facts.deletes.length
    // The exact number takes a search for each range, so it is worked out only where it can matter.
    if (deleteCount > documentDeletesMax && this.#deletes.lengthWith(facts.deletes) > documentDeletesMax) {
      return 'too-many-deletes'
    }
    if (!this.#mayDeepen(facts) || this.#weigh(facts).deepest <= typeDepthMax) return undefined
    this.#weighed = undefined
    return 'too-deep'
  }

  /**
   * Where all lies in roots, only what makes a type within a type can lie elsewhere; and nothing can that goes on right
   * where its client stopped.
   */
  #mayDeepen({ whereabouts, structs }: UpdateFacts): boolean {
    if (whereabouts === 'nested' || this.#depths.isFlat) return whereabouts === 'nested'
    return whereabouts === 'elsewhere' || !structs.everyRun((client, from) => from === this.clockOf(client))
  }

  #weigh(facts: UpdateFacts): CausalOrder {
    if (this.#weighed?.facts === facts) return this.#weighed.order
    const order = CausalOrder.withDepths(facts.bytes, {
      clockOf: (client) => this.clockOf(client),
      depthAt: (client, clock) => this.#depths.depthAt(client, clock),
    })
    this.#weighed = { facts, order }
    return order
  }

  /** Of a log's beginning. What a lost piece leaves a gap in is not in it until replicas have given that back. */
  static ofSnapshot(pieces: readonly Uint8Array[]): LogState {
    const state = new LogState()
    for (const piece of pieces) state.addIfWhole(readUpdate(piece, snapshotLimits))
    return state
  }

  addIfWhole(facts: UpdateFacts): boolean {
    if (this.gapOf(facts) !== undefined) return false
    this.add(facts)
    return true
  }

  /** Takes up an update that is in the log and leaves no gap. */
  add(facts: UpdateFacts): void {
    // While the clocks still tell what came before.
    if (this.#mayDeepen(facts)) this.#addDepths(this.#weigh(facts))
    this.#weighed = undefined
    facts.structs.everyRun((client, from, to) => {
      const clock = this.clockOf(client)
      if (from > clock) throw new Error('An update with a gap was added to the log.')
      if (to > clock) {
        this.#clocks.set(client, to)
        this.#stateVector = undefined
      }
      return true
    })
    this.#deletes.add(facts.deletes)
    for (const name of facts.rootNames) this.#rootNames.add(name)
  }

  #addDepths(order: CausalOrder): void {
    order.everyDepthChange((client, clock, depth, endClock) => {
      const known = this.clockOf(client)
      if (endClock > known) this.#depths.deepen(client, Math.max(clock, known), depth)
    })
  }

  /**
   * State vector, deletes (each range as its distance from the one before and its length), names of roots, depths (each
   * change as its distance from the one before and the depth from there on).
   */
  toBytes(): Uint8Array {
    const encoder = createEncoder()
    writeUint8Array(encoder, this.stateVector())
    writeVarUint(encoder, this.#deletes.clientCount)
    this.#deletes.toRangeList().everyClient((client, bounds, start, end) => {
      writeVarUint(encoder, client)
      writeVarUint(encoder, (end - start) / 2)
      let last = 0
      for (let index = start; index < end; index += 2) {
        const to = numberAt(bounds, index + 1)
        writeVarUint(encoder, numberAt(bounds, index) - last)
        writeVarUint(encoder, to - numberAt(bounds, index))
        last = to
      }
      return true
    })
    writeVarUint(encoder, this.#rootNames.size)
    for (const name of this.#rootNames) writeVarString(encoder, name)
    writeVarUint(encoder, this.#depths.clientCount)
    for (const [client, changes] of this.#depths) {
      writeVarUint(encoder, client)
      writeVarUint(encoder, changes.length)
      let last = 0
      for (const [clock, depth] of changes) {
        writeVarUint(encoder, clock - last)
        writeVarUint(encoder, depth)
        last = clock
      }
    }
    return toUint8Array(encoder)
  }

  /**
   * Reads what `toBytes` wrote; undefined for what it wrote before it wrote depths. A disk may hand back anything: throws
   * ProtocolError and nothing else. [W1]
   */
  static fromBytes(bytes: Uint8Array): LogState | undefined {
    const cursor = new ByteCursor(bytes)
    const state = new LogState()
    for (const [client, clock] of readClocks(cursor)) state.#clocks.set(client, clock)
    state.#deletes.add(readDeletes(cursor))
    for (let left = cursor.readVarUint(); left > 0; left--) state.#rootNames.add(readRootName(cursor))
    if (cursor.remaining === 0) return undefined
    readDepths(cursor, state.#depths)
    if (cursor.remaining > 0) throw new ProtocolError('trailing-bytes', 'The state goes on behind its end.')
    return state
  }
}

/** What keeps an update from being whole on top of all that is before these clocks. */
export function gapAbove(clocks: StateVector, facts: UpdateFacts): Gap | undefined {
  const reached = new Map<number, number>()
  const clockOf = (client: number): number => reached.get(client) ?? clocks.get(client) ?? 0
  let gap: Gap | undefined
  facts.structs.everyRun((client, from, to) => {
    const clock = clockOf(client)
    if (from > clock) {
      gap = { reason: 'clock', client, clock }
      return false
    }
    reached.set(client, Math.max(clock, to))
    return true
  })
  if (gap !== undefined) return gap
  for (const [client, end] of facts.references) {
    const clock = clockOf(client)
    if (end > clock) return { reason: 'reference', client, clock }
  }
  facts.deletes.everyClient((client, bounds, start, end) => {
    const clock = clockOf(client)
    for (let index = start + 1; index < end; index += 2) {
      if (numberAt(bounds, index) > clock) {
        gap = { reason: 'delete', client, clock }
        return false
      }
    }
    return true
  })
  return gap
}

function readDeletes(cursor: ByteCursor): RangeList {
  const deletes = new RangeList()
  for (let clients = cursor.readVarUint(); clients > 0; clients--) {
    const client = cursor.readVarUint()
    let last = 0
    for (let ranges = cursor.readVarUint(); ranges > 0; ranges--) {
      const from = last + cursor.readVarUint()
      last = from + cursor.readVarUint()
      if (last > clockMax) throw new ProtocolError('clock-too-large', `A clock is larger than ${clockMax}.`)
      if (last === from) throw new ProtocolError('empty-run', 'A delete has no length.')
      deletes.append(client, from, last)
    }
  }
  return deletes
}

function readDepths(cursor: ByteCursor, depths: TypeDepths): void {
  for (let clients = cursor.readVarUint(); clients > 0; clients--) {
    const client = cursor.readVarUint()
    let clock = 0
    for (let left = cursor.readVarUint(); left > 0; left--) {
      clock += cursor.readVarUint()
      if (clock > clockMax) throw new ProtocolError('clock-too-large', `A clock is larger than ${clockMax}.`)
      depths.deepen(client, clock, cursor.readVarUint())
    }
  }
}

function readRootName(cursor: ByteCursor): string {
  const length = cursor.readByteLength()
  if (length > rootNameBytesMax) throw new ProtocolError('too-long', 'The name of a root is too long.')
  const start = cursor.position
  cursor.skipText(length)
  return decodeUtf8(cursor.bytes.subarray(start, cursor.position))
}
