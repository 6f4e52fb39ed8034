// Stores of older formats: a table of migrations, cut short wherever a disk can cut it, and what comes of it.
import { expect, test } from 'vitest'
import { newDocument } from '../../shared/document-state.ts'
import { bringToFormat } from '../../shared/disk-format.ts'
import type { Migration } from '../../shared/disk-format.ts'
import { entryKind } from '../../shared/message.ts'
import * as keys from '../../shared/record-keys.ts'
import * as records from '../../shared/relay-records.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import type { Entry } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { contents, put } from '../store-contract.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const chance = chanceFrom(1)
const history = { tenant: '', document: 'story', epoch: newDocument.epoch }
const update = Uint8Array.of(1, 1, 1, 0, 4, 1, 4, 116, 101, 120, 116, 1, 120, 0)

function newDisk(): SimulatedDisk {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance,
    writeWaits: () => queueMicrotask(() => void disk.settle()),
  })
  return disk
}

async function diskWith(entries: readonly Entry[]): Promise<SimulatedDisk> {
  const disk = newDisk()
  const store = disk.open()
  await store.write({ put: entries, durability: 'synced' })
  await store.close()
  return disk
}

/** As formats 2 and 3 had it: no checksums. */
const bare = (value: Uint8Array) => value.subarray(0, value.length - 4)

const rowOfVersion3 = (position: number): Entry => {
  const row = { previous: position - 1, kind: entryKind.repair, author: undefined, update }
  return { key: keys.rowKey(history, position), value: bare(records.encodeRow(row)) }
}

const storeOfVersion3 = (rowCount: number): Entry[] => [
  { key: keys.formatKey(), value: records.encodeFormat(3) },
  { key: keys.secretKeyKey(), value: new Uint8Array(32).fill(5) },
  { key: keys.headKey(''), value: bare(records.encodeHead(rowCount)) },
  {
    key: keys.documentKey(history),
    value: bare(records.encodeDocument({ ...newDocument, last: rowCount })),
  },
  ...Array.from({ length: rowCount }, (_, index) => rowOfVersion3(index + 1)),
]

const opened = (disk: SimulatedDisk) => {
  const store = disk.open()
  const relayStore = new RelayStore(store, 'synced')
  return { store, relayStore, open: () => relayStore.open(() => new Uint8Array(32)) }
}

test('[C2] a store of format 3 is read as it was, with checksums behind its records', async () => {
  const { open, relayStore, store } = opened(await diskWith(storeOfVersion3(3)))
  expect(await open()).toEqual(new Uint8Array(32).fill(5))
  const { rows, hasHole, document } = await relayStore.readDocument(history)
  expect({ hasHole, last: document.last }).toEqual({ hasHole: false, last: 3 })
  expect(rows.map((row) => row.update)).toEqual([update, update, update])
  expect(records.decodeFormat((await store.get(keys.formatKey()))!)).toBe(records.diskFormatVersion)
  expect(await store.get(keys.migrationKey())).toBeUndefined()
})

test('[D1] a migration that is cut short anywhere goes on where it was, and changes nothing twice', async () => {
  const rowCount = 2_500
  for (let writes = 0; ; writes++) {
    const disk = await diskWith(storeOfVersion3(rowCount))
    const first = disk.open()
    let left = writes
    const cutShort = {
      ...first,
      get: first.get.bind(first),
      range: first.range.bind(first),
      close: first.close.bind(first),
      write: (batch: Parameters<typeof first.write>[0]) =>
        left-- > 0 ? first.write(batch) : Promise.reject(new Error('The power went off.')),
    }
    const isDone = await bringToFormat(cutShort).then(
      () => true,
      () => false,
    )
    if (writes === 1) expect(records.decodeFormat((await first.get(keys.formatKey()))!)).toBe(4)
    disk.crash('power')
    const { open, relayStore } = opened(disk)
    await open()
    const { rows, hasHole } = await relayStore.readDocument(history)
    expect({ hasHole, rows: rows.length }).toEqual({ hasHole: false, rows: rowCount })
    if (isDone) {
      expect(writes).toBeGreaterThan(3)
      break
    }
  }
})

test('[C2] migrations run in the order of the table, from whichever format there is', async () => {
  const marking = (from: number): Migration => ({
    from,
    change: ({ value }) => Uint8Array.from([...value, from]),
  })
  const table = [marking(7), marking(5), marking(6)]
  for (const [from, behind] of [
    [5, '\x05\x06\x07'],
    [6, '\x06\x07'],
    [8, ''],
  ] as const) {
    const format = { key: keys.formatKey(), value: records.encodeFormat(from) }
    const store = (await diskWith([put('a'), format, put('x')])).open()
    await bringToFormat(store, table, 8)
    await bringToFormat(store, table, 8)
    expect(await contents(store)).toEqual([`a=a${behind}`, 'f=\x08', `x=x${behind}`])
  }
})

test.each([
  [1, 'It has format 1; this version reads formats 2 to 4.'],
  [9, 'It has format 9, of a newer version of this program; this one reads formats up to 4.'],
])('a store of format %i is refused with a sentence, and not touched', async (version, sentence) => {
  const disk = await diskWith([
    { key: keys.formatKey(), value: records.encodeFormat(version) },
    { key: keys.secretKeyKey(), value: new Uint8Array(32) },
  ])
  const { open, store } = opened(disk)
  await expect(open()).rejects.toThrow(sentence)
  expect(await store.get(keys.secretKeyKey())).toEqual(new Uint8Array(32))
})
