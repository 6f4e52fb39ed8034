// update-reader.test.ts — the reader refuses what hurts Yjs, each shape by name, and of all else says what Yjs's
// own decoder finds.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'

import { ByteCursor } from '../../shared/byte-cursor.ts'
import { checkJson } from '../../shared/json-text.ts'
import { valueDepthMax } from '../../shared/limits.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { editingSession, type SessionName } from '../editing-session.ts'
import { decodedFacts, plainFacts } from './decoded-facts.ts'
import { bytesOf, hostileUpdates, nestedTypes, oneStruct } from './hostile-updates.ts'
import { below, pick, randomDocument, shuffled } from './random-documents.ts'

function refusalOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
  return 'accepted'
}

/** Everything Yjs can make of one document's updates: the states of replicas, merged, cut, with gaps, not collected. */
function writtenByYjs(seed: number): Uint8Array[] {
  const { updates, replicas, random } = randomDocument(seed)
  const written = [...updates, ...replicas.map((replica) => Y.encodeStateAsUpdate(replica))]
  if (updates.length === 0) return written
  const some = shuffled(random, updates).slice(0, 1 + below(random, 6))
  const merged = Y.mergeUpdates(some)
  const behind = new Y.Doc({ gc: random() < 0.5 })
  for (const update of some) Y.applyUpdate(behind, update)
  const stateVector = Y.encodeStateVector(pick(random, replicas))
  written.push(merged, Y.mergeUpdates([merged, pick(random, updates)]), Y.diffUpdate(merged, stateVector))
  written.push(Y.encodeStateAsUpdate(behind), Y.encodeStateAsUpdate(behind, stateVector))
  return written
}

describe('[W1] refuses', () => {
  test.each(hostileUpdates)('$shape', ({ bytes, code }) => {
    expect(refusalOf(() => readUpdate(bytes))).toBe(code)
  })

  test('every update of Yjs with its last byte, or more, cut off', () => {
    const { replicas } = randomDocument(1)
    const update = Y.encodeStateAsUpdate(replicas[0]!)
    for (let length = 0; length < update.length; length++) {
      expect(refusalOf(() => readUpdate(update.subarray(0, length)))).not.toBe('accepted')
    }
  })

  test('every update in the V2 format that holds anything', () => {
    for (let seed = 0; seed < 100; seed++) {
      for (const replica of randomDocument(seed).replicas) {
        if (replica.store.clients.size === 0) continue
        expect(refusalOf(() => readUpdate(Y.encodeStateAsUpdateV2(replica)))).not.toBe('accepted')
      }
    }
  })

  test('exactly the UTF-8 that a fatal TextDecoder refuses, and counts as long what it decodes', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const near = fc.constantFrom(
      0,
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc1,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(near, fc.nat(255)), { maxLength: 8 }), (list) => {
        const bytes = Uint8Array.from(list)
        let units: number | string = 'malformed-text'
        try {
          units = decoder.decode(bytes).length
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
        }
        let counted: number | string = 0
        const refusal = refusalOf(() => (counted = new ByteCursor(bytes).skipText(bytes.length)))
        expect(refusal === 'accepted' ? counted : refusal).toBe(units)
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })

  test('exactly the JSON that JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      ...Array.from('{}[]",:\\/ \t\n\u0001eE+-.01279tfnu'),
      'true',
      'false',
      'null',
      '"k":',
      '\\u00e9',
      '\\ud800',
      '1.5e3',
      'é',
    )
    const text = fc.oneof(
      fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')),
      fc.json().filter((json) => !json.includes('__proto__')),
    )
    fc.assert(
      fc.property(text, (json) => {
        let expected = 'accepted'
        try {
          JSON.parse(json)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
          expected = 'malformed-json'
        }
        // What lies behind belongs to the update and must not be read.
        const bytes = new TextEncoder().encode(`${json}]}"0`)
        expect(refusalOf(() => checkJson(bytes, 0, bytes.length - 4, valueDepthMax))).toBe(expected)
      }),
      { numRuns: 50_000, seed: 1 },
    )
  })
})

describe('[W1] takes', () => {
  test('what is exactly at a limit', () => {
    const atLimits = [
      oneStruct(0, 2 ** 31 - 1),
      oneStruct(1, 1, 'n'.repeat(1_024), 1),
      oneStruct(5, 1, 't', '['.repeat(100) + ']'.repeat(100)),
      nestedTypes(512),
    ]
    for (const update of atLimits) expect(refusalOf(() => readUpdate(update))).toBe('accepted')
  })

  test('types nested as deep as the limit, which every Y.Doc can delete', () => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, nestedTypes(512))
    Y.applyUpdate(doc, bytesOf(0, 1, 1, 1, 0, 1))
    expect(doc.getArray('t').length).toBe(0)
  })

  test('clients in any order: not all writers sort them', () => {
    const facts = readUpdate(
      bytesOf(3, 1, 2, 0, 0, 1, 1, 9, 0, 0, 1, 1, 5, 0, 0, 1, 2, 3, 1, 0, 1, 7, 1, 0, 1),
    )
    expect([...facts.structs.runs()].map((run) => run.client)).toEqual([2, 9, 5])
    expect([...facts.deletes].map((range) => range.client)).toEqual([3, 7])
  })

  test('with other limits what those allow', () => {
    const limits = { clientsMax: 1, rootsMax: 1, subdocumentsMax: 0, typeDepthMax: 2 }
    expect(refusalOf(() => readUpdate(nestedTypes(2), limits))).toBe('accepted')
    expect(refusalOf(() => readUpdate(nestedTypes(3), limits))).toBe('too-deep')
    expect(refusalOf(() => readUpdate(nestedTypes(513)))).toBe('too-deep')
  })
})

describe('[W1] agrees with Yjs', () => {
  test('on thousands of updates of all types, with formats, embeds, undo, subdocuments, gaps and garbage collected', () => {
    for (let seed = 0; seed < 1_000; seed++) {
      for (const update of writtenByYjs(seed)) {
        expect(plainFacts(readUpdate(update)), `seed ${seed}`).toEqual(decodedFacts(update))
      }
    }
  })

  test.each<SessionName>(['automerge-paper', 'rustcode', 'sveltecomponent'])('on the session %s', (name) => {
    const { updates, source } = editingSession(name, 20_000)
    process.stdout.write(`update-reader: ${source}, ${updates.length} updates\n`)
    for (const update of updates) {
      const { from, to } = Y.parseUpdateMeta(update)
      const runs = [...readUpdate(update).structs.runs()]
      expect(runs.map((run) => [run.client, run.from])).toEqual([...from])
      expect(runs.map((run) => [run.client, run.to])).toEqual([...to])
    }
  })

  test('on values as Yjs wrote them before there was Any', () => {
    const update = oneStruct(2, 1, 't', 3, 'undefined', '{"a":[]}', '"\\ud83d"')
    expect(plainFacts(readUpdate(update))).toEqual(decodedFacts(update))
    expect([...readUpdate(update).structs.runs()]).toEqual([{ client: 1, from: 0, to: 3 }])
  })

  test('on the length of text in UTF-16 units, a pair that an edit split included', () => {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.getText('t').insert(0, 'a🙂é漢\ud800')
    doc.getText('t').insert(2, 'x')
    updates.push(Y.encodeStateAsUpdate(doc))
    for (const update of updates) expect(plainFacts(readUpdate(update))).toEqual(decodedFacts(update))
    expect([...readUpdate(updates[0]!).structs.runs()][0]?.to).toBe(6)
  })

  test('that what an author inserts and deletes at once arrives as voids at the author’s new clocks', () => {
    const doc = new Y.Doc()
    doc.clientID = 7
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.transact(() => {
      doc.getText('t').insert(0, 'abc')
      doc.getText('t').delete(1, 1)
    })
    doc.transact(() => {
      doc.getMap('m').set('k', new Y.Map([['inner', 1]]))
      doc.getMap('m').delete('k')
    })
    expect(updates.map((update) => readUpdate(update).structs.hasVoids)).toEqual([true, true])
    const voids = updates.flatMap((update) => Array.from(readUpdate(update).structs.voids()))
    expect(voids).toEqual([
      { client: 7, from: 1, to: 2 },
      { client: 7, from: 3, to: 5 },
    ])
  })
})
