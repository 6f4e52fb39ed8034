// replacements.ts — who waits for a document to be replaced or purged. Knows: numbers and promises. Must not know:
// documents.
import { closedStore } from '../shared/store.ts'

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void }

export class Replacements {
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  /** Settles when `done` is told of the number. */
  ask(begin: (request: number) => void): Promise<void> {
    this.#last += 1
    const request = this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject })
      begin(request)
    })
  }

  done(request: number): void {
    this.#waiting.get(request)?.resolve()
    this.#waiting.delete(request)
  }

  /** Of what is not durable by now nobody knows whether it will be. */
  close(): void {
    for (const { reject } of this.#waiting.values()) reject(closedStore())
    this.#waiting.clear()
  }
}
