// leftover-recording.ts — which page records the words that several notice at once: the one where they were written, if it is
// there, else whichever comes first; the others find them recorded. Must not know: how words are noticed, how they lie in a
// document.
import type { CharacterRange, UnseenWords } from 'syncline/types'
import type * as Y from 'yjs'
import type { Noticed } from './leftover-watch.ts'
import { record } from './leftovers.ts'

const waitMsMin = 1_000
const waitMsMax = 2_000

/** Of what `listen` tells, until what is returned is called. */
export function recordLeftovers(
  doc: Y.Doc,
  listen: (doc: Y.Doc, listener: (noticed: Noticed) => void) => () => void,
): () => void {
  let words: readonly UnseenWords[] = []
  let removed: readonly CharacterRange[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const recordAll = (): void => {
    clearTimeout(timer)
    timer = undefined
    record(doc, words, removed)
    words = removed = []
  }
  const stop = listen(doc, (news) => {
    words = words.concat(news.words)
    removed = removed.concat(news.removed)
    const isWrittenHere = news.words.some(({ runs }) => runs.some(({ client }) => client === doc.clientID))
    if (isWrittenHere) recordAll()
    else timer ??= setTimeout(recordAll, waitMsMin + Math.random() * (waitMsMax - waitMsMin))
  })
  return () => {
    clearTimeout(timer)
    stop()
  }
}
