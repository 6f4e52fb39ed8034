// tab-lock.ts — the Web Lock of one device: one tab at a time holds it, the others wait in line. Knows: who holds it,
// that a browser takes it away from a page it froze, and tells that page nothing. Must not know: what it is for.
import type { World } from './world.ts'

export type LockRequest = { readonly granted: () => void }

const grantMsMax = 20

export class TabLock {
  readonly #world: World
  readonly #name: string
  #holder: LockRequest | undefined
  #line: LockRequest[] = []

  constructor(world: World, name: string) {
    this.#world = world
    this.#name = name
  }

  request(request: LockRequest): void {
    this.#line.push(request)
    if (this.#holder === undefined) this.#grantNext()
  }

  /** Given back, or its tab is gone, or does not want it any more. */
  release(request: LockRequest): void {
    this.#line = this.#line.filter((waiting) => waiting !== request)
    if (this.#holder === request) this.#grantNext()
  }

  /** The page that holds it was frozen: whoever waits gets it. */
  takeFrom(request: LockRequest | undefined): void {
    if (request !== undefined && this.#holder === request && this.#line.length > 0) this.#grantNext()
  }

  #grantNext(): void {
    const next = this.#line.shift()
    this.#holder = next
    if (next === undefined) return
    const wait = this.#world.chance.between(1, grantMsMax)
    this.#world.after(wait, `the lock of ${this.#name} is granted`, () => {
      if (this.#holder === next) next.granted()
    })
  }
}
