// document-digest.ts — what two replicas compare to know that they hold the same: SHA-256 of a Y.Doc's snapshot, which
// is state vector and delete set. [C1] Knows: Yjs. The log alone cannot give it: integration itself deletes.
import { digest } from 'lib0/hash/sha256'
import * as Y from 'yjs'

export function digestOf(doc: Y.Doc): Uint8Array {
  return digest(Y.encodeSnapshot(Y.snapshot(doc)))
}
