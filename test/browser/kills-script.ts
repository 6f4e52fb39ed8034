// kills-script.ts — what a page does for kills.test.ts: it types without an end, and says of how much of it the status told
// that it is on this disk. Knows: nothing of the package but its public face. Who listens outlives the page.
import { openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace } from '../../client/index.ts'
import { chanceFrom } from '../chance.ts'
import type { Chance } from '../chance.ts'

declare global {
  /** So many edits of this life, the first ones, are on this disk. */
  var heard: (life: string, kept: number) => void
}

let workspace: Workspace
let document: SynclineDocument

const edits = (): readonly string[] => document.doc.getArray<string>('edits').toArray()

/** What this disk keeps. */
export async function open(url: string, name: string): Promise<readonly string[]> {
  workspace = openWorkspace({ url, store: name })
  document = workspace.open(name)
  await document.loaded
  return edits()
}

/** Each edit is «life:number». */
export function write(life: string, seed: number): void {
  let typed = 0
  let kept = 0
  document.status.subscribe(() => {
    const count = typed - document.status.current.inMemory
    if (count === kept) return
    kept = count
    globalThis.heard(life, count)
  })
  void type(chanceFrom(seed), () => {
    typed += 1
    document.doc.getArray('edits').push([`${life}:${typed}`])
  })
}

/** As people do: some keys, a pause until they are kept, or none. */
async function type(chance: Chance, press: () => void): Promise<never> {
  for (;;) {
    for (let keys = chance.between(1, 6); keys > 0; keys--) press()
    if (chance.between(0, 2) > 0) await stored()
    for (let turns = chance.between(0, 3); turns > 0; turns--) await nextTurn()
  }
}

function stored(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.status.current.inMemory > 0) return
      stop()
      resolve()
    }
    const stop = document.status.subscribe(look)
    look()
  })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', () => resolve(), { once: true })
    port1.start()
    port2.postMessage(undefined)
  })
}

export function retry(): void {
  workspace.retryNow()
}

export async function saved(): Promise<readonly string[]> {
  workspace.retryNow()
  while (!(await document.saved()).isSaved) await nextTurn()
  return edits()
}
