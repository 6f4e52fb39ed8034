// journey-script.ts — what a page does for journey.test.ts: it types without a relay, and says how much is left to send.
// Knows: of the package its public face, and where the outbox lies on the disk.
import { openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace } from '../../client/index.ts'
import { outboxKey } from '../../shared/replica-keys.ts'

/** So many are typed before anything else gets its turn. */
const burst = 100

let workspace: Workspace
let document: SynclineDocument
/** What was told to be left, each time it changed. */
const left: number[] = []

export async function open(url: string, name: string, isOffline: boolean): Promise<number> {
  const began = performance.now()
  workspace = openWorkspace({ url, store: name })
  workspace.workOffline(isOffline)
  document = workspace.open(name)
  document.status.subscribe(() => {
    const { pending, phase } = document.status.current
    if (phase !== 'loading' && left.at(-1) !== pending) left.push(pending)
  })
  await document.loaded
  return performance.now() - began
}

export async function type(edits: number): Promise<void> {
  const text = document.doc.getText('text')
  for (let edit = 0; edit < edits; edit++) {
    text.insert(edit % 7 === 0 ? 0 : text.length, String(edit % 10))
    if (edit % burst === burst - 1) await nextTurn()
  }
}

export function isKept(): boolean {
  return document.status.current.inMemory === 0
}

export function goOnline(): void {
  workspace.workOffline(false)
}

export function toldLeft(): readonly number[] {
  return left
}

export function toSend(): number {
  return document.status.current.pending
}

/** Until the disk says of fewer than these that they are to be sent: so many are left if the browser is killed now. */
export async function untilLeftOnDisk(edits: number): Promise<void> {
  while ((await toSendOnDisk()) >= edits) await nextTurn()
}

export function isSaved(): boolean {
  return document.status.current.isSaved
}

export function length(): number {
  return document.doc.getText('text').length
}

async function toSendOnDisk(): Promise<number> {
  let count = 0
  for (const { name } of await indexedDB.databases()) {
    const database = await answered(indexedDB.open(name ?? ''))
    const records = database.transaction('records').objectStore('records')
    const outbox = IDBKeyRange.bound(outboxKey(0), outboxKey(Number.MAX_SAFE_INTEGER))
    count += await answered(records.count(outbox))
    database.close()
  }
  return count
}

function answered<Answer>(request: IDBRequest<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('The disk did not answer.')))
  })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve)
  })
}
