// workspace-provider.ts — which workspace the hooks below speak of. Must not know: how it was opened, or when it is
// closed. That follows what a person does (signs in, signs out), and not what React mounts.
import { createContext, createElement, useContext } from 'react'
import type { ReactElement, ReactNode } from 'react'
import type { Workspace } from '../client/index.ts'
import { HookError } from './hook-error.ts'

export type WorkspaceProviderProps = {
  /** `undefined` where there is none: on a server, and before somebody has signed in. */
  readonly workspace: Workspace | undefined
  readonly children?: ReactNode
}

const outside = Symbol('outside')
const Held = createContext<Workspace | undefined | typeof outside>(outside)

/** @example <WorkspaceProvider workspace={workspace}><App /></WorkspaceProvider> */
export function WorkspaceProvider({ workspace, children }: WorkspaceProviderProps): ReactElement {
  return createElement(Held.Provider, { value: workspace }, children)
}

/** The workspace itself, for what is no hook: `retryNow`, `workOffline`, `refused`. */
export function useWorkspace(): Workspace | undefined {
  const workspace = useContext(Held)
  if (workspace === outside)
    throw new HookError('no-provider', 'This component is in no WorkspaceProvider: put one around it.')
  return workspace
}
