// claims.ts — whose a client id is. The first who writes with an id, or speaks for it, owns it as long as the room
// knows of it. Knows: ids and owners. Must not know: sockets; an owner is a replica, or a stock link, which has no
// better name. [P1]

import { authorBytes, roomClaimsMax } from './limits.ts'

/** Half a replica's id in hex, as rows name their author, or the name that a room gave a stock link. */
export type Owner = string

export function ownerNamed(author: Uint8Array): Owner {
  return [...author.subarray(0, authorBytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export class Claims {
  readonly #owners = new Map<number, Owner>()

  ownerOf(client: number): Owner | undefined {
    return this.#owners.get(client)
  }

  isForeign(client: number, speaker: Owner): boolean {
    const owner = this.#owners.get(client)
    return owner !== undefined && owner !== speaker
  }

  claim(client: number, owner: Owner): void {
    if (this.#owners.has(client)) return
    this.#owners.set(client, owner)
    if (this.#owners.size > roomClaimsMax) this.#forgetOldest()
  }

  get size(): number {
    return this.#owners.size
  }

  #forgetOldest(): void {
    for (const client of this.#owners.keys()) {
      this.#owners.delete(client)
      return
    }
  }
}
