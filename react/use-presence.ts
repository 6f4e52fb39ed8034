// use-presence.ts — who else is at a document, and what is said to them of who sits here. [P1]
import { useEffect } from 'react'
import type { Observable } from '../client/index.ts'
import type { Peer } from './peers.ts'
import { SharedDocument } from './shared-document.ts'
import { useShared } from './use-shared.ts'
import { useWorkspace } from './workspace-provider.ts'

const nobody: readonly Peer[] = []

/**
 * `own`: fields that others are told as long as the component is mounted; what is no JSON is left out.
 *
 * @example
 * const peers = usePresence('shopping', { user: { name: 'Ann' } })
 */
export function usePresence(name: string, own?: Readonly<Record<string, unknown>>): readonly Peer[] {
  const workspace = useWorkspace()
  const peers = useShared(name, peersOf, nobody)
  // Who renders makes a new object each time, and says nothing new.
  const json = own === undefined ? undefined : JSON.stringify(own)
  useEffect(() => {
    if (workspace === undefined || json === undefined) return undefined
    const [{ ownPresence }, leave] = SharedDocument.use(workspace, name)
    const unsay = ownPresence.say(JSON.parse(json))
    return () => {
      unsay()
      leave()
    }
  }, [workspace, name, json])
  return peers
}

function peersOf({ peers }: SharedDocument): Observable<readonly Peer[]> {
  return peers
}
