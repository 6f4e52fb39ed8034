// indexed-place.ts — which database of this browser a workspace has. Knows: whether tabs can agree on who leads. Must not
// know: what is kept.
import { IndexedStore } from './indexed-store.ts'
import { askToKeep, room } from './persistence.ts'
import type { StorePlace } from './store-place.ts'

/**
 * All tabs share it. Where there are no Web Locks (a page that is not secure) nobody can be elected, and two replicas in
 * one store would answer for each other: then each tab has one of its own, which it finds again when it is reloaded.
 * Where the page may keep nothing it gets no lock either, and no database opens.
 */
export function indexedPlace(name: string): StorePlace {
  const mayKeep = isLentRoom()
  const canShare = mayKeep && 'locks' in navigator
  const database = canShare || !mayKeep ? name : `${name}-${suffixOfTab(name)}`
  return {
    isDurable: true,
    sharedName: canShare ? name : undefined,
    open: (taken) => IndexedStore.open(database, taken),
    askToKeep,
    room,
  }
}

/** Not in a sandboxed frame, nor where a person blocks what sites keep: only to look is an error there. */
function isLentRoom(): boolean {
  try {
    // Workers have none, and may keep something all the same.
    return globalThis.sessionStorage !== null
  } catch {
    return false
  }
}

function suffixOfTab(name: string): string {
  const key = `syncline:${name}`
  const known = sessionStorage.getItem(key)
  if (known !== null) return known
  const suffix = crypto.getRandomValues(new Uint32Array(2)).join('-')
  sessionStorage.setItem(key, suffix)
  return suffix
}
