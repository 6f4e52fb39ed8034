// The relay's store on a simulated disk: formats, and batches of which nobody knows whether they landed.
import { expect, test } from 'vitest'
import { documentStage, firstEpoch, newDocument } from '../../shared/document-state.ts'
import { formatKey, rowKey, secretKeyKey } from '../../shared/record-keys.ts'
import { LogState } from '../../shared/log-state.ts'
import { entryKind } from '../../shared/message.ts'
import { decodeFormat, diskFormatVersion, encodeFormat, encodeSecretKey } from '../../shared/relay-records.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import { StoreError } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const key = new Uint8Array(32).fill(5)
const nothing = { rows: [], keep: [], forget: [], claims: [], begin: [], cleanUp: [], branch: undefined }

/** Each write ends at once. */
function diskThatWrites(seed = 1): SimulatedDisk {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance: chanceFrom(seed),
    writeWaits: () => queueMicrotask(() => void disk.settle()),
  })
  return disk
}

async function diskOfFormat(version: number): Promise<SimulatedDisk> {
  const disk = diskThatWrites()
  const store = disk.open()
  const put = [
    { key: formatKey(), value: encodeFormat(version) },
    // Before format 4 records had no checksums.
    { key: secretKeyKey(), value: version < 4 ? key : encodeSecretKey(key) },
  ]
  await store.write({ put, durability: 'synced' })
  await store.close()
  return disk
}

test('[C2] a store of format 2 is gone on with, and an older program does not open it any more', async () => {
  const disk = await diskOfFormat(2)
  const store = disk.open()
  expect(await new RelayStore(store, 'synced').open(() => new Uint8Array(32))).toEqual(key)
  const format = await store.get(formatKey())
  expect(decodeFormat(format!)).toBe(diskFormatVersion)
})

test.each([1, diskFormatVersion + 1])('[C2] a store of format %i is not touched', async (version) => {
  const disk = await diskOfFormat(version)
  const store = disk.open()
  await expect(new RelayStore(store, 'synced').open(() => new Uint8Array(32))).rejects.toThrow(StoreError)
  expect(decodeFormat((await store.get(formatKey()))!)).toBe(version)
})

test('[E1] a replacement that landed though its write failed is known to have landed, and one that did not is not', async () => {
  const epoch = new Uint8Array(16).fill(7)
  const state = {
    ...newDocument,
    epoch,
    servedFrom: 1,
    foldedThrough: 1,
    last: 1,
    stage: documentStage.purged,
  }
  const commit = {
    ...nothing,
    headWas: 0,
    head: 1,
    documents: [{ document: 'story', state, lastWas: 0 }],
    cleanUp: [{ document: 'story', epoch: firstEpoch }],
  }
  // Chance says whether a write that failed has landed.
  for (let seed = 0; seed < 100; seed++) {
    const disk = diskThatWrites(seed)
    const store = new RelayStore(disk.open(), 'synced')
    disk.failNext('broken')
    await expect(store.write('', commit)).rejects.toThrow(StoreError)
    expect(await store.write('', commit)).toBe('written')
    expect((await store.readTenant('')).cleanUps).toEqual([{ document: 'story', epoch: firstEpoch }])
  }
  const disk = diskThatWrites()
  const store = new RelayStore(disk.open(), 'synced')
  await store.write('', { ...commit, documents: [{ document: 'another', state, lastWas: 0 }] })
  expect(await store.write('', commit)).toBe('stale')
})

test.each([
  { servedFrom: 0, lost: 1 },
  { servedFrom: 0, lost: 2 },
  { servedFrom: 0, lost: 3 },
  { servedFrom: 2, lost: 3 },
])(
  '[C1] of three rows, served from behind $servedFrom on, that row $lost is lost is seen, though a fold has it',
  async ({ servedFrom, lost }) => {
    const store = diskThatWrites().open()
    const relayStore = new RelayStore(store, 'synced')
    const history = { tenant: '', document: 'story', epoch: firstEpoch }
    const update = Uint8Array.of(0, 0)
    const all = [1, 2, 3].map((position) => {
      const place = { document: 'story', epoch: firstEpoch, position, previous: position - 1 }
      return Object.assign(place, { kind: entryKind.edit, author: undefined, update })
    })
    const rows = all.filter(({ position }) => position > servedFrom)
    await relayStore.writePieces(history, 3, { pieces: [update], state: new LogState().toBytes() })
    const state = { ...newDocument, servedFrom, foldedThrough: 3, last: 3 }
    const documents = [{ document: 'story', state, lastWas: 0 }]
    await relayStore.write('', { ...nothing, headWas: 0, head: 3, rows, documents })
    expect(await relayStore.readDocument(history)).toMatchObject({ hasHole: false, document: state })

    await store.write({ remove: [rowKey(history, lost)], durability: 'synced' })
    expect(await relayStore.readDocument(history)).toMatchObject({
      hasHole: true,
      document: { servedFrom: 3 },
    })
  },
)
