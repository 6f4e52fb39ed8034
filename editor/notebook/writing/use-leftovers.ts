// use-leftovers.ts — the words that wait for somebody to put them back, as a value for React; and what this page noticed of such
// words goes into the document.
import { useEffect, useState } from 'react'
import type * as Y from 'yjs'
import { leftoversOf, proseOf } from '../document-parts.ts'
import type { Leftover } from '../leftover-entries.ts'
import { recordLeftovers } from '../leftover-recording.ts'
import { onLeftovers } from '../leftover-watch.ts'
import { leftoversIn } from '../leftovers.ts'

const restMs = 400

/** `mayRecord`: this person may write, and what others have dealt with is here. */
export function useLeftovers(doc: Y.Doc | undefined, mayRecord: boolean): readonly Leftover[] {
  const [leftovers, setLeftovers] = useState<readonly Leftover[]>([])
  useEffect(() => {
    if (doc === undefined) return undefined
    const map = leftoversOf(doc)
    const prose = proseOf(doc)
    let isShowing = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      clearTimeout(timer)
      const found = leftoversIn(doc)
      isShowing = found.length > 0
      setLeftovers(found)
    }
    // A text that has them after all may come after them.
    const proseOnChange = (): void => {
      clearTimeout(timer)
      if (isShowing) timer = setTimeout(show, restMs)
    }
    show()
    map.observe(show)
    prose.observeDeep(proseOnChange)
    return () => {
      clearTimeout(timer)
      map.unobserve(show)
      prose.unobserveDeep(proseOnChange)
    }
  }, [doc])
  useEffect(
    () => (doc === undefined || !mayRecord ? undefined : recordLeftovers(doc, onLeftovers)),
    [doc, mayRecord],
  )
  return leftovers
}
