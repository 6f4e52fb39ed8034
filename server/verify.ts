// verify.ts — `syncline verify [FOLDER]`: a table of all documents of a data folder or a backup, with what is wrong. Where a
// relay uses the folder, what it held when it was asked is looked at. Must not know: what makes a record right.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inView, isUntouched } from './backup-view.ts'
import { checkData } from './data-check.ts'
import type { Check, CheckedDocument } from './data-check.ts'
import { entriesIn, openToRead } from './data-source.ts'
import { nameKeyOf, markOf } from './journal.ts'
import { RelayError } from './relay-error.ts'
import { sizeText } from './size-text.ts'
import { assertData, sealOf, writeCopy } from './store-copy.ts'

export type Verdict = { readonly text: string; readonly isWhole: boolean }

export async function verify(folder: string): Promise<Verdict> {
  assertData(folder)
  const check = await checkIn(folder)
  const seal = await sealOf(folder)
  const isAsMade = seal === undefined || seal.sha256 === check.summary.sha256
  const damaged = check.documents.filter(({ state }) => state === 'damaged')
  const lacking = seal?.skipped ?? []
  const isWhole = damaged.length + check.problems.length + lacking.length === 0 && isAsMade
  const lines = [
    ...tableOf(check),
    '',
    ...check.problems,
    ...lacking.map((reason) => `The backup lacks what could not be read when it was made. ${reason}`),
    ...(isAsMade ? [] : ['The backup is not what it was when it was made.']),
    `${check.documents.length} documents, ${check.tenants} tenants, ${check.summary.entries} records, ${sizeText(check.summary.bytes)}: ${isWhole ? 'all whole.' : `not whole; ${damaged.length} documents are damaged.`}`,
  ]
  return { text: lines.join('\n'), isWhole }
}

async function checkIn(folder: string): Promise<Check> {
  const skipped: string[] = []
  const whenSkipped = (reason: string) => skipped.push(reason)
  const check = await checkedIn(folder, whenSkipped)
  return { ...check, problems: [...skipped, ...check.problems] }
}

async function checkedIn(folder: string, whenSkipped: (reason: string) => void): Promise<Check> {
  if (await isUntouched(folder)) return inView(folder, (view) => checkFolder(view, whenSkipped))
  try {
    return await checkFolder(folder, whenSkipped)
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'data-in-use') throw error
  }
  const copy = await mkdtemp(join(tmpdir(), 'syncline-verify-'))
  try {
    await writeCopy(copy, entriesIn(folder, whenSkipped))
    return await checkFolder(copy, whenSkipped)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function checkFolder(folder: string, whenSkipped: (reason: string) => void): Promise<Check> {
  const store = await openToRead(folder, whenSkipped)
  try {
    return await checkData(store, whenSkipped)
  } finally {
    await store.close()
  }
}

function tableOf({ documents, key }: Check): string[] {
  const nameKey = key === undefined ? undefined : nameKeyOf(key)
  const rows = documents.map((checked) => rowOf(checked, nameKey))
  const head = ['document', 'mark', 'position', 'updates', 'size', 'state']
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(lineOf)
}

function rowOf(checked: CheckedDocument, nameKey: Uint8Array | undefined): readonly string[] {
  const { tenant, document, last, updates, bytes, state, problems } = checked
  return [
    tenant === '' ? document : `${document} (${tenant})`,
    nameKey === undefined ? '' : markOf(nameKey, { tenant, document }),
    String(last),
    String(updates),
    sizeText(bytes),
    [state, ...problems].join(': '),
  ]
}
