// type-depths.test.ts — how deep the log holds types to nest is how deep they do in a Y.Doc that applied it, over any
// number of updates; and none nests so deep that to delete it would end every peer.

import * as decoding from 'lib0/decoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'

import { typeDepthMax } from '../../shared/limits.ts'
import { LogState } from '../../shared/log-state.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { readUpdate, type UpdateFacts } from '../../shared/update-reader.ts'
import { editingSession, seededRandom } from '../editing-session.ts'
import { bytesOf, nestedOver, raw } from './hostile-updates.ts'
import type { NestedHow, Part } from './hostile-updates.ts'
import { below, pick, randomDocument, type Random } from './random-documents.ts'
import { editOf, joined, loaded, TestRoom } from './relay-room.ts'

const inRoot: Part = [1, 't']

/** For each client the clocks from which on the depth is another, and that depth: as they lie in the state's bytes. */
function depthsOf(state: LogState): Map<number, [number, number][]> {
  const from = decoding.createDecoder(state.toBytes())
  const many = <Value>(read: () => Value): Value[] => {
    return Array.from({ length: decoding.readVarUint(from) }, () => read())
  }
  const pair = (): [number, number] => [decoding.readVarUint(from), decoding.readVarUint(from)]
  many(pair)
  many(() => [decoding.readVarUint(from), many(pair)])
  many(() => decoding.readVarString(from))
  const depths = many((): [number, [number, number][]] => {
    const client = decoding.readVarUint(from)
    let clock = 0
    return [client, many(pair).map(([distance, depth]) => [(clock += distance), depth])]
  })
  return new Map(depths)
}

/** As it was written before depths were: what is there of a log that has the same clocks, and lies in roots. */
function withoutDepths(state: LogState): Uint8Array {
  const bytes = LogState.ofSnapshot([
    bytesOf(
      state.clocks.size,
      Array.from(state.clocks, ([client, clock]) => [1, client, 0, 0, clock]),
      0,
    ),
  ]).toBytes()
  expect(LogState.fromBytes(bytes.subarray(0, -1))).toBeUndefined()
  return bytes.subarray(0, -1)
}

function depthIn(depths: Map<number, [number, number][]>, { client, clock }: Y.ID): number {
  return depths.get(client)?.findLast(([from]) => from <= clock)?.[1] ?? 1
}

function* itemsOf(doc: Y.Doc): Iterable<Y.Item> {
  for (const structs of doc.store.clients.values()) {
    for (const struct of structs) if (struct instanceof Y.Item) yield struct
  }
}

function depthOf(item: Y.Item): number {
  let depth = 1
  for (let around = itemAround(item); around !== null; around = itemAround(around)) depth += 1
  return depth
}

function itemAround({ parent }: Y.Item): Y.Item | null {
  // oxlint-disable-next-line no-underscore-dangle -- Yjs has no other word for it.
  return (parent as Y.AbstractType<unknown> | null)?._item ?? null
}

/** What the log says to each update in turn, up to the first that it refuses. */
function refusalOf(updates: readonly Uint8Array[], between = (log: LogState): LogState => log) {
  let log = new LogState()
  for (const [index, update] of updates.entries()) {
    const facts = readUpdate(update)
    expect(log.gapOf(facts)).toBeUndefined()
    const code = log.limitBrokenBy(facts)
    if (code !== undefined) return { code, after: index }
    log.add(facts)
    log = between(log)
  }
  return { code: undefined, after: updates.length }
}

const savedAndLoaded = (log: LogState): LogState => LogState.fromBytes(log.toBytes())!

const hows: readonly NestedHow[] = ['straight', 'beside a text', 'before a text', 'by turns of two clients']

describe('[B1] types that nest deeper with each update', () => {
  test.each(hows)('%s are refused where one update that makes them all would be', (how) => {
    expect(refusalOf(nestedOver(typeDepthMax, 1, how))).toEqual({ code: undefined, after: typeDepthMax })
    const tooDeep = { code: 'too-deep', after: typeDepthMax }
    expect(refusalOf(nestedOver(3_000, 1, how))).toEqual(tooDeep)
    expect(refusalOf(nestedOver(3_000, 1, how), savedAndLoaded)).toEqual(tooDeep)
    expect(refusalOf(nestedOver(2_000, 500, how))).toEqual({ code: 'too-deep', after: 1 })
  })

  test.each(hows)('%s leave, as far as they were let in, a document that can be deleted', (how) => {
    const updates = nestedOver(typeDepthMax, 8, how)
    const doc = new Y.Doc()
    for (const update of updates) Y.applyUpdate(doc, update)
    expect(Math.max(...Array.from(itemsOf(doc), (item) => depthOf(item)))).toBe(typeDepthMax)
    Y.applyUpdate(doc, bytesOf(0, 1, 1, 1, 0, 2))
    expect(doc.getArray('t').toArray()).toEqual([])
  })

  test('are refused on top of a snapshot too, and of what is kept of it', () => {
    const [first, ...others] = nestedOver(2_000, 500, 'straight')
    const snapshot = LogState.ofSnapshot([first!])
    expect(snapshot.limitBrokenBy(readUpdate(others[0]!))).toBe('too-deep')
    const bytes = snapshot.toBytes()
    expect(LogState.fromBytes(bytes)?.toBytes()).toEqual(bytes)
    expect(LogState.fromBytes(bytes)?.limitBrokenBy(readUpdate(others[0]!))).toBe('too-deep')
  })

  test('are refused in a room whose snapshot was written by a relay that kept no depths', () => {
    const [first, second] = nestedOver(1_000, 500, 'straight')
    const kept = LogState.ofSnapshot([first!])
    const depthBytes = kept.toBytes().length - withoutDepths(kept).length
    expect(depthBytes).toBeGreaterThan(499)
    for (const state of [kept.toBytes(), withoutDepths(kept)]) {
      const room = new TestRoom()
      const document = { ...loaded.document, last: 1, foldedThrough: 1 }
      room.tellAll({ ...loaded, document, snapshot: { pieces: [first!], state } }, joined(1))
      const effects = room.tell({ type: 'pushed', link: 1, entries: [editOf(1, second!)] })
      expect(JSON.stringify(effects)).toContain('would nest deeper than documents may.')
      expect(effects.filter(({ type }) => type === 'append')).toEqual([])
    }
  })

  test('that go on from what the log has, said to lie elsewhere, count as deep as the deeper of the two', () => {
    for (const [known, again] of [
      [inRoot, [raw(4 | 128), 1, 1, 'xy']],
      [
        [0, 1, 0],
        [4, inRoot, 'xy'],
      ],
    ] as const) {
      const log = new LogState()
      log.add(readUpdate(bytesOf(1, 3, 1, 0, [7, inRoot, 0], [7, 0, 1, 0, 0], [4, known, 'x'], 0)))
      log.add(readUpdate(bytesOf(1, 1, 1, 2, again, 0)))
      expect(depthIn(depthsOf(log), new Y.ID(1, 3))).toBe(2)
    }
  })

  test('count no more when they were deleted and a fold took them away', () => {
    const doc = new Y.Doc()
    for (const update of nestedOver(500, 500, 'straight')) Y.applyUpdate(doc, update)
    doc.getArray('t').delete(0, 1)
    const folded = LogState.ofSnapshot([Y.encodeStateAsUpdate(doc)])
    expect(Math.max(1, ...[...depthsOf(folded).values()].flat().map(([, depth]) => depth))).toBe(1)
  })

  test('that claim other places for what the log has are measured by what the log has', () => {
    const log = new LogState()
    for (const update of nestedOver(typeDepthMax, typeDepthMax, 'straight')) log.add(readUpdate(update))
    const last = typeDepthMax - 1
    // Its outermost type once more, said to lie in the root, and a type within: Yjs passes over the first.
    const claimed = bytesOf(1, 2, 1, last, [7, 1, 't', 0], [7, 0, 1, last, 0], 0)
    expect(log.limitBrokenBy(readUpdate(claimed))).toBe('too-deep')
    const doc = new Y.Doc()
    for (const update of nestedOver(typeDepthMax, typeDepthMax, 'straight')) Y.applyUpdate(doc, update)
    Y.applyUpdate(doc, claimed)
    expect(Math.max(...Array.from(itemsOf(doc), (item) => depthOf(item)))).toBe(typeDepthMax + 1)
  })
})

describe('[B1] honest documents', () => {
  test('lie as deep in the log as in a Y.Doc, whole or in pieces, and are never refused', () => {
    let deepest = 0
    let compared = 0
    for (let seed = 0; seed < 1_500; seed++) {
      const { updates } = randomDocument(seed, 60)
      let log = new LogState()
      const doc = new Y.Doc({ gc: seed % 2 === 0 })
      for (const [index, update] of updates.entries()) {
        const facts = readUpdate(update)
        expect(log.limitBrokenBy(facts), `seed ${seed}`).toBeUndefined()
        log.add(facts)
        Y.applyUpdate(doc, update)
        if (index % 20 === 7) log = savedAndLoaded(log)
      }
      const snapshot = LogState.ofSnapshot([Y.encodeStateAsUpdate(doc)])
      for (const depths of [depthsOf(log), depthsOf(snapshot)]) {
        for (const item of itemsOf(doc)) {
          const depth = depthOf(item)
          if (depthIn(depths, item.id) !== depth) expect(depthIn(depths, item.id), `seed ${seed}`).toBe(depth)
          deepest = Math.max(deepest, depth)
          compared += 1
        }
      }
    }
    expect(deepest).toBe(5)
    expect(compared).toBeGreaterThan(100_000)
  })

  test('of lists in lists, by several people who undo and delete, do so too, at any depth up to the last', () => {
    let deepest = 0
    let refusedAt = Number.POSITIVE_INFINITY
    for (let seed = 0; seed < 60; seed++) {
      const { doc, log, refused } = listsInLists(seededRandom(seed), seed % 12 === 0 ? 1_500 : 150)
      const depths = depthsOf(log)
      for (const item of itemsOf(doc)) {
        const depth = depthOf(item)
        if (depthIn(depths, item.id) !== depth) expect(depthIn(depths, item.id), `seed ${seed}`).toBe(depth)
        deepest = Math.max(deepest, depth)
      }
      if (refused) refusedAt = Math.min(refusedAt, depthOf(refused))
    }
    expect(deepest).toBe(typeDepthMax)
    expect(refusedAt).toBe(typeDepthMax + 1)
  })

  test('of text alone take up nothing', () => {
    const { updates } = editingSession('automerge-paper', 20_000)
    const log = new LogState()
    for (const update of updates) {
      const facts = readUpdate(update)
      expect(log.limitBrokenBy(facts)).toBeUndefined()
      log.add(facts)
    }
    expect(depthsOf(log).size).toBe(0)
  })
})

test('[B1] whatever updates say of where their structs lie, none lies deeper in a Y.Doc than the log holds', () => {
  const random = seededRandom(11)
  let compared = 0
  let exact = 0
  for (let round = 0; round < 1_500; round++) {
    const log = new LogState()
    const doc = new Y.Doc({ gc: random() < 0.5 })
    for (let left = 30; left > 0; left--) {
      const update = misplacingUpdate(random, log)
      const facts = factsOf(update)
      if (facts === undefined || log.gapOf(facts) !== undefined) continue
      log.add(facts)
      if (!isApplied(doc, update)) break
    }
    const depths = depthsOf(log)
    for (const item of itemsOf(doc)) {
      const depth = depthOf(item)
      const held = depthIn(depths, item.id)
      if (held < depth) expect(held, `round ${round}`).toBe(depth)
      if (depth > 1) compared += 1
      if (depth > 1 && held === depth) exact += 1
    }
  }
  expect(compared).toBeGreaterThan(5_000)
  expect(exact / compared).toBeGreaterThan(0.9)
})

/** Of what is said again in another way Yjs takes the rest, beside what it has, and throws where that is in two types. */
function isApplied(doc: Y.Doc, update: Uint8Array): boolean {
  try {
    Y.applyUpdate(doc, update)
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

function factsOf(update: Uint8Array): UpdateFacts | undefined {
  try {
    return readUpdate(update)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** Of clients that go on from what the log has, or say part of it again in another way: types, texts, voids, skips. */
function misplacingUpdate(random: Random, log: LogState): Uint8Array {
  const chosen = [3, 2, 1].filter(() => random() < 0.5)
  const blocks = chosen.map((client): Part => {
    const first = Math.max(0, log.clockOf(client) - below(random, 4))
    const count = 1 + below(random, 6)
    let clock = first
    const structs = Array.from({ length: count }, (): Part => {
      const other = 1 + below(random, 3)
      const bound = other === client ? clock : log.clockOf(other) + 2
      const place: Part = [other, below(random, Math.max(1, bound))]
      const length = 1 + below(random, 3)
      const chance = random()
      const content = chance < 0.6 ? 7 : 4
      clock += chance < 0.6 ? 1 : length
      const value: Part = content === 7 ? below(random, 3) : 'x'.repeat(length)
      if (chance > 0.95) return [random() < 0.7 ? 0 : 10, length]
      if (bound === 0 || random() < 0.1) return [content, 1, 't', value]
      const kind = random()
      if (kind < 0.5) return [content, 0, place, value]
      return [Uint8Array.of(content | (kind < 0.75 ? 128 : 64)), place, value]
    })
    return [count, client, first, structs]
  })
  const deleter = 1 + below(random, 3)
  const end = log.clockOf(deleter)
  const deletes: Part = end === 0 || random() < 0.9 ? 0 : [1, deleter, 1, below(random, end), 1]
  return bytesOf(blocks.length, blocks, deletes)
}

/**
 * Three people put items into items of a list, mostly into those that lie deepest, write beside them, delete and undo;
 * up to what is refused, if that comes.
 */
function listsInLists(random: Random, editCount: number) {
  const log = new LogState()
  const doc = new Y.Doc()
  const people = [1, 2, 3].map((client) => {
    const own = new Y.Doc()
    own.clientID = client * 100
    return { own, undo: new Y.UndoManager(own.getXmlFragment('list'), { captureTimeout: 0 }) }
  })
  let refused: Y.Item | undefined
  for (const { own } of people) {
    own.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
      if (!local || refused !== undefined) return
      const facts = readUpdate(update)
      if (log.limitBrokenBy(facts) !== undefined) {
        refused = [...itemsOf(own)].toSorted((one, other) => depthOf(other) - depthOf(one))[0]
        return
      }
      log.add(facts)
      Y.applyUpdate(doc, update)
    })
  }
  for (let left = editCount; left > 0 && refused === undefined; left--) {
    const { own, undo } = pick(random, people)
    if (random() < 0.4) Y.applyUpdate(own, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(own)))
    let place: Y.XmlFragment = own.getXmlFragment('list')
    for (let inner = withinOf(random, place); inner !== undefined; inner = withinOf(random, place))
      place = inner
    const chance = random()
    if (chance < 0.004) undo.undo()
    else if (chance < 0.05 && place.length > 1) place.delete(place.length - 1, 1)
    else if (chance < 0.1) place.insert(0, [new Y.XmlText('beside')])
    else if (chance < 0.15) place.insert(place.length, [new Y.XmlElement('li'), new Y.XmlText('behind')])
    else place.insert(place.length, [new Y.XmlElement('li')])
  }
  return { doc, log, refused }
}

/** Mostly there is one, and now and then one stops above it. */
function withinOf(random: Random, place: Y.XmlFragment): Y.XmlElement | undefined {
  if (random() < 0.0005) return undefined
  return place.toArray().find((child) => child instanceof Y.XmlElement)
}
