// memory-store.test.ts — the Store in memory keeps the contract, and belongs to one workspace at a time.
import { expect, test } from 'vitest'
import { MemoryStore } from '../../client/memory-store.ts'
import { bytes, contents, put, storeContract } from '../store-contract.ts'

storeContract('memory', async () => {
  const memory = new MemoryStore()
  return { open: () => memory.open(), remove: async () => undefined }
})

test('[D3] who opens it takes it from who had it, so that no two replicas share an outbox', async () => {
  const memory = new MemoryStore()
  const first = await memory.open()
  await first.write({ put: [put('a')], durability: 'synced' })
  const second = await memory.open()
  expect(await contents(second)).toEqual(['a=a'])
  await expect(first.get(bytes('a'))).rejects.toMatchObject({ code: 'closed' })
})
