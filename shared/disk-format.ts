// disk-format.ts — which format a store has, and how one of an older format becomes one of today's: a table of
// migrations, run in order. Knows: that a migration may be cut short anywhere. Must not know: what opens the store.
//
// The first batch of a migration already says that the format is today's, so that no older program reads what is half
// rewritten; a marker, moved with each page of records, says how far it has come.
import { encodeUtf8 } from 'lib0/string'
import { ByteCursor } from './byte-cursor.ts'
import { ByteMeasure, ByteWriter } from './byte-writer.ts'
import type { ByteSink } from './byte-writer.ts'
import { equalBytes } from './equal-bytes.ts'
import { deliveryBytesMax, pageEntriesMax } from './limits.ts'
import { keyAfter } from './key-bytes.ts'
import { everything, formatKey, hasChecksum, migrationKey } from './record-keys.ts'
import { decodeFormat, diskFormatVersion, encodeFormat, withChecksum } from './relay-records.ts'
import { StoreError } from './store.ts'
import type { Entry, Store } from './store.ts'

/** From one format to the next. */
export type Migration = {
  readonly from: number
  /** The new value of a record, under the key that it has. Undefined: all records stay as they are. */
  readonly change: ((entry: Entry) => Uint8Array) | undefined
}

const migrations: readonly Migration[] = [
  { from: 2, change: undefined },
  { from: 3, change: ({ key, value }) => (hasChecksum(key) ? withChecksum(value) : value) },
]

/** Of before the first release, with other keys. */
const firstFormatKey: Uint8Array = encodeUtf8('format')

type Progress = {
  readonly from: number
  /** The last key that was rewritten. */
  readonly after: Uint8Array
}

/** Brings the store to today's format. Does nothing to one that has it, and nothing to an empty one but say so. */
export async function bringToFormat(
  store: Store,
  table: readonly Migration[] = migrations,
  today: number = diskFormatVersion,
): Promise<void> {
  const version = await versionOf(store, today)
  const marker = await store.get(migrationKey())
  let progress = marker === undefined ? progressFrom(version, today) : decodeProgress(marker)
  while (progress !== undefined) {
    const { from } = progress
    const migration = table.find((one) => one.from === from)
    if (migration === undefined) throw unknownFormat(from, table, today)
    progress = await step(store, migration, progress, today)
  }
  const kept = await store.get(formatKey())
  if (kept === undefined) {
    const put = [{ key: formatKey(), value: encodeFormat(today) }]
    await store.write({ put, durability: 'synced' })
  }
}

async function versionOf(store: Store, today: number): Promise<number> {
  if ((await store.get(firstFormatKey)) !== undefined) return 1
  const format = await store.get(formatKey())
  const version = format === undefined ? today : decodeFormat(format)
  if (version <= today) return version
  throw new StoreError(
    'damaged',
    `It has format ${version}, of a newer version of this program; this one reads formats up to ${today}.`,
  )
}

function progressFrom(version: number, today: number): Progress | undefined {
  return version < today ? { from: version, after: new Uint8Array() } : undefined
}

/** One page; returns where the next one begins, or undefined when nothing is left to do. */
async function step(
  store: Store,
  { change }: Migration,
  { from, after }: Progress,
  today: number,
): Promise<Progress | undefined> {
  const range = { from: after.length === 0 ? everything.from : keyAfter(after), to: everything.to }
  const page =
    change === undefined
      ? []
      : await store.range({ ...range, limit: pageEntriesMax, bytesMax: deliveryBytesMax })
  const last = page.at(-1)
  const next = last === undefined ? progressFrom(from + 1, today) : { from, after: last.key }
  const put = [{ key: formatKey(), value: encodeFormat(today) }]
  for (const entry of page) {
    if (change !== undefined && !isOwn(entry.key)) put.push({ key: entry.key, value: change(entry) })
  }
  if (next !== undefined) put.push({ key: migrationKey(), value: encodeProgress(next) })
  await store.write({ put, remove: next === undefined ? [migrationKey()] : [], durability: 'synced' })
  return next
}

function isOwn(key: Uint8Array): boolean {
  return equalBytes(key, formatKey()) || equalBytes(key, migrationKey())
}

function unknownFormat(version: number, table: readonly Migration[], today: number): StoreError {
  const oldest = Math.min(today, ...table.map(({ from }) => from))
  const sentence = `It has format ${version}; this version reads formats ${oldest} to ${today}.`
  return new StoreError('damaged', sentence)
}

function encodeProgress({ from, after }: Progress): Uint8Array {
  const write = (to: ByteSink) => {
    to.varUint(from)
    to.fixedBytes(after, after.length)
  }
  const measure = new ByteMeasure()
  write(measure)
  const writer = new ByteWriter(measure.byteLength)
  write(writer)
  return writer.bytes
}

function decodeProgress(value: Uint8Array): Progress {
  const cursor = new ByteCursor(value)
  const from = cursor.readVarUint()
  return { from, after: value.slice(cursor.position) }
}
