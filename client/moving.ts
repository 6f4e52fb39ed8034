// moving.ts — from a store in memory to the disk that has opened at last: what is confirmed, and the inbox. Knows: two
// stores' records. Must not know: machines, Y.Docs. What is pending goes the way of all edits: see open-document.ts.
import { equalBytes } from '../shared/equal-bytes.ts'
import type { Change } from '../shared/replica-batches.ts'
import { rowKind } from '../shared/replica-records.ts'
import { StoreError } from '../shared/store.ts'
import { patiently } from './patience.ts'
import { newIdentity } from './records.ts'
import type { Records } from './records.ts'

export type Move = {
  /** `isSame`: the disk is of the replica that was in memory. Else what that one sent is its own to end. */
  readonly mayLeave: (isSame: boolean) => boolean
  readonly isWanted: () => boolean
  readonly storeSaid: (error: StoreError | undefined) => void
}

/** Whether both are now one replica; undefined: nobody wants it any more. As often as the disk needs it. [L1] */
export function moved(memory: Records, disk: Records, move: Move): Promise<boolean | undefined> {
  const work = async (): Promise<boolean> => {
    const isSame = await isOneReplica(memory, disk)
    if (move.mayLeave(isSame)) await moveConfirmed(memory, disk)
    // Asked again, for what was typed meanwhile.
    if (move.mayLeave(isSame)) return isSame
    throw new StoreError('broken', 'What is in memory goes to the relay first.')
  }
  return patiently(work, move.isWanted, move.storeSaid)
}

/** A disk that was none before becomes the replica that was in memory. Of another the relay takes none of its client ids. */
async function isOneReplica(memory: Records, disk: Records): Promise<boolean> {
  const ours = await memory.identity((before) => before ?? newIdentity())
  const theirs = await disk.identity((before) => before ?? ours)
  return equalBytes(ours.replica, theirs.replica)
}

/** What the relay has told meanwhile, so that all of it is there without a relay too. [E1] */
async function moveConfirmed(memory: Records, disk: Records): Promise<void> {
  // Who led on this disk finds that its term is over, and takes the next.
  while ((await disk.claimTerm()) === undefined);
  for (const { document, epoch } of await memory.documents()) {
    const { place, rows } = await memory.load(document)
    if (epoch.length === 0) continue
    const { cursor } = place
    const { head } = await disk.load(document)
    const updates = rows
      .filter(({ row: { kind } }) => kind === rowKind.confirmed || kind === rowKind.snapshot)
      .map(({ row }) => row.update)
    const isOther = head.epoch.length > 0 && !equalBytes(head.epoch, epoch)
    if (isOther && cursor === undefined)
      throw new StoreError('broken', 'A document was replaced, and is not all here yet.')
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
