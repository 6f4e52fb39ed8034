// seals.ts — proof that a cursor is one of ours: which branch of which document's log it was given in, and whether
// a position can have been given there. Knows: the relay's key, the branches and where each begins. Must not know:
// rows. Where it does not hold, the store was restored or damaged since, or the cursor is another relay's. [C2] [E1]
import { createEncoder, toUint8Array, writeUint8Array, writeVarString } from 'lib0/encoding'
import { equalBytes } from './equal-bytes.ts'
import { hmac } from './hmac.ts'
import { idBytes } from './message.ts'

export type Branch = { readonly id: Uint8Array; readonly first: number }

export class Seals {
  readonly #key: Uint8Array
  readonly #tenant: string
  readonly #document: string
  readonly #branches: Branches
  /** Every link that comes is given the same. */
  #made: { readonly epoch: Uint8Array; readonly seal: Uint8Array } | undefined

  constructor(key: Uint8Array, tenant: string, document: string, branches: Branches) {
    this.#key = key
    this.#tenant = tenant
    this.#document = document
    this.#branches = branches
  }

  /** For cursors that are given from now on. */
  make(epoch: Uint8Array): Uint8Array {
    if (this.#made === undefined || !equalBytes(this.#made.epoch, epoch))
      this.#made = { epoch, seal: this.#sealOf(epoch, this.#branches.current) }
    return this.#made.seal
  }

  /** Whether it was made in this opening of the store. */
  isOfNow(epoch: Uint8Array, seal: Uint8Array): boolean {
    return equalBytes(seal, this.make(epoch))
  }

  holds(epoch: Uint8Array, seal: Uint8Array, position: number): boolean {
    const branch = seal.subarray(0, idBytes)
    return equalBytes(seal, this.#sealOf(epoch, branch)) && this.#branches.hold(branch, position)
  }

  #sealOf(epoch: Uint8Array, branch: Uint8Array): Uint8Array {
    const encoder = createEncoder()
    writeVarString(encoder, this.#tenant)
    writeVarString(encoder, this.#document)
    writeUint8Array(encoder, epoch)
    writeUint8Array(encoder, branch)
    const proof = hmac(this.#key, toUint8Array(encoder)).subarray(0, idBytes)
    const seal = new Uint8Array(branch.length + proof.length)
    seal.set(branch)
    seal.set(proof, branch.length)
    return seal
  }
}

/** The branches of a tenant's log, the oldest first. */
export class Branches {
  #branches: readonly Branch[]
  readonly #head: () => number

  /** The last one is the one that this opening of the store minted. */
  constructor(branches: readonly Branch[], head: () => number) {
    this.#branches = branches
    this.#head = head
  }

  /** The store was read: until then nothing is sealed. */
  read(branches: readonly Branch[]): void {
    this.#branches = branches
  }

  get current(): Uint8Array {
    const last = this.#branches.at(-1)
    if (last === undefined) throw new Error('A log has at least the branch of its opening.')
    return last.id
  }

  /**
   * Whether this branch may have said «you have everything through here». It may speak of what earlier branches gave:
   * it was minted on top of them. What lies past its end is of a log that is no more.
   */
  hold(id: Uint8Array, position: number): boolean {
    const index = this.#branches.findIndex((branch) => equalBytes(branch.id, id))
    const branch = this.#branches[index]
    if (branch === undefined) return false
    const next = this.#branches[index + 1]
    const last = next === undefined ? this.#head() : next.first - 1
    return position <= last
  }
}
