// comparisons.ts — replicas that ask whether their document is the relay's. Knows: the digest made last, and who
// waits for one. Must not know: how digests are made. State vectors prove nothing about deletes; digests do. [C1]
import { equalBytes } from './equal-bytes.ts'
import { comparisonsMax } from './limits.ts'
import { verdict } from './message.ts'
import type { Verdict } from './message.ts'
import type { LinkId, RoomEffect } from './room-words.ts'

type Asked = { readonly position: number; readonly digest: Uint8Array }

export class Comparisons {
  readonly #room: number
  readonly #emit: (effect: RoomEffect) => void
  #made: Asked | undefined
  #waiting: Map<LinkId, Asked> | undefined

  constructor(room: number, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#emit = emit
  }

  /** Only at the head can it be said whether they are the same. */
  ask(link: LinkId, asked: Asked, head: number): void {
    this.#waiting ??= new Map()
    if (asked.position !== head || this.#waiting.size >= comparisonsMax) {
      return this.#tell(link, asked.position, verdict.notNow)
    }
    if (this.#made?.position === head) return this.#tell(link, head, verdictOn(asked, this.#made))
    const isBeingMade = [...this.#waiting.values()].some(({ position }) => position === head)
    this.#waiting.set(link, asked)
    if (!isBeingMade) this.#emit({ type: 'makeDigest', position: head })
    return undefined
  }

  /** Who asked about an older position may ask again. */
  made(made: Asked): void {
    this.#made = made
    for (const [link, asked] of this.#waiting ?? []) {
      if (asked.position > made.position) continue
      this.forget(link)
      this.#tell(link, asked.position, verdictOn(asked, made))
    }
  }

  /** Who waited for it may ask again. */
  failed(position: number): void {
    for (const [link, asked] of this.#waiting ?? []) {
      if (asked.position > position) continue
      this.forget(link)
      this.#tell(link, asked.position, verdict.notNow)
    }
  }

  forget(link: LinkId): void {
    this.#waiting?.delete(link)
  }

  #tell(link: LinkId, position: number, word: Verdict): void {
    if (word === verdict.different) this.#emit({ type: 'notice', what: 'digestDiffered' })
    this.#emit({
      type: 'tell',
      link,
      message: { type: 'compared', room: this.#room, position, verdict: word },
    })
  }
}

function verdictOn(asked: Asked, made: Asked): Verdict {
  if (asked.position !== made.position) return verdict.notNow
  return equalBytes(asked.digest, made.digest) ? verdict.equal : verdict.different
}
