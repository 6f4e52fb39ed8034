// indicator.ts — statuses as one of eight words for the corner of an eye. Pure: a test reads it as a table. *Saved* stands
// for `isSaved` and for nothing else. [T1]
import type { DocumentStatus, WorkspaceStatus } from 'syncline/client'

export type Indicator =
  | { readonly is: 'opening' }
  | { readonly is: 'saved' }
  | { readonly is: 'saving' }
  /** On this device's disk, and not at the relay. */
  | { readonly is: 'onDevice'; readonly changes: number }
  /** A crash of this tab would lose them. */
  | { readonly is: 'inMemory'; readonly changes: number }
  /** There is no connection to the relay, and nothing waits for one. */
  | { readonly is: 'offline'; readonly isWanted: boolean }
  /** What others wrote is being brought. */
  | { readonly is: 'catchingUp'; readonly percent: number }
  | { readonly is: 'needsYou' }

/** Fewer commits than this are there before anybody reads how many they are. */
const catchUpMin = 20

export function indicatorOf(workspace: WorkspaceStatus, document: DocumentStatus): Indicator {
  if (needsPerson(workspace, document)) return { is: 'needsYou' }
  if (workspace.keeps === 'opening' || document.phase === 'loading') return { is: 'opening' }
  const { inMemory, pending } = document
  if (workspace.keeps === 'memory' && inMemory + pending > 0)
    return { is: 'inMemory', changes: inMemory + pending }
  const isAway = !isReached(workspace)
  // What the disk takes this very moment is not counted as on it.
  if (isAway && pending > 0) return { is: 'onDevice', changes: pending }
  if (inMemory + pending > 0) return { is: 'saving' }
  if (isAway) return { is: 'offline', isWanted: worksOffline(workspace) }
  const { progress } = document
  if (progress !== undefined && progress.head - progress.position >= catchUpMin)
    return { is: 'catchingUp', percent: Math.floor((progress.position / progress.head) * 100) }
  return document.isSaved ? { is: 'saved' } : { is: 'opening' }
}

export function isReached({ phase }: WorkspaceStatus): boolean {
  return phase === 'ready'
}

/** A person chose it, and takes it back. */
export function worksOffline({ reason }: WorkspaceStatus): boolean {
  return reason === 'workOffline'
}

export type SignInRefusal = 'tokenRefused' | 'otherSubject'

/** Until another token comes. A store that is somebody else's is done without, and refuses no sign-in. */
export function refusalOf({
  phase,
  reason,
}: Pick<WorkspaceStatus, 'phase' | 'reason'>): SignInRefusal | undefined {
  const isRefusal = reason === 'tokenRefused' || reason === 'otherSubject'
  return isRefusal && phase === 'resting' ? reason : undefined
}

/** What this device keeps is not for who signed in to write in. */
export function isOfAnother(status: WorkspaceStatus): boolean {
  return refusalOf(status) === 'otherSubject'
}

function needsPerson(workspace: WorkspaceStatus, { waitingFor }: DocumentStatus): boolean {
  const { reason, refused, phase } = workspace
  if (phase === 'closed' || refused > 0) return true
  // The first token is being asked for by itself.
  if (reason !== undefined && reason !== 'workOffline' && reason !== 'tokenMissing') return true
  return waitingFor === 'forbidden' || waitingFor === 'tooLarge' || waitingFor === 'gone'
}
