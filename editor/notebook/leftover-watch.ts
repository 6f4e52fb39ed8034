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
  /** Those of them that somebody removed since who had seen them. */
  readonly removed: readonly CharacterRange[]
}

class Watch {
  noticed: Noticed = { words: [], removed: [] }
  readonly listeners = new Set<() => void>()
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
    const { words, removed } = watch.noticed
    const removedNow = removedSince(transaction, updates, words)
    const unseen = unseenWords(transaction, updates, proseOf(doc))
    if (unseen.length + removedNow.length === 0) return
    watch.noticed = { words: [...words, ...unseen], removed: [...removed, ...removedNow] }
    for (const listener of watch.listeners) listener()
  })
}

/** Told of all that was noticed so far, and again whenever there is more. */
export function onLeftovers(doc: Y.Doc, listener: (noticed: Noticed) => void): () => void {
  const watch = watches.get(doc)
  if (watch === undefined) return () => undefined
  const tell = (): void => listener(watch.noticed)
  tell()
  watch.listeners.add(tell)
  return () => void watch.listeners.delete(tell)
}
