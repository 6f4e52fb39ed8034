// use-sync-status.ts — how things stand with a document, or with all of this device. [T1]
import { useMemo, useSyncExternalStore } from 'react'
import { documentBeginning } from '../client/index.ts'
import type { DocumentStatus, Observable, WorkspaceStatus } from '../client/index.ts'
import type { SharedDocument } from './shared-document.ts'
import { constant, sharedValue } from './use-shared.ts'
import { useWorkspace } from './workspace-provider.ts'

const workspaceBeginning: WorkspaceStatus = {
  phase: 'opening',
  reason: undefined,
  nextTryAt: undefined,
  keeps: 'opening',
  storeError: undefined,
  isPersistent: undefined,
  tokenError: undefined,
  socketError: undefined,
  tab: 'following',
  inMemory: 0,
  pending: 0,
  waiting: [],
  refused: 0,
  toFetch: 0,
  durability: undefined,
  clockOffsetMs: undefined,
}

const noWorkspace = constant(workspaceBeginning)

/**
 * With `part` the component renders again only when that part is another: give a text, a number, a yes or no.
 *
 * @example
 * const { isSaved, pending } = useSyncStatus('shopping')
 * const hasUnsaved = useSyncStatus('shopping', ({ isSaved }) => !isSaved)
 * const { phase, keeps } = useSyncStatus()
 * const isReady = useSyncStatus(({ phase }) => phase === 'ready')
 */
export function useSyncStatus<Part = DocumentStatus>(
  name: string,
  part?: (status: DocumentStatus) => Part,
): Part
export function useSyncStatus<Part = WorkspaceStatus>(part?: (status: WorkspaceStatus) => Part): Part
export function useSyncStatus(
  first?: string | ((status: WorkspaceStatus) => unknown),
  second: (status: DocumentStatus) => unknown = whole,
): unknown {
  const workspace = useWorkspace()
  const name = typeof first === 'string' ? first : undefined
  const document = useMemo(
    () => (name === undefined ? undefined : sharedValue(workspace, name, statusOf, documentBeginning)),
    [workspace, name],
  )
  const all = workspace?.status ?? noWorkspace
  const shown = (ofDocument: DocumentStatus, ofAll: WorkspaceStatus): unknown =>
    typeof first === 'string' ? second(ofDocument) : (first ?? whole)(ofAll)
  return useSyncExternalStore(
    (document ?? all).subscribe,
    () => shown(document?.current ?? documentBeginning, all.current),
    () => shown(documentBeginning, workspaceBeginning),
  )
}

function whole<Status>(status: Status): Status {
  return status
}

function statusOf({ document }: SharedDocument): Observable<DocumentStatus> {
  return document.status
}
