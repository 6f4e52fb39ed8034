// lines-of-one.ts — connections of one address, whatever they are for and before a word was said on them: one that takes all
// there are would leave none to others. Knows: sockets. Must not know: HTTP, what an address stands for. [B1]
import type { Socket } from 'node:net'
import { Shares } from './shares.ts'

export type LinesOptions = {
  readonly ofOneMax: number
  /** Undefined: of those that stand for many. */
  readonly addressOf: (line: Pick<Socket, 'remoteAddress'>) => string | undefined
  readonly refused: (address: string) => void
}

export class LinesOfOne {
  readonly #options: LinesOptions
  readonly #shares: Shares

  constructor(options: LinesOptions) {
    this.#options = options
    this.#shares = new Shares({ ofAllMax: Number.POSITIVE_INFINITY, ofOneMax: options.ofOneMax })
  }

  began(line: Pick<Socket, 'remoteAddress' | 'destroy' | 'once'>): void {
    const address = this.#options.addressOf(line)
    if (address === undefined) return
    if (this.#shares.take(address, 1)) line.once('close', () => this.#shares.giveBack(address, 1))
    else {
      line.destroy()
      this.#options.refused(address)
    }
  }
}
