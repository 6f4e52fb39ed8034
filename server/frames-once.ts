// frames-once.ts — what rooms say as frames of either wire, made once however many hear it. Knows: both codecs. Must not
// know: who hears it.
import { framesOf } from '../shared/fragments.ts'
import type { Message, MessageOf } from '../shared/message.ts'
import { deliveryFrames } from '../shared/stock-codec.ts'
import { encodeAwareness } from '../shared/stock-wire.ts'
import { encodeMessage } from '../shared/wire.ts'
import type { Meters } from './meters.ts'
import { largeBytesMin } from './websocket-frames.ts'

/** What is the same for every stock client. */
export type StockNews = MessageOf<'delivery' | 'presence'>

type Frames = readonly Uint8Array[]

export class FramesOnce {
  readonly #meters: Meters
  #lastNative: { readonly messages: readonly Message[]; readonly frames: Frames } | undefined
  /** Pieces and pages of large documents, which many read by turns; they live as long as what was read. */
  readonly #large = new WeakMap<Message, Frames>()
  #lastStock: { readonly message: StockNews; readonly frames: Frames } | undefined

  constructor(meters: Meters) {
    this.#meters = meters
  }

  /** In as few frames as can be. */
  native(messages: readonly Message[]): Frames {
    if (this.#lastNative !== undefined && areSame(this.#lastNative.messages, messages)) {
      return this.#lastNative.frames
    }
    const [first] = messages
    const large = first && messages.length === 1 ? this.#large.get(first) : undefined
    const frames = large ?? this.#encoded(messages)
    this.#lastNative = { messages, frames }
    return frames
  }

  #encoded(messages: readonly Message[]): Frames {
    for (const message of messages) this.#meters.said(message)
    const frames = framesOf(messages.map(encodeMessage))
    const [first] = messages
    if (first && messages.length === 1 && areLarge(frames)) this.#large.set(first, frames)
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

function areLarge(frames: Frames): boolean {
  return frames.reduce((sum, { length }) => sum + length, 0) >= largeBytesMin
}

function areSame(some: readonly Message[], others: readonly Message[]): boolean {
  return some.length === others.length && some.every((message, index) => message === others[index])
}
