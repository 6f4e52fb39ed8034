// held-back.ts — updates that depend on what the log lacks, kept apart until it is there, in bounds. Knows: of which
// client each lacks something, and how much may be held. Must not know: why. What it forgets was never acknowledged,
// so whoever sent it still has it. [B1] [D1]
import { heldBackBytesMax, heldBackMax } from './limits.ts'
import type { UpdateFacts } from './update-reader.ts'

type Held<Pushed> = { readonly pushed: Pushed; readonly lacks: number }

export class HeldBack<Pushed extends { readonly update: Uint8Array }> {
  #held: Held<Pushed>[] = []
  #bytes = 0

  /** Returns whether something had to be forgotten for it. */
  hold(held: Held<Pushed>): boolean {
    this.#held.push(held)
    this.#bytes += held.pushed.update.length
    let hasForgotten = false
    while (this.#held.length > heldBackMax || this.#bytes > heldBackBytesMax) {
      this.#bytes -= this.#held.shift()?.pushed.update.length ?? 0
      hasForgotten = true
    }
    return hasForgotten
  }

  /** Those that lack something of a client of whom something has come; to be tried again, and held anew if need be. */
  takeThoseFor(come: UpdateFacts): Pushed[] {
    if (this.#held.length === 0) return []
    const clients = new Set<number>()
    for (const { client } of come.structs.runs()) clients.add(client)
    const taken = this.#held.filter(({ lacks }) => clients.has(lacks)).map(({ pushed }) => pushed)
    this.#held = this.#held.filter(({ lacks }) => !clients.has(lacks))
    for (const { update } of taken) this.#bytes -= update.length
    return taken
  }

  get count(): number {
    return this.#held.length
  }
}
