// stores-script.ts — what a page does for indexed-store.test.ts: stores that are called from outside, and a document of
// many rows. Bytes travel as base 64.
import { fromBase64, toBase64 } from 'lib0/buffer'
import { openWorkspace } from '../../client/index.ts'
import { IndexedStore } from '../../client/indexed-store.ts'
import { StoreError } from '../../shared/store.ts'
import type { Batch, Range } from '../../shared/store.ts'

const nowhere = 'ws://127.0.0.1:1'
const stores: IndexedStore[] = []

export async function open(name: string): Promise<number> {
  return stores.push(await IndexedStore.open(name)) - 1
}

export function remove(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.addEventListener('success', () => resolve())
    request.addEventListener('error', () => reject(request.error))
  })
}

export async function call(number: number, method: string, words: string): Promise<unknown> {
  const store = stores[number]
  if (store === undefined) throw new Error('There is no such store.')
  const [word]: unknown[] = JSON.parse(words, textAsBytes)
  try {
    return { value: await answer(store, method, word) }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { code: error.code, message: error.message, outcome: error.outcome }
  }
}

async function answer(store: IndexedStore, method: string, word: unknown): Promise<unknown> {
  switch (method) {
    case 'write':
      return store.write(word as Batch)
    case 'get': {
      const value = await store.get(word as Uint8Array)
      return value === undefined ? null : toBase64(value)
    }
    case 'range': {
      const entries = await store.range(word as Range)
      const isPlain = entries.every((entry) => Object.getPrototypeOf(entry.key) === Uint8Array.prototype)
      if (!isPlain) throw new Error('Something else than plain bytes was handed out.')
      return entries.map(({ key, value }) => [toBase64(key), toBase64(value)])
    }
    default:
      return (await store.close()) ?? null
  }
}

function textAsBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return value
  return fromBase64(String(value.bytes))
}

/** Types into a document that no relay takes, and leaves it as a tab that is killed does. */
export async function leaveRows(name: string, count: number): Promise<void> {
  const workspace = openWorkspace({ url: nowhere, store: name })
  const document = workspace.open('document')
  await document.loaded
  const text = document.doc.getText('text')
  for (let typed = 0; typed < count; typed++) text.insert(typed, 'x')
  await workspace.close()
}

export async function openRows(name: string): Promise<{ ms: number; length: number }> {
  const began = performance.now()
  const workspace = openWorkspace({ url: nowhere, store: name })
  const document = workspace.open('document')
  await document.loaded
  const ms = performance.now() - began
  const { length } = document.doc.getText('text')
  await workspace.close()
  return { ms, length }
}
