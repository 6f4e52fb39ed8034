// index.ts — what an application imports as `syncline/react`: hooks over a workspace. docs/REACT.md.
'use client'

export { HookError } from './hook-error.ts'
export type { HookErrorCode } from './hook-error.ts'
export type { Peer } from './peers.ts'
export type { DocumentView } from './shared-document.ts'
export { useCounter } from './use-counter.ts'
export type { CounterView } from './use-counter.ts'
export { useDocument } from './use-document.ts'
export { usePresence } from './use-presence.ts'
export { useSyncStatus } from './use-sync-status.ts'
export { useWorkspace, WorkspaceProvider } from './workspace-provider.ts'
export type { WorkspaceProviderProps } from './workspace-provider.ts'
