// backlog.ts — how much of a tenant waits for its disk, in bytes of memory, and whether that is too much to read on. Knows:
// a sum. Must not know: what waits, who waits, what is written. What waits says when it comes and when it goes, with the
// same number, here and nowhere else. [B1]
import { waitingBytesMax } from './limits.ts'

export class Backlog {
  #bytes = 0
  #holdsSockets = false

  get bytes(): number {
    return this.#bytes
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  remove(bytes: number): void {
    this.#bytes -= bytes
  }

  /** Whether sockets are to be held, if that is another answer than the one before. */
  turned(): boolean | undefined {
    const isTooMuch = this.#bytes > waitingBytesMax
    if (isTooMuch === this.#holdsSockets) return undefined
    this.#holdsSockets = isTooMuch
    return isTooMuch
  }
}
