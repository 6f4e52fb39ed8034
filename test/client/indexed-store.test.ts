// indexed-store.test.ts — the Store on IndexedDB in Node: the contract, on a database that works and on one that fails;
// and what a browser does to databases. Chromium's own IndexedDB is in test/browser/.
import * as fake from 'fake-indexeddb'
import { expect, test, vi } from 'vitest'
import { IndexedStore } from '../../client/indexed-store.ts'
import { bytes, contents, put, storeContract, storeFailureContract } from '../store-contract.ts'

vi.stubGlobal('indexedDB', new fake.IDBFactory())
for (const [name, value] of Object.entries(fake)) if (name.startsWith('IDB')) vi.stubGlobal(name, value)

let names = 0

function place() {
  const name = `contract-${(names += 1)}`
  return { name, open: () => IndexedStore.open(name), remove: () => removed(name) }
}

storeContract('IndexedDB', async () => place())

storeFailureContract('IndexedDB', async () => {
  return { ...place(), failNextWrite }
})

/** The next transaction that writes ends as the browser ends one: aborted, with a reason. */
function failNextWrite(code: 'full' | 'broken'): void {
  const reason = new DOMException(
    'It was told to fail.',
    code === 'full' ? 'QuotaExceededError' : 'UnknownError',
  )
  const spy = vi.spyOn(IDBObjectStore.prototype, 'put')
  spy.mockImplementationOnce(function failing(this: IDBObjectStore, ...words) {
    spy.mockRestore()
    const request = this.put(...words)
    const set = (): void => undefined
    Object.defineProperty(this.transaction, 'error', { get: () => reason, set })
    this.transaction.abort()
    return request
  })
}

test('[L1] a database that was closed under it is opened again', async () => {
  const { name, open } = place()
  const store = await open()
  await store.write({ put: [put('a')], durability: 'synced' })
  // Another tab deletes the database: this one lets go of it, and then there is a new one.
  await removed(name)
  expect(await contents(store)).toEqual([])
  await store.write({ put: [put('b')], durability: 'synced' })
  expect(await contents(store)).toEqual(['b=b'])
  await store.close()
})

test('[L1] a database of a newer schema is refused in words, and does not stand in the way of its upgrade', async () => {
  const { name, open } = place()
  const store = await open()
  await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 99)
    request.addEventListener('success', () => resolve(request.result.close()))
    request.addEventListener('error', () => reject(request.error))
  })
  await expect(store.get(bytes('a'))).rejects.toMatchObject({ name: 'StoreError', code: 'broken' })
  await expect(open()).rejects.toMatchObject({ name: 'StoreError', code: 'broken' })
  await store.close()
})

test('[D1] what is synced is asked to be strict, and the rest is not', async () => {
  const begin = vi.spyOn(IDBDatabase.prototype, 'transaction')
  const store = await place().open()
  await store.write({ put: [put('a')], durability: 'synced' })
  await store.write({ put: [put('b')], durability: 'written' })
  await store.close()
  const writes = begin.mock.calls.filter(([, mode]) => mode === 'readwrite')
  begin.mockRestore()
  expect(writes.map(([, , options]) => options?.durability)).toEqual(['strict', 'relaxed'])
})

function removed(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.addEventListener('success', () => resolve())
    request.addEventListener('error', () => reject(request.error))
  })
}
