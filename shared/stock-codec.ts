// stock-codec.ts — a stock client's frames as a room's inputs, and a room's messages as its frames: the second codec
// in front of the same room. Knows: which step answers which. Must not know: sockets, what a room decides. One
// message a frame going out: clients up to 3.x read only the first.
import { stockChunkBytesMax } from './limits.ts'
import { planKind } from './message.ts'
import type { Message } from './message.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import { readStateVector } from './state-vector.ts'
import { decodeStockFrame, emptyUpdate, encodeStep1, encodeStep2, encodeUpdate } from './stock-wire.ts'
import { joinUpdates } from './update-joiner.ts'

export class StockCodec {
  readonly #link: LinkId
  /** The last piece of an answer that is not known to be whole yet: with the end of the answer it is step 2. */
  #piece: Uint8Array | undefined
  /** No step 1 waits for its answer. */
  #isAnswered = true
  /** Opening a socket a client asks, and speaks of itself, before it answers or repeats anything. */
  #isOpening = true

  constructor(link: LinkId) {
    this.#link = link
  }

  /** Throws a ProtocolError for bytes that are no messages. What this relay does not use is passed over. */
  read(frame: Uint8Array): RoomInput[] {
    const inputs: RoomInput[] = []
    for (const message of decodeStockFrame(frame)) {
      if (message.type === 'step1') {
        readStateVector(message.stateVector)
        this.#isAnswered = false
        inputs.push({ type: 'knew', link: this.#link, stateVector: message.stateVector })
      } else if (message.type === 'step2' || message.type === 'update') {
        const wasAsked = message.type === 'step2'
        this.#isOpening = false
        inputs.push({ type: 'updateCame', link: this.#link, update: message.update, wasAsked })
      } else if (message.type === 'awareness') {
        const { entries } = message
        const isOpening = this.#isOpening && entries.length === 1
        this.#isOpening = false
        inputs.push({ type: 'presenceSaid', link: this.#link, entries, isOpening })
      } else if (message.type === 'queryAwareness') {
        inputs.push({ type: 'presenceAsked', link: this.#link })
      }
    }
    return inputs
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** All but presence, and deliveries to who waits for no answer: those are the same for everyone. */
  write(message: Message): readonly Uint8Array[] {
    switch (message.type) {
      case 'opened':
        if (message.plan.kind !== planKind.exchange) throw new Error('A stock client is met by an exchange.')
        return [encodeStep1(message.plan.stateVector)]
      case 'missing':
        return [encodeStep1(message.stateVector)]
      case 'piece':
        return this.#writePiece(message.update)
      case 'delivery':
        return joinedOnce(message.updates).flatMap((update) => this.#writePiece(update))
      case 'caughtUp':
        return this.#writeEnd()
      default:
        return []
    }
  }

  #writePiece(update: Uint8Array | undefined): readonly Uint8Array[] {
    const before = this.#piece
    this.#piece = update
    return before === undefined ? [] : framesOnce(updateFrames, before, encodeUpdate)
  }

  #writeEnd(): readonly Uint8Array[] {
    const last = this.#piece ?? emptyUpdate
    this.#piece = undefined
    this.#isAnswered = true
    return framesOnce(step2Frames, last, encodeStep2)
  }
}

// What goes to many is made once, and lives as long as what it was made of.
const updateFrames = new WeakMap<Uint8Array, readonly Uint8Array[]>()
const step2Frames = new WeakMap<Uint8Array, readonly Uint8Array[]>()
/** By the first of them: pages of a log are the same updates for everyone who reads them. */
const joints = new WeakMap<Uint8Array, { readonly count: number; readonly joined: readonly Uint8Array[] }>()

/** Each update is a frame, and each frame costs more than joining it to the one before. */
export function deliveryFrames(updates: readonly Uint8Array[]): readonly Uint8Array[] {
  return joinedOnce(updates).map(encodeUpdate)
}

function joinedOnce(updates: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first] = updates
  if (first === undefined || updates.length === 1) return updates
  const before = joints.get(first)
  if (before?.count === updates.length) return before.joined
  const joined = joinUpdates(updates, stockChunkBytesMax)
  joints.set(first, { count: updates.length, joined })
  return joined
}

/** The same list each time: who frames it for sockets knows it again. */
function framesOnce(
  frames: WeakMap<Uint8Array, readonly Uint8Array[]>,
  update: Uint8Array,
  encode: (update: Uint8Array) => Uint8Array,
): readonly Uint8Array[] {
  const before = frames.get(update)
  if (before !== undefined) return before
  const frame = [encode(update)]
  frames.set(update, frame)
  return frame
}
