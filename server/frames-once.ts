// frames-once.ts — what rooms say as frames of either wire, made once however many hear it. Knows: both codecs. Must not
// know: who hears it.
import { framesOf } from '../shared/fragments.ts'
import type { Message, MessageOf, Piece } from '../shared/message.ts'
import { deliveryFrames } from '../shared/stock-codec.ts'
import { encodeAwareness } from '../shared/stock-wire.ts'
import { encodeMessage } from '../shared/wire.ts'
import type { Meters } from './meters.ts'

/** What is the same for every stock client. */
export type StockNews = MessageOf<'delivery' | 'presence'>

type Frames = readonly Uint8Array[]

export class FramesOnce {
  readonly #meters: Meters
  #lastNative: { readonly messages: readonly Message[]; readonly frames: Frames } | undefined
  /** Of large documents, which many read by turns; they live as long as what was read. */
  readonly #pieces = new WeakMap<Message, Frames>()
  #lastStock: { readonly message: StockNews; readonly frames: Frames } | undefined

  constructor(meters: Meters) {
    this.#meters = meters
  }

  /** In as few frames as can be. */
  native(messages: readonly Message[]): Frames {
    const [first] = messages
    if (first?.type === 'piece' && messages.length === 1) return this.#piece(first)
    if (this.#lastNative === undefined || !areSame(this.#lastNative.messages, messages)) {
      for (const message of messages) this.#meters.said(message)
      this.#lastNative = { messages, frames: framesOf(messages.map(encodeMessage)) }
    }
    return this.#lastNative.frames
  }

  #piece(message: Piece): Frames {
    const before = this.#pieces.get(message)
    if (before !== undefined) return before
    this.#meters.said(message)
    const frames = framesOf([encodeMessage(message)])
    this.#pieces.set(message, frames)
    return frames
  }

  stock(message: StockNews): Frames {
    if (this.#lastStock?.message !== message) {
      const isDelivery = message.type === 'delivery'
      const frames = isDelivery ? deliveryFrames(message.updates) : [encodeAwareness(message.entries)]
      this.#lastStock = { message, frames }
    }
    return this.#lastStock.frames
  }
}

function areSame(some: readonly Message[], others: readonly Message[]): boolean {
  return some.length === others.length && some.every((message, index) => message === others[index])
}
