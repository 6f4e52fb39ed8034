// claims.ts — whose a client id is. The first who writes with an id, or speaks for it, owns it as long as the room
// knows of it. Knows: ids and owners. Must not know: sockets; an owner is a replica, or a stock link, which has no
// better name. [P1]

import { authorBytes, roomClaimsMax } from './limits.ts'

/** Half a replica's id in hex, as rows name their author, or the name that a room gave a stock link. */
export type Owner = string

export function ownerNamed(author: Uint8Array): Owner {
  return [...author.subarray(0, authorBytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What of it outlives a fold: a replica's, told by the half of its id that rows name too. */
export type Claim = { readonly author: Uint8Array; readonly clients: readonly number[] }

export class Claims {
  #owners: Map<number, Owner> | undefined

  ownerOf(client: number): Owner | undefined {
    return this.#owners?.get(client)
  }

  isForeign(client: number, speaker: Owner): boolean {
    const owner = this.#owners?.get(client)
    return owner !== undefined && owner !== speaker
  }

  claim(client: number, owner: Owner): void {
    this.#owners ??= new Map()
    if (this.#owners.has(client)) return
    this.#owners.set(client, owner)
    if (this.#owners.size > roomClaimsMax) forgetOldest(this.#owners)
  }

  /** Of replicas alone: the name of a stock link ends with the link. */
  ofReplicas(): Claim[] {
    const clients = new Map<Owner, number[]>()
    for (const [client, owner] of this.#owners ?? []) {
      const before = clients.get(owner)
      if (before === undefined) clients.set(owner, [client])
      else before.push(client)
    }
    return [...clients].flatMap(([owner, its]) => {
      const author = authorNamed(owner)
      return author === undefined ? [] : [{ author, clients: its }]
    })
  }

  get size(): number {
    return this.#owners?.size ?? 0
  }
}

function forgetOldest(owners: Map<number, Owner>): void {
  for (const client of owners.keys()) {
    owners.delete(client)
    return
  }
}

function authorNamed(owner: Owner): Uint8Array | undefined {
  const pairs = /^[0-9a-f]{16}$/.test(owner) ? (owner.match(/../g) ?? []) : []
  return pairs.length === 0 ? undefined : Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}
