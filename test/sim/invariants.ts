// invariants.ts — the rules, checked against the relay's disk: what is said is there [D1] [D2], and to whom [S1], what is
// read back is the document [C2], who is quiet agrees [C1]. Knows: the truth of the disk, frames of both wires as they
// leave the relay, the Y.Docs of all replicas. Must not know: any machine's own opinion.
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding'
import * as Y from 'yjs'
import { equalBytes } from '../../shared/equal-bytes.ts'
import { Reassembly } from '../../shared/fragments.ts'
import { messageNumber } from '../../shared/message.ts'
import type { Message } from '../../shared/message.ts'
import { decodeFrame, decodeMessage } from '../../shared/wire.ts'
import { AnswerWatch } from './answer-watch.ts'
import type { Authority } from './authority.ts'
import { checkDevice } from './device-checks.ts'
import { NativeTab } from './native-tab.ts'
import type { Line, Network } from './network.ts'
import type { PresenceWatch } from './presence-watch.ts'
import type { SimulatedRelay } from './relay.ts'
import type { Replica } from './replica.ts'
import { areEqual, differenceOf, newDoc } from './truth.ts'
import type { Truth } from './truth.ts'
import { BrokenRule } from './world.ts'
import type { World } from './world.ts'

const stock = { sync: 0, awareness: 1, step1: 0, step2: 1, update: 2 } as const
/** What may still be handed to a reader that takes no more: what was being read for it. */
const framesWhileFullMax = 16
/** What only who may read a document may hear. */
const documentWords: ReadonlySet<Message['type']> = new Set([
  'opened',
  'piece',
  'delivery',
  'caughtUp',
  'ack',
  'compared',
  'presence',
  'missing',
])
const remembersMax = 6

/** A cursor that somebody may have kept: what the document was at a position. */
type Remembered = {
  readonly document: string
  readonly epoch: Uint8Array
  readonly position: number
  readonly update: Uint8Array
}

/** Who is measured, and against what. */
export type Measured = {
  /** Grows while the world lives. */
  readonly replicas: readonly Replica[]
  readonly authority: Authority
  readonly watch: PresenceWatch
}

export class Invariants {
  readonly #world: World
  readonly #relay: SimulatedRelay
  readonly #replicas: readonly Replica[]
  readonly #authority: Authority
  readonly #watch: PresenceWatch
  readonly #answers: AnswerWatch
  #remembered: Remembered[] = []
  readonly #reassemblies = new WeakMap<Line, Reassembly>()
  /** What stock clients have said: to be told of it again is no content for them. */
  readonly #unechoed = new WeakMap<Line, Set<string>>()
  #rememberedOf: unknown
  /** How long the token lasts that was accepted last. */
  readonly #tokenMs = new WeakMap<Line, number>()

  constructor(
    world: World,
    network: Network,
    relay: SimulatedRelay,
    { replicas, authority, watch }: Measured,
  ) {
    this.#world = world
    this.#relay = relay
    this.#replicas = replicas
    this.#authority = authority
    this.#watch = watch
    this.#answers = new AnswerWatch(relay)
    world.afterEach = () => this.#afterEach()
    network.relaySaid = (line, frame) => this.#relaySaid(line, frame)
    relay.digestDiffered = () => this.#digestDiffered()
    network.relayHeard = (line, frame) => this.#relayHeard(line, frame)
  }

  /** Of a line by its name: which document it is about, and on which wire. */
  #replicaOf({ name }: Line): Replica {
    const replica = this.#replicas.find((one) => one.name === name)
    if (replica === undefined) throw new Error(`Nobody is called ${name}.`)
    return replica
  }

  get #natives(): readonly NativeTab[] {
    return this.#replicas.filter((replica) => replica instanceof NativeTab)
  }

  #afterEach(): void {
    const natives = this.#natives
    for (const { ledger, name } of natives) ledger.checkSaved(name)
    if (this.#world.events % 32 === 0) natives[(this.#world.events / 32) % natives.length]?.device.check()
    const { truth } = this.#relay
    if (this.#world.events % 16 === 0) for (const document of truth.documents) truth.hasHole(document)
    if (this.#world.events % 64 === 0) {
      this.#answers.check()
      this.#remember()
    }
  }

  /**
   * Whoever is healed by a comparison had diverged before, and nobody may; but for someone who holds what the relay's
   * disk lost and has no right to give it back, or had none when it came back. [C1]
   */
  #digestDiffered(): void {
    const someOnlyReads = this.#natives.some(({ status }) => status?.mayWrite === false)
    if (!this.#relay.hasLostSomething || !(someOnlyReads || this.#authority.hasTakenRights))
      this.#world.fail(new BrokenRule('C1', `A comparison found a difference. ${this.#rowDifferences()}`))
  }

  // What the relay says.

  #relaySaid(line: Line, frame: Uint8Array): void {
    const replica = this.#replicaOf(line)
    if (replica instanceof NativeTab) return this.#nativeSaid(replica, line, frame)
    const decoder = createDecoder(frame)
    const type = readVarUint(decoder)
    if (type === stock.awareness) return
    if (type !== stock.sync) throw new BrokenRule('W1', `${line.name} is sent a message of type ${type}.`)
    const step = readVarUint(decoder)
    const body = readVarUint8Array(decoder)
    if (decoder.pos !== frame.length) throw new BrokenRule('W1', `${line.name} is sent a frame with a rest.`)
    if (step === stock.step1) return
    if (this.#unechoed.get(line)?.delete(String(body)) !== true) this.#countWhileFull(line)
    this.mustBeDurable(replica.document, body, line.name)
  }

  #relayHeard(line: Line, frame: Uint8Array): void {
    const replica = this.#replicaOf(line)
    if (!(replica instanceof NativeTab)) return this.#heardOfStock(line, frame)
    if (frame[0] !== messageNumber.presence && frame[0] !== messageNumber.filed) return
    for (const message of decodeFrame(frame))
      if (message.type === 'presence') this.#watch.relayHeard(replica.device.name, message.entries)
      else if (message.type === 'filed') this.#answers.relayHeard(replica.device, message.entries)
  }

  #heardOfStock(line: Line, frame: Uint8Array): void {
    const decoder = createDecoder(frame)
    if (readVarUint(decoder) !== stock.sync || readVarUint(decoder) === stock.step1) return
    const unechoed = this.#unechoed.get(line) ?? new Set()
    this.#unechoed.set(line, unechoed.add(String(readVarUint8Array(decoder))))
  }

  #nativeSaid(replica: NativeTab, line: Line, frame: Uint8Array): void {
    let reassembly = this.#reassemblies.get(line)
    if (reassembly === undefined) {
      reassembly = new Reassembly()
      this.#reassemblies.set(line, reassembly)
    }
    for (const part of decodeFrame(frame)) {
      const bytes = part.type === 'fragment' ? reassembly.take(part) : undefined
      const message = bytes === undefined ? part : decodeMessage(bytes)
      if (message !== undefined) this.#checkSaid(replica, line, message)
    }
  }

  #checkSaid(replica: NativeTab, line: Line, message: Message): void {
    const isAboutDocument = documentWords.has(message.type)
    if (isAboutDocument && !this.#authority.mayRead(replica.device.subject))
      throw new BrokenRule('S1', `${line.name} may read nothing, and is told «${message.type}».`)
    switch (message.type) {
      case 'piece':
        this.#countWhileFull(line)
        return this.mustBeDurable(replica.document, message.update, line.name)
      case 'delivery':
        this.#countWhileFull(line)
        for (const update of message.updates) this.mustBeDurable(replica.document, update, line.name)
        return undefined
      case 'ack':
        for (const { from, count } of message.ranges)
          for (let counter = from; counter < from + count; counter++) this.#acked(replica, counter)
        return undefined
      case 'refused':
        return this.#answers.relaySaid(replica.device, message.entries)
      case 'presence':
        return this.#watch.relaySaid(line.name, message.entries)
      case 'authenticated':
        this.#tokenMs.set(line, message.expiresInMs)
        return undefined
      case 'authExpiring':
        return this.#warned(line, message.inMs)
      default:
        return undefined
    }
  }

  /** Whoever is warned of a token that has just begun asks for the next one, and so on without end. [L1] */
  #warned(line: Line, inMs: number): void {
    const lasts = this.#tokenMs.get(line) ?? 0
    if (lasts > 100 && inMs > (lasts * 3) / 4)
      throw new BrokenRule('L1', `${line.name} is warned ${inMs} ms before its token of ${lasts} ms ends.`)
  }

  /** What is asked or acked answers what the reader itself has sent; only content piles up by others' doing. [B1] */
  #countWhileFull(line: Line): void {
    if (!line.isToldFull) return
    line.framesWhileFull += 1
    if (line.framesWhileFull > framesWhileFullMax)
      throw new BrokenRule('B1', `${line.name} takes no more, and is sent ${line.framesWhileFull} frames.`)
  }

  #acked(replica: NativeTab, counter: number): void {
    const { pushed } = replica.device
    const update = pushed.get(counter)?.update
    if (update === undefined)
      throw new BrokenRule('D1', `${replica.name} is acked ${counter}, which it never sent.`)
    replica.device.relayAcked(counter)
    if (this.#relay.truth.hasHole(replica.document)) return
    const lacks = this.#relay.truth.lackOf(replica.document, update)
    if (lacks !== undefined)
      throw new BrokenRule('D1', `${replica.name} is acked ${counter}, and ${lacks} is not on the disk.`)
  }

  /** An ack, an echo or a delivery: once it has left, no crash may un-say it. [D1] [D2] */
  mustBeDurable(document: string, update: Uint8Array, hearer: string): void {
    if (this.#relay.truth.hasHole(document)) return
    const lacks = this.#relay.truth.lackOf(document, update)
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
    const update = Y.encodeStateAsUpdate(doc)
    const position = truth.last(document)
    this.#remembered.push({ document, epoch: truth.epochOf(document), position, update })
  }

  // The end.

  /** What still keeps the world from being at rest, or nothing. Cheap where it is far from it. */
  whyNotAtRest(): string | undefined {
    if (!this.#relay.isUp) return 'the relay is down'
    if (this.#relay.disk.waiting > 0) return 'the disk is writing'
    for (const replica of this.#replicas) {
      const { shown, document, name, isAtRest } = replica
      if (!isAtRest) return `${name} has something to do${toldBy(replica)}`
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

  #rowDifferences(): string {
    const told = this.#natives.map(({ device, name }) => {
      const difference = differenceOf(device.confirmed(), this.#relay.truth.of(device.document))
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
    for (const device of new Set(this.#natives.map((tab) => tab.device))) {
      checkDevice(device, this.#relay, this.#authority.mayRead(device.subject))
      this.#watch.checkShown(device.name, device.present.clients)
    }
    // What was typed before there was any history goes into the one that its device meets: two devices may meet two.
    if (this.#natives.every(({ device }) => !device.isCloned)) checkEpochs(truth)
    if (this.#rememberedOf !== truth) return
    for (const { document, epoch, position, update } of this.#remembered) {
      if (!equalBytes(epoch, truth.epochOf(document)) || position < truth.servedFrom(document)) continue
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

/** Of what was replaced nobody's writing is in what took its place. [E1] */
function checkEpochs(truth: Truth): void {
  for (const { document, epoch, doc } of truth.retired) {
    if (equalBytes(epoch, truth.epochOf(document))) continue
    const now = truth.of(document).store.clients
    for (const client of doc.store.clients.keys())
      if (now.has(client))
        throw new BrokenRule('E1', `«${document}» was replaced, and holds what ${client} wrote before.`)
  }
}

/** What its person is told, for whoever reads the failure. */
function toldBy(replica: Replica): string {
  if (!(replica instanceof NativeTab) || replica.status === undefined) return ''
  const { phase, inMemory, pending, waitingFor } = replica.status
  return ` (${phase}, ${inMemory} in memory, ${pending} pending, waits for ${waitingFor ?? 'nothing'})`
}

function haveEqualClocks(left: Y.Doc, right: Y.Doc): boolean {
  const { clients } = left.store
  if (clients.size !== right.store.clients.size) return false
  for (const client of clients.keys())
    if (Y.getState(left.store, client) !== Y.getState(right.store, client)) return false
  return true
}
