// store-script.ts — what a page does for the bench of that name: one session into a store and out of it again, ours or
// y-indexeddb's. Knows: both by their public faces, and how either lays its rows. Bytes travel as base 64.
import { fromBase64 } from 'lib0/buffer'
import { IndexeddbPersistence, storeState } from 'y-indexeddb'
import * as Y from 'yjs'
import { openWorkspace } from '../client/index.ts'
import type { SynclineDocument, Workspace } from '../client/index.ts'

export type Kind = 'ours' | 'y-indexeddb'
export type Opened = { readonly ms: number; readonly structure: string }
export type Size = { readonly rows: number; readonly bytes: number }

/** A port where nobody listens. */
const nowhere = 'ws://127.0.0.1:1'
const tableOf = { ours: 'records', 'y-indexeddb': 'updates' } as const
/** What a fold leaves behind it, and what the next one waits for. */
const rowsAfterFold = 350
const lookAgainMs = 50

/** As somebody types it, and until all of it is on the disk. */
export async function write(kind: Kind, name: string, updates: readonly string[]): Promise<void> {
  const { doc, stored } = await opened(kind, name)
  for (const update of updates) Y.applyUpdate(doc, fromBase64(update))
  await stored()
}

export async function open(kind: Kind, name: string): Promise<Opened> {
  const began = performance.now()
  const { doc, close } = await opened(kind, name)
  const ms = performance.now() - began
  const found = { ms, structure: structureOf(doc) }
  await close()
  return found
}

/** Each its own way: y-indexeddb when it is told to, ours of what the relay has. */
export async function compact(kind: Kind, name: string, relay: string): Promise<void> {
  if (kind === 'y-indexeddb') {
    await storeState(await new IndexeddbPersistence(name, new Y.Doc()).whenSynced)
    while ((await sizeOf(kind, name)).rows > 1) await wait()
    return
  }
  const workspace = openWorkspace({ url: relay, store: name })
  const document = workspace.open(name)
  while (!(await document.saved()).isSaved) await wait()
  while ((await sizeOf(kind, name)).rows > rowsAfterFold) await wait()
  await workspace.close()
}

const smallName = (index: number): string => `small-${index}`

export async function writeSmall(kind: Kind, store: string, count: number): Promise<void> {
  const { documents, stored } = openedAll(kind, store, count)
  const docs = await Promise.all(documents)
  for (const [index, doc] of docs.entries()) doc.getText('text').insert(0, `A small note, number ${index}.`)
  await stored()
}

export async function openSmall(kind: Kind, store: string, count: number): Promise<Opened> {
  const began = performance.now()
  const { documents, close } = openedAll(kind, store, count)
  const docs = await Promise.all(documents)
  const ms = performance.now() - began
  const structure = docs.map((doc) => doc.getText('text').toString()).join()
  await close()
  return { ms, structure }
}

/** So often one after the other, without an edit. */
export async function openOften(kind: Kind, name: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await open(kind, name)
}

let follower: Opening

/** What others write is in it as it comes. */
export async function follow(kind: Kind, store: string, document: string, relay: string): Promise<void> {
  follower = await opened(kind, store, document, relay)
}

/** As a provider hands it over. */
export async function hear(updates: readonly string[]): Promise<void> {
  for (const update of updates) Y.applyUpdate(follower.doc, fromBase64(update), 'a provider')
  await follower.stored()
}

export function heard(): string {
  return structureOf(follower.doc)
}

export async function sizeOf(kind: Kind, name: string): Promise<Size> {
  const database = await answered(indexedDB.open(name))
  const rows = await answered(database.transaction(tableOf[kind]).objectStore(tableOf[kind]).getAll())
  database.close()
  return { rows: rows.length, bytes: rows.reduce((sum: number, row: Uint8Array) => sum + row.length, 0) }
}

type Opening = {
  readonly doc: Y.Doc
  readonly stored: () => Promise<void>
  readonly close: () => Promise<unknown>
}

function structureOf(doc: Y.Doc): string {
  return Y.encodeSnapshot(Y.snapshot(doc)).join()
}

async function opened(kind: Kind, store: string, name = store, relay = nowhere): Promise<Opening> {
  if (kind === 'ours') {
    const workspace = openWorkspace({ url: relay, store })
    const document = workspace.open(name)
    await document.loaded
    return { doc: document.doc, stored: () => untilStored(document), close: () => workspace.close() }
  }
  const persistence = new IndexeddbPersistence(store, new Y.Doc())
  // What it would trim a second later a tab that is killed does not.
  // oxlint-disable-next-line no-underscore-dangle
  persistence._storeTimeout = 1e9
  await persistence.whenSynced
  return {
    doc: persistence.doc,
    stored: () => lastOfTheirs(persistence),
    close: () => persistence.destroy(),
  }
}

type Openings = {
  readonly documents: readonly Promise<Y.Doc>[]
  readonly stored: () => Promise<unknown>
  readonly close: () => Promise<unknown>
}

function openedAll(kind: Kind, store: string, count: number): Openings {
  const names = Array.from({ length: count }, (_, index) => smallName(index))
  if (kind === 'ours') {
    const workspace: Workspace = openWorkspace({ url: nowhere, store })
    const all = names.map((name) => workspace.open(name))
    return {
      documents: all.map(async ({ loaded, doc }) => {
        await loaded
        return doc
      }),
      stored: () => Promise.all(all.map(untilStored)),
      close: () => workspace.close(),
    }
  }
  const all = names.map((name) => new IndexeddbPersistence(`${store}/${name}`, new Y.Doc()))
  return {
    documents: all.map(async (persistence) => (await persistence.whenSynced).doc),
    stored: () => Promise.all(all.map(lastOfTheirs)),
    close: () => Promise.all(all.map((persistence) => persistence.destroy())),
  }
}

function untilStored({ status }: SynclineDocument): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (status.current.inMemory > 0) return
      stop()
      resolve()
    }
    const stop = status.subscribe(look)
    look()
  })
}

/** Transactions end in their order: when a later one has read, the earlier ones are there. */
async function lastOfTheirs({ db }: IndexeddbPersistence): Promise<void> {
  if (db === null) throw new Error('It is not open.')
  await answered(db.transaction('updates', 'readwrite').objectStore('updates').count())
}

function answered<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('It failed.')))
  })
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lookAgainMs))
}
