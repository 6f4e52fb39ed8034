// use-arrival.ts — whether a document has come to this device, as a value for React.
import { useCallback, useSyncExternalStore } from 'react'
import type * as Y from 'yjs'
import { hasCome } from '../document-parts.ts'

export function useHasCome(doc: Y.Doc | undefined): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      doc?.on('update', listener)
      return () => doc?.off('update', listener)
    },
    [doc],
  )
  return useSyncExternalStore(subscribe, () => doc !== undefined && hasCome(doc))
}
