// restore.ts — `syncline restore FOLDER --data NEW`: a data folder from a backup. Never writes over anything: what is newer
// than the backup may be all that is left of it.
import { LevelStore } from './level-store.ts'
import { RelayError } from './relay-error.ts'
import { sizeText } from './size-text.ts'
import { assertData, sealOf, writeCopy } from './store-copy.ts'

/** Returns what there is to say to the person who asked for it. */
export async function restore(folder: string, data: string): Promise<string> {
  assertData(folder)
  const seal = await sealOf(folder)
  if (seal === undefined)
    throw new RelayError('no-data', `${folder} is no backup: syncline backup makes one.`)
  const store = await LevelStore.open({ folder, sync: true })
  try {
    const { entries, bytes } = await writeCopy(
      data,
      store.everything(() => undefined),
      seal.sha256,
    )
    const isWhole = seal.skipped === undefined
    return `Restored ${entries} records (${sizeText(bytes)}) of ${seal.madeAt} to ${data}.${isWhole ? '' : '\nIt is of damaged data, and not all of it: verify says which documents miss something.'}
Replicas that are newer than this give back what it lacks as soon as they come.
  start it      syncline serve --data ${data}`
  } finally {
    await store.close()
  }
}
