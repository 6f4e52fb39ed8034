// verify.ts — `syncline verify [FOLDER]`: a table of all documents of a data folder or a backup, with what is wrong. Where a
// relay uses the folder, what it held when it was asked is looked at. Must not know: what makes a record right.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkData } from './data-check.ts'
import type { Check, CheckedDocument } from './data-check.ts'
import { entriesIn } from './data-source.ts'
import { nameKeyOf, markOf } from './journal.ts'
import { LevelStore } from './level-store.ts'
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
  const isWhole = damaged.length === 0 && check.problems.length === 0 && isAsMade
  const lines = [
    ...tableOf(check),
    '',
    ...check.problems,
    ...(isAsMade ? [] : ['The backup is not what it was when it was made.']),
    `${check.documents.length} documents, ${check.tenants} tenants, ${check.summary.entries} records, ${sizeText(check.summary.bytes)}: ${isWhole ? 'all whole.' : `not whole; ${damaged.length} documents are damaged.`}`,
  ]
  return { text: lines.join('\n'), isWhole }
}

async function checkIn(folder: string): Promise<Check> {
  try {
    return await checkFolder(folder)
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'data-in-use') throw error
  }
  const copy = await mkdtemp(join(tmpdir(), 'syncline-verify-'))
  try {
    await writeCopy(copy, entriesIn(folder))
    return await checkFolder(copy)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function checkFolder(folder: string): Promise<Check> {
  const store = await LevelStore.open({ folder, sync: true })
  try {
    return await checkData(store)
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
