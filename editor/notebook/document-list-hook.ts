// document-list-hook.ts — the list of documents as a value for React: another one only when an entry changed.
import { useMemo, useSyncExternalStore } from 'react'
import { useDocument } from 'syncline/react'
import type * as Y from 'yjs'
import { entriesIn, listName } from './document-list.ts'
import type { Entry } from './document-list.ts'

export type DocumentList = { readonly doc: Y.Doc; readonly entries: readonly Entry[] }

/** Undefined until what this device keeps of it is there. */
export function useDocumentList(): DocumentList | undefined {
  const doc = useDocument(listName)?.doc
  const watched = useMemo(() => (doc === undefined ? nothing : watch(doc)), [doc])
  return useSyncExternalStore(watched.subscribe, watched.current)
}

type Watched = {
  readonly current: () => DocumentList | undefined
  readonly subscribe: (listener: () => void) => () => void
}

const nothing: Watched = { current: () => undefined, subscribe: () => () => undefined }

function watch(doc: Y.Doc): Watched {
  const documents = doc.getMap('documents')
  let list: DocumentList = { doc, entries: entriesIn(doc) }
  return {
    current: () => list,
    subscribe: (listener) => {
      const look = (): void => {
        list = { doc, entries: entriesIn(doc) }
        listener()
      }
      documents.observeDeep(look)
      look()
      return () => documents.unobserveDeep(look)
    },
  }
}
