// replica-records.test.ts — what a replica's store holds: records there and back, and what each batch may only do
// together.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { entryHash } from '../../shared/entry-hash.ts'
import { planBatch } from '../../shared/replica-batches.ts'
import type { Change, Made } from '../../shared/replica-batches.ts'
import { foldOf } from '../../shared/replica-folds.ts'
import * as keys from '../../shared/replica-keys.ts'
import { foldRowsMin, foldTailRows } from '../../shared/replica-limits.ts'
import * as records from '../../shared/replica-records.ts'
import {
  changedBatch,
  claimBatch,
  discardBatch,
  fetchedBatch,
  identityBatch,
} from '../../shared/replica-workspace.ts'
import { StoreError } from '../../shared/store.ts'
import { bytes, entryKind, epochA, epochB, MapStore, seal, tagOf } from './replica-story.ts'

const { confirmed, pending, snapshot } = records.rowKind
const tag = tagOf('notes')
const unborn: Made = { epoch: new Uint8Array(), generation: 0 }

const append = (update: number, made = unborn): Change => {
  return { type: 'append', made, at: 1, kind: pending, counter: 0, entry: 0, update: bytes(update) }
}

function storeOf(...batches: readonly (readonly Change[])[]): MapStore {
  const store = new MapStore()
  store.write(claimBatch(0))
  for (const changes of batches) {
    expect(store.write(store.plan(changes, 'notes', tag, 1).batch)).toBe('written')
  }
  return store
}

const kept = (sequence: number, update: number) => {
  return {
    sequence,
    counter: sequence,
    kind: entryKind.edit,
    update: bytes(update),
    hash: entryHash(bytes(update)),
  }
}

describe('records', () => {
  const small = fc.uint8Array({ maxLength: 40 })
  const number = fc.nat()
  const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
  const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const text = fc.string({ unit: 'grapheme' })

  test('[W1] every record is read as it was written', () => {
    const head = fc.record({ epoch: small, generation: number, last: number, foldedThrough: number })
    const place = fc.record({
      document: text,
      cursor: maybe(fc.record({ seal: small, position: number })),
      mayWrite: maybe(fc.boolean()),
      lastSaved: maybe(number),
      compared: fc.constantFrom(0, 1, 2),
    })
    const row = fc.record({
      kind: fc.constantFrom(0, 1, 2, 3),
      counter: number,
      entry: fc.constantFrom(0, 1, 2),
      update: small,
    })
    const identity = fc.record({
      replica: sixteen,
      secret: small,
      owner: maybe(fc.record({ tenant: text, subject: text })),
    })
    const filing = fc.record({
      document: text,
      epoch: small,
      counter: number,
      hash: sixteen,
      code: number,
      reason: text,
      filedAt: number,
      update: small,
    })
    fc.assert(
      fc.property(head, place, row, identity, filing, (aHead, aPlace, aRow, anIdentity, aFiling) => {
        expect(records.decodeHead(records.encodeHead(aHead))).toEqual(aHead)
        expect(records.decodePlace(records.encodePlace(aPlace as records.Place))).toEqual(aPlace)
        expect(records.decodeRow(records.encodeRow(aRow as records.Row))).toEqual(aRow)
        expect(records.decodeIdentity(records.encodeIdentity(anIdentity))).toEqual(anIdentity)
        expect(records.decodeFiling(records.encodeFiling(aFiling))).toEqual(aFiling)
      }),
      { numRuns: 200 },
    )
  })

  test('[W1] any bytes are a record or a damaged store', () => {
    const readers = [records.decodeHead, records.decodePlace, records.decodeRow, records.decodeFiling]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
        for (const read of readers) {
          try {
            read(value)
          } catch (error) {
            expect(error).toBeInstanceOf(StoreError)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('[C2] rows lie in the order of their sequence, beyond 32 bits too', () => {
    const sequences = [1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 40]
    const found = sequences.map((sequence) => keys.rowKey(tag, sequence))
    expect(found.toSorted((left, right) => Buffer.compare(left, right))).toEqual(found)
    expect(found.map((key) => keys.sequenceOfKey(key))).toEqual(sequences)
  })
})

describe('batches', () => {
  test('[D3] two tabs that append at once: one is told stale, and gets the next number', () => {
    const store = storeOf()
    const first = store.plan([append(1)], 'notes', tag, undefined)
    const second = store.plan([append(2)], 'other', tagOf('other'), undefined)
    expect(store.write(first.batch)).toBe('written')
    expect(store.write(second.batch)).toBe('stale')
    const again = store.plan([append(2)], 'other', tagOf('other'), undefined)
    expect(store.write(again.batch)).toBe('written')
    expect(again.sequences).toEqual([2])
    expect(store.outbox()).toEqual([1, 2])
  })

  test('[D3] an edit is synced', () => {
    expect(storeOf().plan([append(1)], 'notes', tag, undefined).batch.durability).toBe('synced')
  })

  test('[D3] an ack flips the row in place and takes it from the outbox', () => {
    const store = storeOf([append(1), append(2)], [{ type: 'acknowledge', at: 9, entries: [kept(1, 1)] }])
    expect(store.rows(tag).map(({ sequence, row }) => [sequence, row.kind])).toEqual([
      [1, confirmed],
      [2, pending],
    ])
    expect(store.outbox()).toEqual([2])
    expect(store.place(tag)).toMatchObject({ cursor: undefined, lastSaved: 9 })
  })

  test('[D3] [R1] a refusal leaves the outbox, enters the inbox and raises the generation, or nothing of it', () => {
    const store = storeOf([append(1)])
    const refusals = [{ entry: kept(1, 1), code: 20, reason: 'no' }]
    const plan = store.plan([{ type: 'refuse', at: 5, refusals }], 'notes', tag, 1)
    store.write(store.plan([append(2)], 'notes', tag, 1).batch)
    expect(store.write(plan.batch)).toBe('stale')
    expect(store.inbox()).toEqual([])
    expect(store.outbox()).toEqual([1, 2])
    store.write(store.plan([{ type: 'refuse', at: 5, refusals }], 'notes', tag, 1).batch)
    expect(store.inbox()).toMatchObject([{ counter: 1, code: 20, filedAt: 5, update: bytes(1) }])
    expect(store.outbox()).toEqual([2])
    expect(store.head(tag)!.generation).toBe(1)
  })

  test('[C2] a leader that was frozen moves no cursor: its term is over', () => {
    const store = storeOf()
    const change: Change = { type: 'advance', cursor: { seal, position: 4 }, updates: [bytes(1)] }
    store.write(claimBatch(1))
    expect(store.write(store.plan([change], 'notes', tag, 1).batch)).toBe('stale')
    expect(store.rows(tag)).toEqual([])
    expect(() => planBatch([change], store.basis('notes', tag, undefined))).toThrow('leads')
  })

  test('[E1] an edit of an epoch that is gone goes to the inbox, whichever tab made it', () => {
    const replace: Change = {
      type: 'replace',
      epoch: epochB,
      cursor: { seal, position: 9 },
      updates: [],
      at: 2,
    }
    const store = storeOf([{ type: 'adopt', epoch: epochA }], [append(1)], [replace])
    const plan = store.plan([append(2, { epoch: epochA, generation: 0 })], 'notes', tag, undefined)
    expect(plan.sequences).toEqual([undefined])
    store.write(plan.batch)
    expect(store.rows(tag)).toEqual([])
    expect(store.outbox()).toEqual([])
    expect(store.inbox().map(({ update }) => update)).toEqual([bytes(1), bytes(2)])
  })

  test('[E1] a replacement files what another tab appended since it was planned', () => {
    const store = storeOf([{ type: 'adopt', epoch: epochA }])
    const change: Change = {
      type: 'replace',
      epoch: epochB,
      cursor: { seal, position: 9 },
      updates: [],
      at: 2,
    }
    const planned = store.plan([change], 'notes', tag, 1)
    store.write(store.plan([append(1)], 'notes', tag, undefined).batch)
    expect(store.write(planned.batch)).toBe('stale')
    expect(store.plan([change], 'notes', tag, 1).filed).toBe(1)
  })

  test('[C2] the workspace cursor is stored with the list that it stands for', () => {
    const store = storeOf()
    const wanted = { document: 'notes', epoch: epochA, position: 4 }
    store.write(changedBatch(1, [{ ...wanted, tag }], bytes(1, 2)))
    expect(store.get(keys.workspaceKey)).toEqual(bytes(1, 2))
    expect(store.range(keys.fetchRange).map(({ value }) => records.decodeToFetch(value))).toEqual([wanted])
    store.write(changedBatch(1, [{ ...wanted, position: 7, tag }], undefined))
    expect(store.write(fetchedBatch(1, tag, wanted))).toBe('stale')
    expect(store.write(fetchedBatch(1, tag, { ...wanted, position: 7 }))).toBe('written')
  })
})

describe('folds', () => {
  const rowsOf = (count: number, pendingAt?: number) =>
    Array.from({ length: count }, (_, index) => ({
      sequence: index + 1,
      kind: index + 1 === pendingAt ? pending : confirmed,
    }))

  test('[D3] a fold never crosses what is pending', () => {
    const fold = foldOf(rowsOf(1_000, 400))!
    expect(fold.through).toBe(399)
    expect(fold.removed).not.toContain(400)
    expect(foldOf(rowsOf(1_000, 3))).toBeUndefined()
  })

  test('[C2] a fold keeps a tail for slower tabs, and its snapshot lies where they have not read yet', () => {
    const fold = foldOf(rowsOf(foldRowsMin + foldTailRows))!
    expect(fold.through).toBe(foldRowsMin)
    expect(foldOf(rowsOf(foldRowsMin + foldTailRows - 1))).toBeUndefined()
  })

  test('[R1] a snapshot of a generation that is gone replaces nothing', () => {
    const cursor = { seal, position: 2 }
    const folded: Change = { type: 'fold', generation: 0, through: 2, removed: [1], snapshot: bytes(5) }
    const advanced: Change = { type: 'advance', cursor, updates: [bytes(1), bytes(2)] }
    expect(storeOf([advanced], [folded]).rows(tag)).toMatchObject([{ sequence: 2, row: { kind: snapshot } }])
    const refused: Change = {
      type: 'refuse',
      at: 0,
      refusals: [{ entry: kept(9, 9), code: 20, reason: '' }],
    }
    expect(
      storeOf([advanced], [refused], [folded])
        .rows(tag)
        .map(({ row }) => row.kind),
    ).toEqual([confirmed, confirmed])
  })
})

describe('the device', () => {
  const identity = {
    replica: new Uint8Array(16).fill(1),
    secret: new Uint8Array(32).fill(2),
    owner: undefined,
  }

  test('[P1] of two tabs that make an identity at once one finds that there is one', () => {
    const store = new MapStore()
    expect(store.write(identityBatch(undefined, identity))).toBe('written')
    const other = { ...identity, replica: new Uint8Array(16).fill(9) }
    expect(store.write(identityBatch(undefined, other))).toBe('stale')
    expect(records.decodeIdentity(store.get(keys.identityKey)!)).toEqual(identity)
    expect(records.decodeNumber(store.get(keys.formatKey))).toBe(records.replicaFormatVersion)
  })

  test('[D3] only a person takes something out of the inbox', () => {
    const entry = kept(9, 9)
    const refused: Change = { type: 'refuse', at: 0, refusals: [{ entry, code: 20, reason: '' }] }
    const store = storeOf([refused])
    expect(store.get(keys.inboxKey(entry.counter, entry.hash))).toBeDefined()
    store.write(discardBatch(entry.counter, entry.hash))
    expect(store.get(keys.inboxKey(entry.counter, entry.hash))).toBeUndefined()
  })
})
