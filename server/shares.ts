// shares.ts — something of which there is only so much: what is taken of it in whole, and by each who takes of it, so that one
// never has all. Must not know: what it is, who takes it. [B1]

export type SharesOptions = {
  readonly ofAllMax: number
  /** Of each. */
  readonly ofOneMax: number
}

export class Shares {
  readonly #options: SharesOptions
  readonly #ofOne = new Map<string, number>()
  #taken = 0

  constructor(options: SharesOptions) {
    this.#options = options
  }

  get taken(): number {
    return this.#taken
  }

  /** Returns whether there was so much left; else nothing is taken. */
  take(who: string, amount: number): boolean {
    const { ofAllMax, ofOneMax } = this.#options
    const its = (this.#ofOne.get(who) ?? 0) + amount
    if (this.#taken + amount > ofAllMax || its > ofOneMax) return false
    this.#taken += amount
    this.#ofOne.set(who, its)
    return true
  }

  giveBack(who: string, amount: number): void {
    const left = (this.#ofOne.get(who) ?? 0) - amount
    this.#taken -= amount
    if (left > 0) this.#ofOne.set(who, left)
    else this.#ofOne.delete(who)
  }
}
