// reception.ts — who is let in, and when: caps on sockets, in whole and of one address, and so many a second, so that
// everybody coming back at once after a restart does not bring the relay down again. Knows: numbers, a clock. Must not
// know: HTTP, what a socket is for. [B1]

export type ReceptionOptions = {
  readonly socketsMax: number
  readonly socketsPerAddress: number
  readonly socketsPerSecond: number
  /** Milliseconds that only go forward. */
  readonly now: () => number
  readonly after: (ms: number, then: () => void) => void
}

export const turnedAwayReasons = ['draining', 'too-many-sockets', 'too-many-of-address'] as const
export type TurnedAwayReason = (typeof turnedAwayReasons)[number]

/** A place that was taken; to be given back once. */
export type Place = { readonly giveBack: () => void }

const stepMs = 20

export class Reception {
  readonly #options: ReceptionOptions
  readonly #ofAddress = new Map<string, number>()
  readonly #turnedAway = new Map<TurnedAwayReason, number>()
  readonly #waiting: (() => void)[] = []
  #taken = 0
  #isDraining = false
  /** Who may come in at once: what was not used of the last second. */
  #allowance: number
  #allowanceAt: number
  #isStepping = false

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#allowance = options.socketsPerSecond
    this.#allowanceAt = options.now()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get taken(): number {
    return this.#taken
  }

  turnedAway(reason: TurnedAwayReason): number {
    return this.#turnedAway.get(reason) ?? 0
  }

  drain(): void {
    this.#isDraining = true
  }

  /** `address` undefined: of this machine, where a proxy may stand for everybody. */
  take(address: string | undefined): Place | TurnedAwayReason {
    const { socketsMax, socketsPerAddress } = this.#options
    const ofAddress = address === undefined ? 0 : (this.#ofAddress.get(address) ?? 0)
    if (this.#isDraining) return this.#refuse('draining')
    if (this.#taken >= socketsMax) return this.#refuse('too-many-sockets')
    if (ofAddress >= socketsPerAddress) return this.#refuse('too-many-of-address')
    this.#taken++
    if (address !== undefined) this.#ofAddress.set(address, ofAddress + 1)
    let isTaken = true
    return {
      giveBack: () => {
        if (isTaken) this.#giveBack(address)
        isTaken = false
      },
    }
  }

  /** Calls back when it is this one's turn: now, unless many came within the last second. */
  awaitTurn(then: () => void): void {
    this.#waiting.push(then)
    this.#letIn()
  }

  #letIn(): void {
    this.#refill()
    while (this.#allowance >= 1) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#allowance--
      next()
    }
    if (this.#waiting.length === 0 || this.#isStepping) return
    this.#isStepping = true
    this.#options.after(stepMs, () => {
      this.#isStepping = false
      this.#letIn()
    })
  }

  #refill(): void {
    const { socketsPerSecond, now } = this.#options
    const time = now()
    const earned = ((time - this.#allowanceAt) / 1000) * socketsPerSecond
    this.#allowance = Math.min(socketsPerSecond, this.#allowance + earned)
    this.#allowanceAt = time
  }

  #giveBack(address: string | undefined): void {
    this.#taken--
    if (address === undefined) return
    const left = (this.#ofAddress.get(address) ?? 1) - 1
    if (left === 0) this.#ofAddress.delete(address)
    else this.#ofAddress.set(address, left)
  }

  #refuse(reason: TurnedAwayReason): TurnedAwayReason {
    this.#turnedAway.set(reason, this.turnedAway(reason) + 1)
    return reason
  }
}
