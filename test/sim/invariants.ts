// invariants.ts — the rules, checked against the relay's disk: what is said is there [D1] [D2], what is read back is
// the document [C2], who is quiet agrees [C1]. Knows: the truth of the disk, frames of both wires as they leave the
// relay, the Y.Docs of all replicas. Must not know: any machine's own opinion.
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding'
import * as Y from 'yjs'
import { Reassembly } from '../../shared/fragments.ts'
import { decodeFrame, decodeMessage } from '../../shared/wire.ts'
import { NativeReplica } from './native-replica.ts'
import type { Line, Network } from './network.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Replica } from './replica.ts'
import { areEqual, differenceOf, newDoc, whatLacks } from './truth.ts'
import { BrokenRule } from './world.ts'
import type { World } from './world.ts'

const stock = { sync: 0, awareness: 1, step1: 0, step2: 1, update: 2 } as const
/** What may still be handed to a reader that takes no more: what was being read for it. */
const framesWhileFullMax = 16
const remembersMax = 6

/** A cursor that somebody may have kept: what the document was at a position. */
type Remembered = { readonly document: string; readonly position: number; readonly update: Uint8Array }

export class Invariants {
  readonly #world: World
  readonly #relay: SimulatedRelay
  readonly #replicas: readonly Replica[]
  #remembered: Remembered[] = []
  readonly #natives = new Map<string, NativeReplica>()
  readonly #reassemblies = new WeakMap<Line, Reassembly>()
  #rememberedOf: unknown

  constructor(world: World, network: Network, relay: SimulatedRelay, replicas: readonly Replica[]) {
    this.#world = world
    this.#relay = relay
    this.#replicas = replicas
    for (const replica of replicas)
      if (replica instanceof NativeReplica) this.#natives.set(replica.name, replica)
    world.afterEach = () => this.#afterEach()
    network.relaySaid = (line, frame) => this.#relaySaid(line, frame)
  }

  /** Of a line by its name: which document it is about, and on which wire. */
  #documentOf(line: Line): string {
    const replica = this.#replicas.find(({ name }) => name === line.name)
    if (replica === undefined) throw new Error(`Nobody is called ${line.name}.`)
    return replica.document
  }

  #afterEach(): void {
    for (const replica of this.#natives.values()) this.#checkLedger(replica)
    const { truth } = this.#relay
    if (this.#world.events % 16 === 0) for (const document of truth.documents) truth.hasHole(document)
    if (this.#world.events % 64 === 0) this.#remember()
  }

  #checkLedger({ ledger, name, document }: NativeReplica): void {
    if (!this.#relay.truth.hasHole(document)) ledger.check(name, () => this.#relay.truth.of(document))
  }

  // What the relay says.

  #relaySaid(line: Line, frame: Uint8Array): void {
    const native = this.#natives.get(line.name)
    if (native !== undefined) return this.#nativeSaid(native, line, frame)
    const decoder = createDecoder(frame)
    const type = readVarUint(decoder)
    if (type === stock.awareness) return
    if (type !== stock.sync) throw new BrokenRule('W1', `${line.name} is sent a message of type ${type}.`)
    const step = readVarUint(decoder)
    const body = readVarUint8Array(decoder)
    if (decoder.pos !== frame.length) throw new BrokenRule('W1', `${line.name} is sent a frame with a rest.`)
    if (step === stock.step1) return
    this.#countWhileFull(line)
    this.mustBeDurable(this.#documentOf(line), body, line.name)
  }

  #nativeSaid(replica: NativeReplica, line: Line, frame: Uint8Array): void {
    let reassembly = this.#reassemblies.get(line)
    if (reassembly === undefined) {
      reassembly = new Reassembly()
      this.#reassemblies.set(line, reassembly)
    }
    for (const part of decodeFrame(frame)) {
      const bytes = part.type === 'fragment' ? reassembly.take(part) : undefined
      const message = bytes === undefined ? part : decodeMessage(bytes)
      if (message?.type === 'piece' || message?.type === 'delivery') this.#countWhileFull(line)
      if (message?.type === 'piece') this.mustBeDurable(replica.document, message.update, line.name)
      else if (message?.type === 'delivery')
        for (const update of message.updates) this.mustBeDurable(replica.document, update, line.name)
      else if (message?.type === 'ack')
        for (const { from, count } of message.ranges)
          for (let counter = from; counter < from + count; counter++) this.#acked(replica, counter)
    }
  }

  /** What is asked or acked answers what the reader itself has sent; only content piles up by others' doing. [B1] */
  #countWhileFull(line: Line): void {
    if (!line.isToldFull) return
    line.framesWhileFull += 1
    if (line.framesWhileFull > framesWhileFullMax)
      throw new BrokenRule('B1', `${line.name} takes no more, and is sent ${line.framesWhileFull} frames.`)
  }

  #acked(replica: NativeReplica, counter: number): void {
    const update = replica.pushed.get(counter)
    if (update === undefined)
      throw new BrokenRule('D1', `${replica.name} is acked ${counter}, which it never sent.`)
    if (this.#relay.truth.hasHole(replica.document)) return
    const lacks = whatLacks(this.#relay.truth.of(replica.document), update)
    if (lacks !== undefined)
      throw new BrokenRule('D1', `${replica.name} is acked ${counter}, and ${lacks} is not on the disk.`)
  }

  /** An ack, an echo or a delivery: once it has left, no crash may un-say it. [D1] [D2] */
  mustBeDurable(document: string, update: Uint8Array, hearer: string): void {
    if (this.#relay.truth.hasHole(document)) return
    const lacks = whatLacks(this.#relay.truth.of(document), update)
    if (lacks !== undefined)
      throw new BrokenRule('D2', `${hearer} is told of ${lacks} in «${document}», which is not on the disk.`)
  }

  // Cursors.

  #remember(): void {
    const { truth } = this.#relay
    if (this.#rememberedOf !== truth) this.#remembered = []
    this.#rememberedOf = truth
    const documents = [...truth.documents]
    if (documents.length === 0) return
    const document = this.#world.chance.oneOf(documents)
    if (truth.hasHole(document)) return
    const doc = truth.of(document)
    if (this.#remembered.length >= remembersMax)
      this.#remembered.splice(this.#world.chance.between(0, remembersMax - 1), 1)
    this.#remembered.push({ document, position: truth.last(document), update: Y.encodeStateAsUpdate(doc) })
  }

  // The end.

  /** What still keeps the world from being at rest, or nothing. Cheap where it is far from it. */
  whyNotAtRest(): string | undefined {
    if (!this.#relay.isUp) return 'the relay is down'
    if (this.#relay.disk.waiting > 0) return 'the disk is writing'
    for (const { shown, document, name, isAtRest } of this.#replicas) {
      if (!isAtRest) return `${name} has something to do`
      if (shown === undefined) continue
      const truth = this.#relay.truth.of(document)
      if (!haveEqualClocks(shown, truth)) return `${name} has other clocks than the log of «${document}»`
      if (!areEqual(shown, truth)) return `${name} has other deletes than the log of «${document}»`
    }
    return undefined
  }

  /** For whoever reads the failure: who differs from the log in what. */
  differences(): string {
    const told = this.#replicas.map(({ shown, name, document }) => {
      if (shown === undefined) return undefined
      const difference = differenceOf(shown, this.#relay.truth.of(document))
      return difference === undefined ? undefined : `${name}: ${difference} in the log`
    })
    return told.filter((one) => one !== undefined).join('; ')
  }

  checkAtTheEnd(): void {
    const { truth } = this.#relay
    for (const document of truth.recorded()) {
      const difference = differenceOf(truth.replay(document), truth.of(document))
      if (difference !== undefined)
        throw new BrokenRule(
          'C2',
          `The log of «${document}», read from its beginning, differs: ${difference}.`,
        )
    }
    for (const replica of this.#natives.values()) {
      const difference = differenceOf(replica.stored(), truth.of(replica.document))
      if (difference !== undefined)
        throw new BrokenRule('C2', `${replica.name} has other rows than it shows: ${difference}.`)
    }
    if (this.#rememberedOf !== truth) return
    for (const { document, position, update } of this.#remembered) {
      if (position < truth.servedFrom(document)) continue
      const doc = newDoc()
      Y.applyUpdate(doc, update)
      for (const row of truth.rowsAfter(document, position)) Y.applyUpdate(doc, row.update)
      const difference = differenceOf(doc, truth.of(document))
      if (difference !== undefined)
        throw new BrokenRule(
          'C2',
          `The log of «${document}» after ${position} leads elsewhere: ${difference}.`,
        )
    }
  }
}

function haveEqualClocks(left: Y.Doc, right: Y.Doc): boolean {
  const { clients } = left.store
  if (clients.size !== right.store.clients.size) return false
  for (const client of clients.keys())
    if (Y.getState(left.store, client) !== Y.getState(right.store, client)) return false
  return true
}
