// restore.ts — `syncline restore FOLDER --data NEW`: a data folder from a backup. Never writes over anything: what is newer
// than the backup may be all that is left of it.
import { bringToFormat } from '../shared/disk-format.ts'
import { inView, isUntouched } from './backup-view.ts'
import { LevelStore } from './level-store.ts'
import { RelayError } from './relay-error.ts'
import { Revocations } from './revocations.ts'
import { sizeText } from './size-text.ts'
import { assertData, sealOf, writeCopy } from './store-copy.ts'
import type { Summary } from './store-copy.ts'

export type Restoring = {
  readonly folder: string
  readonly data: string
  /** What was revoked since the backup is not in it. */
  readonly revokesTokens: boolean
}

/** Returns what there is to say to the person who asked for it. */
export async function restore(wish: Restoring): Promise<string> {
  const { folder, data, revokesTokens } = wish
  assertData(folder)
  const seal = await sealOf(folder)
  if (seal === undefined)
    throw new RelayError('no-data', `${folder} is no backup: syncline backup makes one.`)
  const copied = (from: string) => restored(from, wish, seal.sha256)
  const { entries, bytes } = (await isUntouched(folder)) ? await inView(folder, copied) : await copied(folder)
  const isWhole = seal.skipped === undefined
  return `Restored ${entries} records (${sizeText(bytes)}) of ${seal.madeAt} to ${data}.${isWhole ? '' : '\nIt is of damaged data, and not all of it: verify says which documents miss something.'}
Replicas that are newer than this give back what it lacks as soon as they come.
${revokesTokens ? 'No token that was made until now counts any more.' : `Tokens that were revoked after ${seal.madeAt} count again: revoke them anew, or restore with --revoke-tokens.`}
  start it      syncline serve --data ${data}`
}

async function restored(from: string, { data, revokesTokens }: Restoring, sha256: string): Promise<Summary> {
  const store = await LevelStore.open({ folder: from, sync: true })
  try {
    const pages = store.everything(() => undefined)
    return await writeCopy(data, pages, { sha256, ...(revokesTokens ? { finish: revokeAll } : {}) })
  } finally {
    await store.close()
  }
}

/** In today's format, also where the backup was of an older one. */
async function revokeAll(folder: string): Promise<void> {
  const now = Date.now()
  const store = await LevelStore.open({ folder, sync: true })
  try {
    await bringToFormat(store)
    await (await Revocations.open(store, now)).revokeAll(now)
  } finally {
    await store.close()
  }
}
