// update-reader.ts — reads a Yjs V1 update as it streams by, makes no Yjs object, and says what it holds, or
// throws ProtocolError and nothing else. [W1] [B1] Knows: everything that makes Yjs throw, hang, grow or read
// differently on two peers, which is refused. Must not know: what a log holds, who sent the bytes, who may.
// A void (GC or ContentDeleted) is no proof of malice: Yjs collects garbage before it tells of a transaction, so
// what an author inserts and deletes in one transaction arrives as voids at the author's own new clocks.
// Refused is only what no Yjs writes. Clients may come in any order: today's versions sort them falling, older
// ones did not sort the deleters (yjs#439), ports need not, and every reader takes both.

import { decodeUtf8 } from 'lib0/string'

import { ByteCursor } from './byte-cursor.ts'
import { CausalOrder } from './causal-order.ts'
import { DepthChanges } from './depth-changes.ts'
import { clockMax, typeDepthMax, updateClientsMax, updateRootsMax, updateSubdocumentsMax } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { RangeList, type ReadonlyRangeList } from './range-list.ts'
import { type ReadonlySpanList, SpanList } from './span-list.ts'
import { clockTooLarge, structBytesMin, StructReader } from './struct-reader.ts'
import { shallowest } from './type-depths.ts'

export interface UpdateLimits {
  readonly clientsMax: number
  readonly rootsMax: number
  readonly subdocumentsMax: number
  readonly typeDepthMax: number
}

export interface UpdateFacts {
  /** The clocks for which the update has structs, which of them hold nothing, and which it says it does not have. */
  readonly structs: ReadonlySpanList
  /** Explicit deletes, rising and disjoint for each client. An integration may delete more. */
  readonly deletes: ReadonlyRangeList
  /**
   * For each client one past the highest clock that a struct of another client names as origin, right origin or
   * parent. A client's references to itself are all below its run and so are there when its run is no gap.
   */
  readonly references: ReadonlyMap<number, number>
  readonly rootNames: ReadonlySet<string>
  readonly structCount: number
  readonly subdocumentCount: number
  readonly whereabouts: Whereabouts
  /** What was read: where its structs lie is asked of it again, if a log has to know. */
  readonly bytes: Uint8Array
}

/**
 * Of all structs: each lies in the type in which its client wrote the one before; some may lie in another; some are
 * the first in a type that lies in another.
 */
export type Whereabouts = 'beside' | 'elsewhere' | 'nested'

const defaultLimits: UpdateLimits = {
  clientsMax: updateClientsMax,
  rootsMax: updateRootsMax,
  subdocumentsMax: updateSubdocumentsMax,
  typeDepthMax,
}

/** A client's structs: how many, which client, the first clock, and one struct. */
const blockBytesMin = 3 + structBytesMin

/** A range: its clock and its length. */
const deleteBytesMin = 2

/** A client's deletes: which client, how many, and one range. */
const deleterBytesMin = 2 + deleteBytesMin

const noRanges: ReadonlyRangeList = new RangeList()
const noReferences: ReadonlyMap<number, number> = new Map()
const noNames: ReadonlySet<string> = new Set()

export function readUpdate(bytes: Uint8Array, limits: UpdateLimits = defaultLimits): UpdateFacts {
  return new UpdateReading(bytes, limits).read()
}

class UpdateReading {
  readonly #cursor: ByteCursor
  readonly #struct: StructReader
  readonly #limits: UpdateLimits
  readonly #spans = new SpanList()
  #references: Map<number, number> | undefined
  /** The reference noted last: most structs of an update name neighbours of one other client. */
  #referredClient: number | undefined
  #referredEnd = 0
  #rootNames: Set<string> | undefined
  /** Where the name of the root noted last lies: most structs of an update with roots name the same one. */
  #rootStart = 0
  #rootEnd = -1
  #structCount = 0
  #subdocumentCount = 0
  #nestingCount = 0
  #isBeside = true
  /** Of an update of several clients. */
  #order: CausalOrder | undefined
  /** Of an update of one client, from its first type within a type on. */
  #depths: DepthChanges | undefined
  #deepest = shallowest
  /** What refers out of the update counts as lying in a root. */
  readonly #depthAt = (client: number, clock: number): number =>
    client === this.#struct.client ? (this.#depths?.at(clock, shallowest) ?? shallowest) : shallowest

  constructor(bytes: Uint8Array, limits: UpdateLimits) {
    this.#cursor = new ByteCursor(bytes)
    this.#struct = new StructReader(this.#cursor)
    this.#limits = limits
  }

  read(): UpdateFacts {
    this.#readBlocks()
    // Each struct nests at most one level deeper.
    this.#order?.check(this.#nestingCount >= this.#limits.typeDepthMax)
    if (Math.max(this.#deepest, this.#order?.deepest ?? 0) > this.#limits.typeDepthMax) {
      throw new ProtocolError('too-deep', 'Types nest too deep.')
    }
    const deletes = this.#readDeletes()
    if (this.#cursor.remaining > 0) {
      throw new ProtocolError('trailing-bytes', 'The update goes on behind its end.')
    }
    return {
      structs: this.#spans,
      deletes,
      references: this.#references ?? noReferences,
      rootNames: this.#rootNames ?? noNames,
      structCount: this.#structCount,
      subdocumentCount: this.#subdocumentCount,
      whereabouts: this.#nestingCount > 0 ? 'nested' : this.#isBeside ? 'beside' : 'elsewhere',
      bytes: this.#cursor.bytes,
    }
  }

  #readBlocks(): void {
    const cursor = this.#cursor
    const clientCount = cursor.readVarUint()
    this.#checkClientCount(clientCount, blockBytesMin)
    let lastClient: number | undefined
    for (let block = 0; block < clientCount; block++) {
      const structCount = cursor.readVarUint()
      if (structCount === 0) throw new ProtocolError('empty-run', 'A client has no structs.')
      // Yjs makes an array of this length before it reads the first of them.
      if (structCount * structBytesMin > cursor.remaining) {
        throw new ProtocolError('too-many-structs', 'More structs are announced than there are bytes.')
      }
      const client = cursor.readVarUint()
      if (client === lastClient) throw clientTwice()
      lastClient = client
      const clock = cursor.readVarUint()
      if (clock >= clockMax) throw clockTooLarge()
      this.#readBlock(client, clock, structCount, clientCount > 1)
    }
    if (this.#spans.hasClientTwice()) throw clientTwice()
  }

  #readBlock(client: number, clock: number, structCount: number, isOneOfSeveral: boolean): void {
    const struct = this.#struct
    const position = this.#cursor.position
    const nestingCount = this.#nestingCount
    let refersToOthers = false
    struct.open(client, clock)
    for (let index = 0; index < structCount; index++) {
      struct.begin()
      struct.finish()
      this.#spans.append(client, struct.clock, struct.end, struct.kind)
      if (this.#noteReferences(client)) refersToOthers = true
      if (!isOneOfSeveral && (struct.isNested || this.#depths !== undefined)) this.#noteDepth()
      if (!struct.isBeside) this.#isBeside = false
      if (struct.rootStart !== -1) this.#noteRoot()
      if (struct.isSubdocument) this.#noteSubdocument()
    }
    this.#structCount += structCount
    if (isOneOfSeveral && (refersToOthers || this.#nestingCount > nestingCount)) {
      this.#order ??= new CausalOrder(this.#cursor.bytes)
      this.#order.addBlock(client, clock, struct.end, position, structCount)
    }
  }

  /** One client's structs cannot wait for each other: how deep each lies is known as it comes. */
  #noteDepth(): void {
    const struct = this.#struct
    this.#depths ??= new DepthChanges()
    const depth = struct.depth(this.#depthAt)
    if (depth === undefined || depth === this.#depths.last(shallowest)) return
    this.#depths.add(struct.clock, depth)
    this.#deepest = Math.max(this.#deepest, depth)
  }

  /** Whether the struct that was read last refers to other clients than its own. */
  #noteReferences(client: number): boolean {
    const { originClient, originClock, rightClient, rightClock, parentClient, parentClock } = this.#struct
    let refersToOthers = false
    if (originClient !== undefined && originClient !== client) {
      this.#noteReference(originClient, originClock)
      refersToOthers = true
    }
    if (rightClient !== undefined && rightClient !== client) {
      this.#noteReference(rightClient, rightClock)
      refersToOthers = true
    }
    if (parentClient !== undefined) {
      this.#nestingCount += 1
      if (parentClient !== client) {
        this.#noteReference(parentClient, parentClock)
        refersToOthers = true
      }
    }
    return refersToOthers
  }

  #noteReference(client: number, clock: number): void {
    if (client === this.#referredClient && clock < this.#referredEnd) return
    this.#references ??= new Map()
    const end = Math.max(this.#references.get(client) ?? 0, clock + 1)
    this.#references.set(client, end)
    this.#referredClient = client
    this.#referredEnd = end
  }

  #noteRoot(): void {
    const { bytes } = this.#cursor
    const { rootStart, rootEnd } = this.#struct
    if (this.#rootEnd - this.#rootStart === rootEnd - rootStart) {
      let index = rootStart
      while (index < rootEnd && bytes[index] === bytes[this.#rootStart + index - rootStart]) index += 1
      if (index === rootEnd) return
    }
    this.#rootStart = rootStart
    this.#rootEnd = rootEnd
    this.#rootNames ??= new Set()
    this.#rootNames.add(decodeUtf8(bytes.subarray(rootStart, rootEnd)))
    if (this.#rootNames.size > this.#limits.rootsMax) {
      throw new ProtocolError('too-many-roots', 'The update names too many roots.')
    }
  }

  #noteSubdocument(): void {
    this.#subdocumentCount += 1
    if (this.#subdocumentCount > this.#limits.subdocumentsMax) {
      throw new ProtocolError('too-many-subdocuments', 'The update makes too many subdocuments.')
    }
  }

  #readDeletes(): ReadonlyRangeList {
    const cursor = this.#cursor
    const clientCount = cursor.readVarUint()
    if (clientCount === 0) return noRanges
    this.#checkClientCount(clientCount, deleterBytesMin)
    const deletes = new RangeList()
    let lastClient: number | undefined
    for (let deleter = 0; deleter < clientCount; deleter++) {
      const client = cursor.readVarUint()
      if (client === lastClient) throw clientTwice()
      lastClient = client
      const rangeCount = cursor.readVarUint()
      if (rangeCount === 0) throw new ProtocolError('empty-run', 'A client has no deletes.')
      if (rangeCount * deleteBytesMin > cursor.remaining) {
        throw new ProtocolError('too-many-deletes', 'More deletes are announced than there are bytes.')
      }
      let last = 0
      for (let index = 0; index < rangeCount; index++) {
        const clock = cursor.readVarUint()
        const length = cursor.readVarUint()
        if (length === 0) throw new ProtocolError('empty-run', 'A delete has no length.')
        if (clock >= clockMax || length > clockMax - clock) throw clockTooLarge()
        // Yjs keeps deletes that wait as differences of clocks, and garbles those that fall.
        if (clock < last) throw new ProtocolError('out-of-order', 'The deletes of a client overlap or fall.')
        last = clock + length
        deletes.append(client, clock, last)
      }
    }
    if (deletes.hasClientTwice()) throw clientTwice()
    return deletes
  }

  #checkClientCount(clientCount: number, bytesMin: number): void {
    if (clientCount > this.#limits.clientsMax || clientCount * bytesMin > this.#cursor.remaining) {
      throw new ProtocolError('too-many-clients', `The update announces ${clientCount} clients.`)
    }
  }
}

/** Of two blocks of one client Yjs applies the second and forgets the first, but merges both. */
function clientTwice(): ProtocolError {
  return new ProtocolError('duplicate-client', 'A client comes twice in one update.')
}
