// stock-codec.ts — a stock client's frames as a room's inputs, and a room's messages as its frames: the second codec
// in front of the same room. Knows: which step answers which. Must not know: sockets, what a room decides. One
// message a frame going out: clients up to 3.x read only the first.
import { planKind } from './message.ts'
import type { Message } from './message.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import { readStateVector } from './state-vector.ts'
import { decodeStockFrame, emptyUpdate, encodeStep1, encodeStep2, encodeUpdate } from './stock-wire.ts'

export class StockCodec {
  readonly #link: LinkId
  /** The last piece of an answer that is not known to be whole yet: with the end of the answer it is step 2. */
  #piece: Uint8Array | undefined

  constructor(link: LinkId) {
    this.#link = link
  }

  /** Throws a ProtocolError for bytes that are no messages. What this relay does not use is passed over. */
  read(frame: Uint8Array): RoomInput[] {
    const inputs: RoomInput[] = []
    for (const message of decodeStockFrame(frame)) {
      if (message.type === 'step1') {
        readStateVector(message.stateVector)
        inputs.push({ type: 'knew', link: this.#link, stateVector: message.stateVector })
      } else if (message.type === 'step2' || message.type === 'update') {
        const wasAsked = message.type === 'step2'
        inputs.push({ type: 'updateCame', link: this.#link, update: message.update, wasAsked })
      }
    }
    return inputs
  }

  /** All but deliveries: those are the same for everyone, and are encoded once. */
  write(message: Message): Uint8Array[] {
    switch (message.type) {
      case 'opened':
        if (message.plan.kind !== planKind.exchange) throw new Error('A stock client is met by an exchange.')
        return [encodeStep1(message.plan.stateVector)]
      case 'missing':
        return [encodeStep1(message.stateVector)]
      case 'piece':
        return this.#writePiece(message.update)
      case 'caughtUp':
        return this.#writeEnd()
      default:
        return []
    }
  }

  #writePiece(update: Uint8Array): Uint8Array[] {
    const before = this.#piece
    this.#piece = update
    return before === undefined ? [] : [encodeUpdate(before)]
  }

  #writeEnd(): Uint8Array[] {
    const last = this.#piece ?? emptyUpdate
    this.#piece = undefined
    return [encodeStep2(last)]
  }
}
