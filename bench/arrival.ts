// arrival.ts — whether a reader has everything: its clocks against those that it ought to reach. Some servers say that
// they sent all there is before they have read it; what counts is when it is there.
import * as Y from 'yjs'
import { deferred } from './deferred.ts'

const arrivalMsMax = 120_000

export class Arrival {
  readonly #due: Map<number, number>
  readonly #whole = deferred()

  constructor(stateVector: ReadonlyMap<number, number>) {
    this.#due = new Map(stateVector)
    const late = setTimeout(
      () => this.#whole.fail(new Error('A reader did not get everything.')),
      arrivalMsMax,
    )
    this.#whole.promise.then(
      () => clearTimeout(late),
      () => undefined,
    )
  }

  get whole(): Promise<void> {
    return this.#whole.promise
  }

  heard(update: Uint8Array): void {
    for (const [client, clock] of Y.parseUpdateMeta(update).to)
      if (clock >= (this.#due.get(client) ?? Number.POSITIVE_INFINITY)) this.#due.delete(client)
    if (this.#due.size === 0) this.#whole.keep()
  }
}
