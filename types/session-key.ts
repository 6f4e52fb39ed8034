// session-key.ts — the name under which one session (a Y.Doc that is open) keeps what is its own. Knows: client ids, origins
// of transactions. Must not know: what is kept.
//
// The client id is what Yjs itself relies on: two sessions that write under one id at once have broken the document before
// they break this. When Yjs gives the Y.Doc another id, because somebody else writes under it, the name changes too.
import type * as Y from 'yjs'

/** An application has a few. One that makes a new one for each transaction must not make a name of each. */
const originsMax = 8

const originsOf = new WeakMap<Y.Doc, unknown[]>()

/**
 * Each origin has a name of its own: a Y.UndoManager goes by origins, and what stands under one name it tracks all of, or
 * nothing. Were tracked and untracked changes under one, it could not take back the tracked ones alone.
 */
export function sessionKey(doc: Y.Doc, origin: unknown): string {
  const origins = originsOf.get(doc) ?? []
  originsOf.set(doc, origins)
  const known = origins.indexOf(origin)
  const index = known === -1 ? origins.length : known
  if (known === -1 && index < originsMax) origins.push(origin)
  const session = doc.clientID.toString(36)
  return index === 0 ? session : `${session}.${index}`
}
