// comparisons.ts — replicas that ask whether their document is the relay's. Knows: the digest made last, and who
// waits for one. Must not know: how digests are made. State vectors prove nothing about deletes; digests do. [C1]
import { equalBytes } from './equal-bytes.ts'
import { comparisonsMax } from './limits.ts'
import type { LinkId } from './room-words.ts'

type Asked = { readonly position: number; readonly digest: Uint8Array }
type Compared = { readonly link: LinkId; readonly verdict: 'equal' | 'different' | 'notNow' }

export class Comparisons {
  #made: Asked | undefined
  readonly #waiting = new Map<LinkId, Asked>()

  /** The verdict, if there is a digest of this position; else whether one has to be made, or is being made. */
  ask(link: LinkId, position: number, digest: Uint8Array): Compared['verdict'] | 'make' | 'wait' {
    if (this.#made?.position === position)
      return equalBytes(this.#made.digest, digest) ? 'equal' : 'different'
    if (this.#waiting.size >= comparisonsMax) return 'notNow'
    const isBeingMade = [...this.#waiting.values()].some((asked) => asked.position === position)
    this.#waiting.set(link, { position, digest })
    return isBeingMade ? 'wait' : 'make'
  }

  /** What those may be told who waited for it. Who asked about an older position may ask again. */
  made(position: number, digest: Uint8Array): (Compared & { readonly position: number })[] {
    this.#made = { position, digest }
    const told = [...this.#waiting]
      .filter(([, asked]) => asked.position <= position)
      .map(([link, asked]) => ({
        link,
        position: asked.position,
        verdict: verdictOn(asked, position, digest),
      }))
    for (const { link } of told) this.#waiting.delete(link)
    return told
  }

  forget(link: LinkId): void {
    this.#waiting.delete(link)
  }
}

function verdictOn(asked: Asked, position: number, digest: Uint8Array): Compared['verdict'] {
  if (asked.position !== position) return 'notNow'
  return equalBytes(asked.digest, digest) ? 'equal' : 'different'
}
