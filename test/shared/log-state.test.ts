// log-state.test.ts — what the log says of itself from facts alone is what a Y.Doc knows that applied the same
// updates: its state vector, what it lacks, what is new to it.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'

import { documentClientsMax, documentRootsMax } from '../../shared/limits.ts'
import { LogState } from '../../shared/log-state.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { encodeStateVector, readStateVector } from '../../shared/state-vector.ts'
import { readUpdate, type UpdateFacts } from '../../shared/update-reader.ts'
import { editingSession } from '../editing-session.ts'
import { bytesOf } from './hostile-updates.ts'
import { below, pick, randomDocument, type Random, shuffled } from './random-documents.ts'

/** A log and a Y.Doc that hold the same updates. */
class Pair {
  readonly log = new LogState()
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []

  add(update: Uint8Array, facts: UpdateFacts): void {
    this.log.add(facts)
    Y.applyUpdate(this.doc, update)
    this.updates.push(update)
  }

  /** Whether a Y.Doc that holds the log keeps a part of the update waiting. */
  keepsWaiting(update: Uint8Array): boolean {
    const doc = new Y.Doc()
    for (const known of this.updates) Y.applyUpdate(doc, known)
    Y.applyUpdate(doc, update)
    return isWaiting(doc)
  }

  check(message: string): void {
    expect(isWaiting(this.doc), message).toBe(false)
    expect(this.log.stateVector(), message).toEqual(Y.encodeStateVector(this.doc))
  }
}

function isWaiting(doc: Y.Doc): boolean {
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null
}

/** Updates as they may arrive: out of order, some lost, some merged with others, some cut. */
function disordered(random: Random, updates: readonly Uint8Array[]): Uint8Array[] {
  return shuffled(random, updates).flatMap((update) => {
    const chance = random()
    if (chance < 0.1) return []
    if (chance < 0.2) return [Y.mergeUpdates([update, pick(random, updates)]), update]
    if (chance < 0.3) return [Y.mergeUpdates(shuffled(random, updates).slice(0, 1 + below(random, 5)))]
    return [update]
  })
}

describe('[C2] the state of the log', () => {
  test('has the state vector of a Y.Doc that applied it, to the byte, at every step', () => {
    for (let seed = 0; seed < 300; seed++) {
      const pair = new Pair()
      for (const update of randomDocument(seed).updates) {
        const facts = readUpdate(update)
        expect(pair.log.gapOf(facts), `seed ${seed}`).toBeUndefined()
        pair.add(update, facts)
        pair.check(`seed ${seed}`)
      }
    }
  })

  test('has it over a whole editing session', () => {
    const { updates, source } = editingSession('automerge-paper', 20_000)
    process.stdout.write(`log-state: ${source}, ${updates.length} updates\n`)
    const pair = new Pair()
    for (const [index, update] of updates.entries()) {
      const facts = readUpdate(update)
      expect(pair.log.addsNothing(facts)).toBe(false)
      expect(pair.log.gapOf(facts)).toBeUndefined()
      pair.add(update, facts)
      expect(pair.log.addsNothing(facts)).toBe(true)
      if (index % 1_000 === 0) pair.check(source)
    }
    pair.check(source)
  })

  test('finds a gap exactly when a Y.Doc keeps a part waiting', () => {
    const found = { clock: 0, reference: 0, delete: 0, none: 0 }
    for (let seed = 0; seed < 600; seed++) {
      const { updates, random } = randomDocument(seed)
      const pair = new Pair()
      for (const update of disordered(random, updates)) {
        const facts = readUpdate(update)
        const gap = pair.log.gapOf(facts)
        found[gap?.reason ?? 'none'] += 1
        if (gap === undefined) {
          pair.add(update, facts)
          pair.check(`seed ${seed}`)
        } else {
          expect(pair.keepsWaiting(update), `seed ${seed}, ${gap.reason}`).toBe(true)
          expect(gap.clock, `seed ${seed}`).toBeGreaterThanOrEqual(pair.log.clockOf(gap.client))
        }
      }
    }
    for (const count of Object.values(found)) expect(count).toBeGreaterThan(50)
  })

  test('finds no gap in what an update itself brings, in whatever order its clients lie', () => {
    for (let seed = 0; seed < 200; seed++) {
      for (const replica of randomDocument(seed).replicas) {
        expect(
          new LogState().gapOf(readUpdate(Y.encodeStateAsUpdate(replica))),
          `seed ${seed}`,
        ).toBeUndefined()
      }
    }
  })

  test('says that an update adds nothing only when it changes no Y.Doc', () => {
    for (let seed = 0; seed < 80; seed++) {
      const { updates, replicas, random } = randomDocument(seed)
      const pair = new Pair()
      const later = updates.concat(replicas.map((replica) => Y.encodeStateAsUpdate(replica)))
      for (const update of later.concat(disordered(random, updates))) {
        const facts = readUpdate(update)
        const before = Y.encodeStateAsUpdate(pair.doc)
        const addsNothing = pair.log.addsNothing(facts)
        if (pair.log.gapOf(facts) !== undefined) continue
        pair.add(update, facts)
        if (addsNothing) expect(Y.encodeStateAsUpdate(pair.doc), `seed ${seed}`).toEqual(before)
        expect(pair.log.addsNothing(facts), `seed ${seed}`).toBe(true)
      }
    }
  })

  test('comes back from its bytes', () => {
    for (let seed = 0; seed < 200; seed++) {
      const state = new LogState()
      const facts = randomDocument(seed).updates.map((update) => readUpdate(update))
      for (const known of facts) state.add(known)
      const restored = LogState.fromBytes(state.toBytes())!
      expect(restored.toBytes()).toEqual(state.toBytes())
      expect(restored.stateVector()).toEqual(state.stateVector())
      for (const known of facts) expect(restored.addsNothing(known)).toBe(true)
    }
  })

  test('fails loudly when an update with a gap is added', () => {
    const facts = readUpdate(bytesOf(1, 1, 5, 3, 0, 1, 0))
    expect(() => new LogState().add(facts)).toThrow('gap')
  })
})

describe('[B1] the state of the log', () => {
  test('names the limit of documents that an update would break', () => {
    const state = new LogState()
    const blocks = (from: number): Uint8Array => {
      const clients = Array.from({ length: 10_000 }, (_, index) => [1, from + index, 0, 0, 1])
      return bytesOf(10_000, clients, 0)
    }
    for (let from = 0; from < documentClientsMax; from += 10_000) {
      const facts = readUpdate(blocks(from))
      expect(state.limitBrokenBy(facts)).toBeUndefined()
      state.add(facts)
    }
    expect(state.limitBrokenBy(readUpdate(blocks(0)))).toBeUndefined()
    expect(state.limitBrokenBy(readUpdate(blocks(documentClientsMax - 9_999)))).toBe('too-many-clients')
    const names = Array.from({ length: documentRootsMax }, (_, index) => [1, 1, `name${index}`, 1])
    state.add(readUpdate(bytesOf(1, documentRootsMax, 0, 1, names, 0)))
    expect(state.limitBrokenBy(readUpdate(bytesOf(1, 1, 0, 1, 1, 1, 'name1', 1, 0)))).toBeUndefined()
    expect(state.limitBrokenBy(readUpdate(bytesOf(1, 1, 0, 1, 1, 1, 'new', 1, 0)))).toBe('too-many-roots')
  })
})

describe('[B1] a state vector', () => {
  const clockOf = (client: number, from = 0) => readUpdate(bytesOf(1, 1, client, from, 0, 1, 0))
  const deleteOf = (client: number) => readUpdate(bytesOf(0, 1, client, 1, 0, 1))

  test('is written once, however often it is asked for, until a clock moves', () => {
    const state = new LogState()
    const empty = state.stateVector()
    state.add(clockOf(5))
    const one = state.stateVector()
    expect(one).not.toBe(empty)
    expect(readStateVector(one)).toEqual(new Map([[5, 1]]))
    state.add(clockOf(5))
    state.add(deleteOf(5))
    expect(state.stateVector()).toBe(one)
    state.add(clockOf(5, 1))
    expect(readStateVector(state.stateVector())).toEqual(new Map([[5, 2]]))
  })
})

describe('[W1] bytes from a peer or a disk', () => {
  test.each([
    ['no bytes', new Uint8Array(), 'truncated'],
    ['more clients announced than bytes remain', bytesOf(30_000_000, 1, 1), 'truncated'],
    ['a client twice', bytesOf(2, 1, 1, 1, 2), 'duplicate-client'],
    ['a clock past the limit', bytesOf(1, 1, 2 ** 40), 'clock-too-large'],
    ['bytes behind the end', bytesOf(0, 0), 'trailing-bytes'],
  ])('are refused as a state vector: %s', (_, bytes, code) => {
    expect(() => readStateVector(bytes)).toThrow(expect.objectContaining({ name: 'ProtocolError', code }))
  })

  test('that are any list of clocks are read and written as Yjs does', () => {
    const clocks = fc.array(fc.tuple(fc.maxSafeNat(), fc.integer({ min: 1, max: 2 ** 31 - 1 })))
    fc.assert(
      fc.property(clocks, (entries) => {
        const expected = new Map(entries)
        expect(readStateVector(encodeStateVector(expected))).toEqual(expected)
        expect(Y.decodeStateVector(encodeStateVector(expected))).toEqual(expected)
      }),
    )
  })

  test('give a state, a state vector, or one typed error', () => {
    const whole = new LogState()
    for (const update of randomDocument(3).updates) whole.add(readUpdate(update))
    const valid = whole.toBytes()
    const changed = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => valid.with(at, byte))
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        for (const read of [readStateVector, (any: Uint8Array) => LogState.fromBytes(any)]) {
          try {
            read(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })
})
