// journey-script.ts — what a page does for journey.test.ts: it types without a relay, and says how much is left to send.
// Knows: nothing of the package but its public face.
import { openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace } from '../../client/index.ts'

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

export function isSaved(): boolean {
  return document.status.current.isSaved
}

export function length(): number {
  return document.doc.getText('text').length
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve)
  })
}
