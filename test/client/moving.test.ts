// moving.test.ts — two stores' records: what of the one in memory goes to the disk that opened late, and what may not.
import { expect, test } from 'vitest'
import { memoryStore } from '../../client/memory-store.ts'
import { moved } from '../../client/moving.ts'
import { newIdentity, Records } from '../../client/records.ts'
import type { Change } from '../../shared/replica-batches.ts'
import type { Cursor } from '../../shared/replica-records.ts'
import type { Store, StoreError } from '../../shared/store.ts'

const ann = { tenant: 'acme', subject: 'ann' }
const bob = { tenant: 'acme', subject: 'bob' }
const first = Uint8Array.of(1)
const second = Uint8Array.of(2)
const cursor: Cursor = { seal: Uint8Array.of(7), position: 7 }

type Owner = typeof ann

const replicaOf = (owner: Owner | undefined, ...changes: readonly Change[]): Promise<Records> =>
  replicaIn(memoryStore(), owner, ...changes)

async function replicaIn(
  store: Store,
  owner: Owner | undefined,
  ...changes: readonly Change[]
): Promise<Records> {
  const records = new Records(store)
  await records.identity(() => ({ ...newIdentity(), owner }))
  await records.claimTerm()
  for (const change of changes) expect(await records.write('a', [change])).toMatchObject({ is: 'stored' })
  return records
}

const told = (epoch: Uint8Array, at: Cursor | undefined, ...updates: Uint8Array[]): readonly Change[] => [
  { type: 'adopt', epoch },
  { type: 'advance', cursor: at, updates },
]

/** As often as it is wanted: a store that refuses is asked again. */
async function whatBecomes(
  memory: Records,
  disk: Records,
  isCurrent: () => boolean | undefined = () => true,
): Promise<string | undefined> {
  let refusal: StoreError | undefined
  const kinship = await moved(memory, disk, {
    mayLeave: () => true,
    isCurrent,
    isWanted: () => refusal === undefined,
    storeSaid: (error) => {
      refusal = error
    },
  })
  return kinship ?? refusal?.message
}

const updatesIn = async (records: Records): Promise<readonly Uint8Array[]> =>
  (await records.load('a')).rows.map(({ row }) => row.update)

test('[S1] to the disk of another person nothing goes, and nobody there is disturbed', async () => {
  const store = memoryStore()
  const disk = new Records(store)
  // A tab of his that leads is not even robbed.
  const beside = await replicaIn(store, bob, ...told(first, cursor, Uint8Array.of(11)))
  for (const somebody of [ann, { ...bob, tenant: 'other' }]) {
    const memory = await replicaOf(somebody, ...told(first, cursor, Uint8Array.of(22)))
    expect(await whatBecomes(memory, disk)).toBe('otherSubject')
    expect(await updatesIn(disk)).toEqual([Uint8Array.of(11)])
    expect(await beside.isTermOver()).toBe(false)
  }
})

test('[S1] who signs in while the disk takes over is no less somebody else', async () => {
  const memory = await replicaOf(undefined)
  const disk = await replicaOf(bob)
  const claim = disk.claimTerm.bind(disk)
  disk.claimTerm = async () => {
    await memory.identity((before) => ({ ...(before ?? newIdentity()), owner: ann }))
    for (const change of told(first, cursor, Uint8Array.of(22))) await memory.write('a', [change])
    return claim()
  }
  expect(await whatBecomes(memory, disk)).toBe('otherSubject')
  expect(await updatesIn(disk)).toEqual([])
})

test('[S1] a disk of nobody yet is of who signed in, as if it had been open then', async () => {
  const disk = await replicaOf(undefined)
  expect(await whatBecomes(await replicaOf(ann), disk)).toBe('otherReplica')
  expect(await disk.device()).toMatchObject({ owner: ann })
  expect(await whatBecomes(await replicaOf(bob), disk)).toBe('otherSubject')
  const empty = new Records(memoryStore())
  expect(await whatBecomes(await replicaOf(ann), empty)).toBe('sameReplica')
  expect(await empty.device()).toMatchObject({ owner: ann })
})

test('[E1] what is confirmed goes with its cursor, what was folded too', async () => {
  const memory = await replicaOf(
    ann,
    ...told(first, cursor, Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)),
  )
  const sequences = (await memory.load('a')).rows.map(({ sequence }) => sequence)
  const [removed, through] = sequences
  const snapshot = Uint8Array.of(12)
  const { head } = await memory.load('a')
  await memory.write('a', [
    { type: 'fold', generation: head.generation, through: through!, removed: [removed!], snapshot },
  ])
  const disk = await replicaOf(ann)
  expect(await whatBecomes(memory, disk)).toBe('otherReplica')
  expect(await updatesIn(disk)).toEqual([snapshot, Uint8Array.of(3)])
  expect((await disk.load('a')).place.cursor).toEqual(cursor)
})

test('[E1] of a document that was replaced meanwhile nothing old stays beside the new', async () => {
  const memory = await replicaOf(ann, ...told(second, cursor, Uint8Array.of(2)))
  const disk = await replicaOf(ann, ...told(first, cursor, Uint8Array.of(1)))
  expect(await whatBecomes(memory, disk)).toBe('otherReplica')
  expect(await updatesIn(disk)).toEqual([Uint8Array.of(2)])
  const { head } = await disk.load('a')
  expect(head).toMatchObject({ epoch: second, generation: 1 })
})

test('[E1] one that was replaced, and is not all here yet, is waited for', async () => {
  const memory = await replicaOf(ann, ...told(second, undefined))
  const disk = await replicaOf(ann, ...told(first, cursor, Uint8Array.of(1)))
  expect(await whatBecomes(memory, disk)).toBe('A document was replaced, and the relay has to say by what.')
  expect(await updatesIn(disk)).toEqual([Uint8Array.of(1)])
  expect((await disk.load('a')).head.epoch).toEqual(first)
})

test('[E1] of two histories neither takes the place of the other before the relay says which one counts [D3]', async () => {
  const memory = await replicaOf(ann, ...told(first, cursor, Uint8Array.of(1)))
  const disk = await replicaOf(ann, ...told(second, cursor, Uint8Array.of(2)))
  expect(await whatBecomes(memory, disk, () => false)).toBe(
    'A document was replaced, and the relay has to say by what.',
  )
  expect(await updatesIn(disk)).toEqual([Uint8Array.of(2)])
  // Nobody has it open: it is waited for by nobody, and the relay will tell it again.
  expect(await whatBecomes(memory, disk, () => undefined)).toBe('otherReplica')
  expect(await updatesIn(disk)).toEqual([Uint8Array.of(2)])
})
