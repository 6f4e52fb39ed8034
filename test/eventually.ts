// eventually.ts — waiting for a fact instead of for time: the fact is looked at after every change of what it
// depends on. The deadline is the test's own.
import type * as Y from 'yjs'

/** Resolves as soon as `holds` is true; it is asked now and after every update of one of the documents. */
export function eventually(docs: readonly Y.Doc[], holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return
      for (const doc of docs) doc.off('update', look)
      resolve()
    }
    for (const doc of docs) doc.on('update', look)
    look()
  })
}
