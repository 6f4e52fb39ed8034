// use-shared.ts — one thing of a document, for one component: it opens the document when it is mounted, never while it
// renders, for React renders what it then throws away.
import { useMemo, useSyncExternalStore } from 'react'
import type { Observable, Workspace } from '../client/index.ts'
import { SharedDocument } from './shared-document.ts'
import { useWorkspace } from './workspace-provider.ts'

/** `before`: what is shown where there is no workspace, on a server, and until the document is opened. */
export function useShared<Value>(
  name: string,
  of: (shared: SharedDocument) => Observable<Value>,
  before: Value,
): Value {
  const workspace = useWorkspace()
  const value = useMemo(() => sharedValue(workspace, name, of, before), [workspace, name, of, before])
  return useSyncExternalStore(
    value.subscribe,
    () => value.current,
    () => before,
  )
}

export function sharedValue<Value>(
  workspace: Workspace | undefined,
  name: string,
  of: (shared: SharedDocument) => Observable<Value>,
  before: Value,
): Observable<Value> {
  if (workspace === undefined) return constant(before)
  return {
    get current() {
      const shared = SharedDocument.find(workspace, name)
      return shared === undefined ? before : of(shared).current
    },
    subscribe: (listener) => {
      const [shared, leave] = SharedDocument.use(workspace, name)
      const stop = of(shared).subscribe(listener)
      return () => {
        stop()
        leave()
      }
    },
  }
}

/** The same for ever. */
export function constant<Value>(current: Value): Observable<Value> {
  return { current, subscribe: () => () => undefined }
}
