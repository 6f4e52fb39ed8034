// Records that are not what was written: they are set aside, the rest is read on, and what is put together of it serves
// nobody more than it has.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Damage } from '../../shared/damage.ts'
import { documentStage, newDocument } from '../../shared/document-state.ts'
import { LogState } from '../../shared/log-state.ts'
import { entryKind, refusedCode } from '../../shared/message.ts'
import * as keys from '../../shared/record-keys.ts'
import * as records from '../../shared/relay-records.ts'
import { RelayStore } from '../../shared/relay-store.ts'
import type { Store } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { editingSession } from '../editing-session.ts'
import { SimulatedDisk } from '../sim/disk.ts'

const { updates } = editingSession('automerge-paper', 6)
const place = { tenant: 'acme', document: 'story' }
const history = { ...place, epoch: newDocument.epoch }
const replica = new Uint8Array(16).fill(7)
const answer = { replica, counter: 1, hash: new Uint8Array(16), code: refusedCode.badUpdate, reason: 'no' }
const secret = new Uint8Array(32).fill(1)
const mint = () => new Uint8Array(32).fill(9)

let store: Store
let relayStore: RelayStore
let damages: Damage[]

/** A document of three rows in a snapshot and three behind it. */
beforeEach(async () => {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance: chanceFrom(1),
    writeWaits: () => queueMicrotask(() => void disk.settle()),
  })
  store = disk.open()
  damages = []
  relayStore = new RelayStore(store, 'synced', (damage) => damages.push(damage))
  await relayStore.open(() => new Uint8Array(32).fill(5))
  const rows = updates.map((update, index) => {
    const position = index + 1
    return { ...history, position, previous: index, kind: entryKind.repair, author: undefined, update }
  })
  const state = { ...newDocument, last: 6, foldedThrough: 3, servedFrom: 2 }
  const pieces = updates.slice(0, 3)
  await relayStore.writePieces(history, 3, { pieces, state: LogState.ofSnapshot(pieces).toBytes() })
  await relayStore.write('acme', {
    headWas: 0,
    head: 6,
    branch: { id: new Uint8Array(16).fill(3), first: 1 },
    rows: rows.slice(2),
    documents: [{ document: 'story', state, lastWas: 0 }],
    keep: [{ ...history, answer }],
    forget: [],
    claims: [{ ...history, claims: [{ author: new Uint8Array(8).fill(7), clients: [1] }] }],
    begin: [],
    cleanUp: [],
  })
  await relayStore.isItsOwn('acme', replica, secret)
})

async function flip(key: Uint8Array): Promise<Uint8Array> {
  const value = (await store.get(key))!.slice()
  value[value.length >> 1]! ^= 4
  await store.write({ put: [{ key, value }], durability: 'synced' })
  return value
}

async function expectSetAside(key: Uint8Array, value: Uint8Array): Promise<void> {
  expect(damages.map((damage) => damage.key)).toEqual([key])
  expect(await store.get(keys.quarantinedKey(key))).toEqual(value)
}

test('[D1] of a document to which nothing happened everything is there', async () => {
  const loaded = await relayStore.readDocument(place)
  expect(loaded).toMatchObject({ hasHole: false, document: { last: 6, servedFrom: 2, foldedThrough: 3 } })
  expect(loaded.snapshot.state).toEqual(LogState.ofSnapshot(updates.slice(0, 3)).toBytes())
  expect(loaded.rows.map(({ position }) => position)).toEqual([4, 5, 6])
  expect(damages).toEqual([])
})

describe('[D1] [L1] a document is read though one of its records is not what was written:', () => {
  test.each([
    ['a row', keys.rowKey(history, 5), { rows: [4, 6], pieces: 3 }],
    ['the last row', keys.rowKey(history, 6), { rows: [4, 5], pieces: 3 }],
    ['a piece', keys.pieceKey(history, 3, 1), { rows: [4, 5, 6], pieces: 2 }],
  ])('%s; only the head is served, and every replica is asked', async (_name, key, { rows, pieces }) => {
    const value = await flip(key)
    for (let reading = 0; reading < 2; reading++) {
      const loaded = await relayStore.readDocument(place)
      expect(loaded).toMatchObject({ hasHole: true, document: { last: 6, servedFrom: 6 } })
      expect(loaded.rows.map(({ position }) => position)).toEqual(rows)
      expect(loaded.snapshot.pieces).toHaveLength(pieces)
    }
    await expectSetAside(key, value)
  })

  test('a row that a fold has taken: it is missed when somebody asks for it, and from then on', async () => {
    const key = keys.rowKey(history, 3)
    const value = await flip(key)
    expect(await relayStore.readDocument(place)).toMatchObject({ hasHole: false })
    await expect(relayStore.readRows(history, 2, 6)).rejects.toMatchObject({ code: 'damaged' })
    await expectSetAside(key, value)
    const { hasHole, document } = await relayStore.readDocument(place)
    expect({ hasHole, servedFrom: document.servedFrom }).toEqual({ hasHole: true, servedFrom: 6 })
  })

  test('what its snapshot holds: it is read off the pieces', async () => {
    const key = keys.logStateKey(history)
    const value = await flip(key)
    const { hasHole, snapshot } = await relayStore.readDocument(place)
    expect({ hasHole, state: snapshot.state, pieces: snapshot.pieces.length }).toEqual({
      hasHole: false,
      state: undefined,
      pieces: 3,
    })
    await expectSetAside(key, value)
  })

  test('its own: it is put together of the index and of what lies there', async () => {
    const key = keys.documentKey(place)
    const value = await flip(key)
    const loaded = await relayStore.readDocument(place)
    expect(loaded).toMatchObject({
      hasHole: false,
      document: { ...newDocument, last: 6, servedFrom: 6, foldedThrough: 3 },
    })
    expect(loaded.rows).toHaveLength(3)
    await expectSetAside(key, value)
    expect(await relayStore.readState(place)).toEqual(loaded.document)
  })

  test('its own, gone without a word, and the index with it', async () => {
    const remove = [keys.documentKey(place), keys.changeKey('acme', 6)]
    await store.write({ remove, durability: 'synced' })
    const { document } = await relayStore.readDocument(place)
    expect(document).toEqual({ ...newDocument, last: 6, servedFrom: 6, foldedThrough: 3 })
  })

  test('[E1] its own, after it was purged: it stays gone', async () => {
    const epoch = new Uint8Array(16).fill(8)
    const state = { ...newDocument, epoch, last: 7, servedFrom: 7, stage: documentStage.purged }
    const none = { rows: [], keep: [], forget: [], claims: [], begin: [], cleanUp: [], branch: undefined }
    const documents = [{ document: 'story', state, lastWas: 6 }]
    await relayStore.write('acme', { ...none, headWas: 6, head: 7, documents })
    await flip(keys.documentKey(place))
    expect(await relayStore.readState(place)).toEqual(state)
  })

  test('a refusal, and whose its client ids are: they are forgotten', async () => {
    await flip(keys.answerKey({ ...history, ...answer }))
    await flip(keys.claimsKey(history))
    expect(await relayStore.readDocument(place)).toMatchObject({ hasHole: false, answers: [], claims: [] })
  })
})

test('[D1] a head that is not what was written is read off the index of changes', async () => {
  await flip(keys.headKey('acme'))
  expect(await relayStore.readTenant('acme')).toMatchObject({ head: 6 })
  expect(records.decodeHead((await store.get(keys.headKey('acme')))!)).toBe(6)
})

test('[C2] of a branch that is not what was written no cursor holds, and it still ends the one before it', async () => {
  await flip(keys.branchKey('acme', 1))
  expect((await relayStore.readTenant('acme')).branches).toEqual([{ id: new Uint8Array(), first: 1 }])
})

test('[L1] a replica whose owner is not what was written may name itself again', async () => {
  await flip(keys.ownerKey('acme', replica))
  expect(await relayStore.isItsOwn('acme', replica, secret)).toBe(true)
  expect(await relayStore.isItsOwn('acme', replica, new Uint8Array(32))).toBe(false)
})

test('[L1] a key that is not what was written is minted anew: cursors end, documents stay', async () => {
  await flip(keys.secretKeyKey())
  expect(await relayStore.open(mint)).toEqual(mint())
  expect(await relayStore.open(() => new Uint8Array(32))).toEqual(mint())
  expect(await relayStore.readDocument(place)).toMatchObject({ hasHole: false })
})

test('who only looks changes nothing, and is told', async () => {
  const key = keys.rowKey(history, 5)
  await flip(key)
  const looking = new RelayStore(store, 'synced')
  await expect(looking.readDocument(place)).rejects.toMatchObject({ code: 'damaged' })
  expect(await store.get(key)).toBeDefined()
})
