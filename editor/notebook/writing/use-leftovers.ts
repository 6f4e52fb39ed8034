// use-leftovers.ts — the words that wait for somebody to put them back, as a value for React; and what this page noticed of such
// words goes into the document.
import { useEffect, useState } from 'react'
import type * as Y from 'yjs'
import { leftoversOf } from '../document-parts.ts'
import { onLeftovers } from '../leftover-watch.ts'
import { leftoversIn, record } from '../leftovers.ts'
import type { Leftover } from '../leftovers.ts'

/** `mayRecord`: this person may write, and what others have dealt with is here. */
export function useLeftovers(doc: Y.Doc | undefined, mayRecord: boolean): readonly Leftover[] {
  const [leftovers, setLeftovers] = useState<readonly Leftover[]>([])
  useEffect(() => {
    if (doc === undefined) return undefined
    const map = leftoversOf(doc)
    const show = (): void => setLeftovers(leftoversIn(doc))
    show()
    map.observe(show)
    return () => map.unobserve(show)
  }, [doc])
  useEffect(() => {
    if (doc === undefined || !mayRecord) return undefined
    return onLeftovers(doc, ({ words, removed }) => record(doc, words, removed))
  }, [doc, mayRecord])
  return leftovers
}
