// replica-workspace.ts — batches that are about the device and not about one document: who leads, what changed since,
// what was fetched, what a person threw away. Must not know: why.
import { equalBytes } from './equal-bytes.ts'
import { fetchKey, formatKey, identityKey, inboxKey, termKey, workspaceKey } from './replica-keys.ts'
import type { Tag } from './replica-keys.ts'
import { encodeIdentity, encodeNumber, encodeToFetch, replicaFormatVersion } from './replica-records.ts'
import type { Identity, ToFetch } from './replica-records.ts'
import type { Batch } from './store.ts'

export type TaggedFetch = ToFetch & { readonly tag: Tag }

/** Taking the lead. Of two tabs that try, or of one that was frozen, one finds it stale. */
export function claimBatch(termBefore: number): Batch {
  return {
    onlyIf: [{ key: termKey, value: termBefore === 0 ? undefined : encodeNumber(termBefore) }],
    put: [{ key: termKey, value: encodeNumber(termBefore + 1) }],
    durability: 'synced',
  }
}

/** A store's first record says in which format all others are. */
export function identityBatch(before: Uint8Array | undefined, identity: Identity): Batch {
  return {
    onlyIf: [{ key: identityKey, value: before }],
    put: [
      { key: formatKey, value: encodeNumber(replicaFormatVersion) },
      { key: identityKey, value: encodeIdentity(identity) },
    ],
    durability: 'synced',
  }
}

/** The cursor only with the list of all that it stands for: parts before the last come without one. [C2] */
export function changedBatch(
  term: number,
  documents: readonly TaggedFetch[],
  cursor: Uint8Array | undefined,
): Batch {
  const put = documents.map(({ tag, ...wanted }) => ({ key: fetchKey(tag), value: encodeToFetch(wanted) }))
  if (cursor !== undefined) put.push({ key: workspaceKey, value: cursor })
  return { onlyIf: [{ key: termKey, value: encodeNumber(term) }], put, durability: 'synced' }
}

/** Only if nothing newer was put on the list meanwhile. */
export function fetchedBatch(term: number, tag: Tag, listed: ToFetch): Batch {
  const key = fetchKey(tag)
  return {
    onlyIf: [
      { key: termKey, value: encodeNumber(term) },
      { key, value: encodeToFetch(listed) },
    ],
    remove: [key],
    durability: 'synced',
  }
}

/** By a person, in any tab. Nothing else ever takes away from the inbox. [D3] */
export function discardBatch(counter: number, hash: Uint8Array): Batch {
  return { remove: [inboxKey(counter, hash)], durability: 'synced' }
}

/** Whether a document stands where the list says, so that it need not be fetched. */
export function isAt(wanted: ToFetch, epoch: Uint8Array, position: number): boolean {
  return equalBytes(wanted.epoch, epoch) && position >= wanted.position
}
