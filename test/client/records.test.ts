// records.test.ts — what tabs that share a store read and write: numbers, terms, batches of which nobody knows the end.
import { expect, test } from 'vitest'
import { MemoryStore } from '../../client/memory-store.ts'
import { newIdentity, Records } from '../../client/records.ts'
import { entryKind } from '../../shared/message.ts'
import type { Change, Plan } from '../../shared/replica-batches.ts'
import { rowKind } from '../../shared/replica-records.ts'
import { StoreError } from '../../shared/store.ts'
import type { Batch, Store } from '../../shared/store.ts'

const append = (...bytes: number[]): Change => ({
  type: 'append',
  made: { epoch: new Uint8Array(), generation: 0 },
  at: 1,
  kind: rowKind.pending,
  counter: 0,
  entry: entryKind.edit,
  update: Uint8Array.from(bytes),
})
const grant: Change = { type: 'grant', mayWrite: true }

async function stored(records: Records, document: string, ...changes: Change[]): Promise<readonly unknown[]> {
  const written = await records.write(document, changes)
  if (written.is !== 'stored') throw new Error(`It was ${written.is}.`)
  return written.plan.sequences
}

test('[D3] two tabs that write into two documents at once give each row a number of its own', async () => {
  const store = await new MemoryStore().open()
  const [one, other] = [new Records(store), new Records(store)]
  const numbers = await Promise.all([
    stored(one, 'a', append(1)),
    stored(other, 'a', append(2)),
    stored(one, 'b', append(3)),
    stored(other, 'b', append(4), append(5)),
    stored(one, 'a', append(6)),
  ])
  expect(new Set(numbers.flat())).toEqual(new Set([1, 2, 3, 4, 5, 6]))
  const { rows, head } = await one.load('a')
  expect(rows).toHaveLength(3)
  expect(head.last).toBe(rows.at(-1)?.sequence)
  expect((await other.load('b', rows[0]?.sequence)).rows.length).toBeLessThanOrEqual(3)
})

test('[C2] a tab whose term is over is fenced off, and can still append', async () => {
  const store = await new MemoryStore().open()
  const [one, other] = [new Records(store), new Records(store)]
  expect(await one.claimTerm()).toBe(1)
  expect(await one.write('a', [grant])).toMatchObject({ is: 'stored' })
  expect(await other.claimTerm()).toBe(2)
  expect(await one.write('a', [grant])).toEqual({ is: 'fenced' })
  expect(await stored(one, 'a', append(1))).toEqual([1])
  expect((await other.load('a')).place.mayWrite).toBe(true)
})

test('[D3] a batch of which the store cannot say whether it landed is looked for by its proof', async () => {
  const memory = await new MemoryStore().open()
  for (const isApplied of [true, false]) {
    let isFailing = true
    const store: Store = {
      get: (key) => memory.get(key),
      range: (range) => memory.range(range),
      close: () => memory.close(),
      write: async (batch: Batch) => {
        if (!isFailing) return memory.write(batch)
        isFailing = false
        if (isApplied) await memory.write(batch)
        throw new StoreError('broken', 'Nobody knows.', 'unknown')
      },
    }
    const records = new Records(store)
    let plan: Plan | undefined
    const written = await records.write('a', [append(1)], (planned) => {
      plan = planned
    })
    expect(written).toMatchObject({ is: 'failed', outcome: 'unknown' })
    expect(await records.settle(plan!)).toMatchObject({
      is: isApplied ? 'stored' : 'failed',
    })
  }
})

test('[E1] into a store that was emptied nothing is written that builds on what is gone', async () => {
  const memory = new MemoryStore()
  const full = await memory.open()
  const empty = await new MemoryStore().open()
  let current: Store = full
  const store: Store = {
    get: (key) => current.get(key),
    range: (range) => current.range(range),
    write: (batch) => current.write(batch),
    close: () => current.close(),
  }
  const records = new Records(store)
  await stored(records, 'a', append(1))
  current = empty
  expect(await records.write('a', [append(2)])).toMatchObject({ is: 'failed', outcome: 'notApplied' })
})

test('what the device is stays, and is made once', async () => {
  const store = await new MemoryStore().open()
  const [one, other] = [new Records(store), new Records(store)]
  const [first, second] = await Promise.all([one.device(), other.device()])
  expect(first.replica).toEqual(second.replica)
  const owner = { tenant: 'acme', subject: 'ann' }
  await one.identity((before) => ({ ...(before ?? newIdentity()), owner }))
  expect(await other.device()).toMatchObject({ owner, replica: first.replica })
})
