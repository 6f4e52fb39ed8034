// moving.ts — from a store in memory to the disk that has opened at last: what is confirmed, and the inbox. Knows: two
// stores' records. Must not know: machines, Y.Docs. What is pending goes the way of all edits: see open-document.ts.
//
// Where both have a history of a document, and not the same, only the relay knows which one is over: other tabs may have met
// the new one first, and have edits of it on the disk. To replace it would refuse those, to keep it would show what is over.
import { equalBytes } from '../shared/equal-bytes.ts'
import type { Change } from '../shared/replica-batches.ts'
import { StoreError } from '../shared/store.ts'
import { patiently } from './patience.ts'
import { isConfirmed, newIdentity, updatesOf } from './records.ts'
import type { Records } from './records.ts'

/** Whose the disk is: of the replica that was in memory, of another of the same person, of another person. */
export type Kinship = 'sameReplica' | 'otherReplica' | 'otherSubject'

export type Move = {
  /** What was sent by a replica that is not the disk's is its own to end. */
  readonly mayLeave: (kinship: Kinship) => boolean
  /** Whether the relay speaks with the memory of the history that it has; undefined: nobody has the document open. */
  readonly isCurrent: (document: string) => boolean | undefined
  readonly isWanted: () => boolean
  readonly storeSaid: (error: StoreError | undefined) => void
}

/** On `otherSubject` nothing was moved. Undefined: nobody wants it any more. As often as the disk needs it. [L1] [S1] */
export function moved(memory: Records, disk: Records, move: Move): Promise<Kinship | undefined> {
  const work = async (): Promise<Kinship> => {
    const before = await kinship(memory, disk)
    if (before !== 'otherSubject' && move.mayLeave(before)) await moveConfirmed(memory, disk, move)
    // Asked again, for who signed in and what was typed meanwhile.
    const now = await kinship(memory, disk)
    if (now === 'otherSubject' || move.mayLeave(now)) return now
    throw new StoreError('broken', 'What is in memory goes to the relay first.')
  }
  return patiently(work, move.isWanted, move.storeSaid)
}

/**
 * A disk that was none before becomes the replica that was in memory, one of nobody yet is from now on of who signed in
 * there. Of another replica the relay takes none of its client ids.
 */
async function kinship(memory: Records, disk: Records): Promise<Kinship> {
  const ours = await memory.identity((before) => before ?? newIdentity())
  const { owner } = ours
  const theirs = await disk.identity((before = ours) =>
    owner === undefined || before.owner !== undefined ? before : { ...before, owner },
  )
  if (equalBytes(ours.replica, theirs.replica)) return 'sameReplica'
  const isOne = theirs.owner?.tenant === owner?.tenant && theirs.owner?.subject === owner?.subject
  return owner === undefined || isOne ? 'otherReplica' : 'otherSubject'
}

/** What the relay has told meanwhile, so that all of it is there without a relay too. [E1] */
async function moveConfirmed(memory: Records, disk: Records, { isCurrent }: Move): Promise<void> {
  // Who led on this disk finds that its term is over, and takes the next.
  while ((await disk.claimTerm()) === undefined);
  for (const { document, epoch } of await memory.documents()) {
    const { place, rows } = await memory.load(document)
    if (epoch.length === 0) continue
    // What a relay told was told to somebody who had signed in before.
    if ((await kinship(memory, disk)) === 'otherSubject') return
    const { cursor } = place
    const { head } = await disk.load(document)
    const updates = updatesOf(rows.filter(isConfirmed))
    const isOther = head.epoch.length > 0 && !equalBytes(head.epoch, epoch)
    const isTold = isCurrent(document)
    // The disk keeps what it has: all of this is at the relay, and comes from there if it is what counts.
    if (isOther && isTold === undefined) continue
    if (isOther && (!isTold || cursor === undefined))
      throw new StoreError('broken', 'A document was replaced, and the relay has to say by what.')
    const changes: Change[] = isOther
      ? [{ type: 'replace', epoch, cursor, updates, at: Date.now() }]
      : [
          { type: 'adopt', epoch },
          { type: 'advance', cursor, updates },
        ]
    const written = await disk.write(document, changes)
    if (written.is === 'failed' && written.error !== undefined) throw written.error
  }
}
