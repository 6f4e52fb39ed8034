// backup.ts — `syncline backup FOLDER`: all of the data as it was at one moment, while the relay runs or not. What cannot be
// read is no reason to save nothing: the rest is copied, and it is said that there was more.
import { entriesIn } from './data-source.ts'
import { sealCopy, writeCopy } from './store-copy.ts'
import { sizeText } from './size-text.ts'

export type Backup = { readonly text: string; readonly isWhole: boolean }

/** Returns what there is to say to the person who asked for it. */
export async function backup(data: string, folder: string): Promise<Backup> {
  const madeAt = new Date()
  const skipped: string[] = []
  const pages = entriesIn(data, (reason) => skipped.push(reason))
  const summary = await writeCopy(folder, pages)
  await sealCopy(folder, summary, madeAt, skipped)
  const isWhole = skipped.length === 0
  const text = `Copied ${summary.entries} records (${sizeText(summary.bytes)}) of ${data} to ${folder}.
${isWhole ? 'It holds all documents' : 'It holds what could be read of the documents'} as they were at ${madeAt.toISOString()}, and the relay's secret key: keep it as safe as the data.
${isWhole ? '' : notWhole(skipped)}  look at it    syncline verify ${folder}
  go back to it syncline restore ${folder} --data NEW-FOLDER`
  return { text, isWhole }
}

function notWhole(skipped: readonly string[]): string {
  return `A part of the data is damaged and is NOT in the backup:
${skipped.map((reason) => `  ${reason}\n`).join('')}Verify says which documents miss something. Keep the damaged folder, and what backups there are of before.
`
}
