// workspace-cursor.ts — the cursor over all documents of a tenant: through which position, and with which rights, a
// subject was told what changed. Knows: the relay's key, the branches. Must not know: documents, links. Opaque to who
// stores it; whoever shows one that we did not give is told everything that it may read. [S1] [C2]
import { createEncoder, toUint8Array, writeUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { encodeUtf8 } from 'lib0/string'
import { ByteCursor } from './byte-cursor.ts'
import { equalBytes } from './equal-bytes.ts'
import { hmac } from './hmac.ts'
import { idBytes } from './message.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Branches } from './seals.ts'

/** Whom it was told, and with which rights: a version says nothing of somebody else's. */
export type Reader = { readonly subject: string; readonly rightsVersion: number }

type Place = { readonly branch: Uint8Array; readonly position: number }

export class WorkspaceCursors {
  readonly #key: Uint8Array
  readonly #tenant: string
  readonly #branches: () => Branches

  constructor(key: Uint8Array, tenant: string, branches: () => Branches) {
    // Another key than that of documents' seals: no name makes one of them the other.
    this.#key = hmac(key, encodeUtf8('workspace cursor'))
    this.#tenant = tenant
    this.#branches = branches
  }

  make(reader: Reader, position: number): Uint8Array {
    return this.#sealed({ branch: this.#branches().current, position }, reader)
  }

  /** The position that it stands for; undefined: it is not served, and the full list is. */
  positionOf(cursor: Uint8Array, reader: Reader): number | undefined {
    const place = placeIn(cursor)
    if (place === undefined || !equalBytes(cursor, this.#sealed(place, reader))) return undefined
    return this.#branches().hold(place.branch, place.position) ? place.position : undefined
  }

  #sealed({ branch, position }: Place, { subject, rightsVersion }: Reader): Uint8Array {
    const said = createEncoder()
    writeUint8Array(said, branch)
    writeVarUint(said, position)
    const claimed = createEncoder()
    writeVarString(claimed, this.#tenant)
    writeVarString(claimed, subject)
    writeVarUint(claimed, rightsVersion)
    writeUint8Array(claimed, toUint8Array(said))
    writeUint8Array(said, hmac(this.#key, toUint8Array(claimed)).subarray(0, idBytes))
    return toUint8Array(said)
  }
}

function placeIn(cursor: Uint8Array): Place | undefined {
  const from = new ByteCursor(cursor)
  try {
    from.skip(idBytes)
    return { branch: cursor.subarray(0, idBytes), position: from.readVarUint() }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
