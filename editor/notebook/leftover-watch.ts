// leftover-watch.ts — what this page notices of words that were removed unseen, from the first row of a document on: they may
// have met others while it was closed. Knows: which Y.Docs are documents. Must not know: what becomes of the words.
import { updatesIn } from 'syncline/client'
import { removedSince, unseenWords } from 'syncline/types'
import type { CharacterRange, UnseenWords } from 'syncline/types'
import type * as Y from 'yjs'
import { nameOf } from './document-list.ts'
import { proseOf } from './document-parts.ts'

export type Noticed = {
  readonly words: readonly UnseenWords[]
  /** Those that somebody removed since who had seen them. */
  readonly removed: readonly CharacterRange[]
}

class Watch {
  readonly words: UnseenWords[] = []
  readonly removed: CharacterRange[] = []
  readonly listeners = new Set<(noticed: Noticed) => void>()
}

const watches = new WeakMap<Y.Doc, Watch>()

/** To be called before anything is in it. */
export function watchLeftovers(doc: Y.Doc): void {
  if (!doc.guid.startsWith(nameOf(''))) return
  const watch = new Watch()
  watches.set(doc, watch)
  doc.on('afterTransaction', (transaction) => {
    const updates = updatesIn(transaction)
    if (updates.length === 0) return
    const removed = removedSince(transaction, updates, watch.words)
    const words = unseenWords(transaction, updates, proseOf(doc))
    if (words.length + removed.length === 0) return
    for (const one of words) watch.words.push(one)
    for (const range of removed) watch.removed.push(range)
    for (const listener of watch.listeners) listener({ words, removed })
  })
}

/** Told at once of all that was noticed so far, if anything was, and then of what is new. */
export function onLeftovers(doc: Y.Doc, listener: (noticed: Noticed) => void): () => void {
  const watch = watches.get(doc)
  if (watch === undefined) return () => undefined
  if (watch.words.length > 0) listener({ words: [...watch.words], removed: [...watch.removed] })
  watch.listeners.add(listener)
  return () => void watch.listeners.delete(listener)
}
