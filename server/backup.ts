// backup.ts — `syncline backup FOLDER`: all of the data as it was at one moment, while the relay runs or not.
import { entriesIn } from './data-source.ts'
import { sealCopy, writeCopy } from './store-copy.ts'
import { sizeText } from './size-text.ts'

/** Returns what there is to say to the person who asked for it. */
export async function backup(data: string, folder: string): Promise<string> {
  const madeAt = new Date()
  const summary = await writeCopy(folder, entriesIn(data))
  await sealCopy(folder, summary, madeAt)
  return `Copied ${summary.entries} records (${sizeText(summary.bytes)}) of ${data} to ${folder}.
It holds all documents as they were at ${madeAt.toISOString()}, and the relay's secret key: keep it as safe as the data.
  look at it    syncline verify ${folder}
  go back to it syncline restore ${folder} --data NEW-FOLDER`
}
