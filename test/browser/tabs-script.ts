// tabs-script.ts — what a page does for tests of several tabs: it writes, says who leads and what is kept and saved, and hangs
// when it is told to. Knows: nothing of the package but its public face.
import { openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace } from '../../client/index.ts'

let workspace: Workspace
let document: SynclineDocument

export async function open(url: string, name: string): Promise<void> {
  workspace = openWorkspace({ url, store: name })
  document = workspace.open(name)
  await document.loaded
}

export function write(more: string): void {
  const text = document.doc.getText('text')
  text.insert(text.length, more)
}

export function words(): string {
  return document.doc.getText('text').toString()
}

export function role(): string {
  return workspace.status.current.tab
}

export function isSaved(): boolean {
  return document.status.current.isSaved
}

const ends = ['complete', 'abort']
const openTransactions = new Set<IDBTransaction>()
const begin: IDBDatabase['transaction'] = Reflect.get(IDBDatabase.prototype, 'transaction')
IDBDatabase.prototype.transaction = function counted(...asked): IDBTransaction {
  const transaction = begin.apply(this, asked)
  openTransactions.add(transaction)
  for (const end of ends) transaction.addEventListener(end, () => openTransactions.delete(transaction))
  return transaction
}

/**
 * Writes, and nothing runs in this page until somebody answers there. Not while it reads or writes its database: Chromium
 * leaves a page a minute for a transaction, and nobody else gets at the store before.
 */
export async function writeAndHang(more: string, url: string): Promise<void> {
  for (const transaction of openTransactions)
    await new Promise((resolve) => {
      for (const end of ends) transaction.addEventListener(end, resolve)
    })
  write(more)
  hang(url)
}

function hang(url: string): void {
  const request = new XMLHttpRequest()
  request.open('GET', url, false)
  request.send()
}

/** From now on its database answers no question. */
export function losesItsStore(): void {
  IDBObjectStore.prototype.get = () => new EventTarget() as IDBRequest
}

/** No database opens. */
export function hasNoStore(): void {
  indexedDB.open = () => {
    throw new DOMException('The disk is away.', 'UnknownError')
  }
}

export function hasItsStoreAgain(): void {
  Reflect.deleteProperty(indexedDB, 'open')
  workspace.retryNow()
}

export function keeps(): string {
  return workspace.status.current.keeps
}

export function refused(): number {
  return workspace.status.current.refused
}

/** All that the two statuses say; what both say, of the document. */
export function told(): object {
  return { ...workspace.status.current, ...document.status.current }
}

/** Nothing that packs its files makes this smaller. */
export function writeNoise(kilobytes: number): void {
  const bytes = crypto.getRandomValues(new Uint8Array(1024))
  for (let kilobyte = 0; kilobyte < kilobytes; kilobyte++)
    document.doc.getArray<Uint8Array>('noise').push([crypto.getRandomValues(bytes).slice()])
}

export async function hasRoom(): Promise<boolean> {
  return (await workspace.room()) !== undefined
}

export function noise(): number {
  return document.doc.getArray('noise').length
}
