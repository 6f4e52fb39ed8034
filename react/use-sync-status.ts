// use-sync-status.ts — how things stand with a document, or with all of this device. [T1]
import { useMemo } from 'react'
import { documentBeginning } from '../client/index.ts'
import type { DocumentStatus, Observable, WorkspaceStatus } from '../client/index.ts'
import type { SharedDocument } from './shared-document.ts'
import { constant, sharedValue, useObserved } from './use-shared.ts'
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
  refused: 0,
  toFetch: 0,
  durability: undefined,
  clockOffsetMs: undefined,
}

/**
 * @example
 * const { isSaved, pending } = useSyncStatus('shopping')
 * const { phase, keeps } = useSyncStatus()
 */
export function useSyncStatus(name: string): DocumentStatus
export function useSyncStatus(): WorkspaceStatus
export function useSyncStatus(name?: string): DocumentStatus | WorkspaceStatus {
  const workspace = useWorkspace()
  const beginning = name === undefined ? workspaceBeginning : documentBeginning
  const status = useMemo((): Observable<DocumentStatus | WorkspaceStatus> => {
    if (name === undefined) return workspace?.status ?? constant(workspaceBeginning)
    return sharedValue(workspace, name, statusOf, documentBeginning)
  }, [workspace, name])
  return useObserved(status, beginning)
}

function statusOf({ document }: SharedDocument): Observable<DocumentStatus> {
  return document.status
}
