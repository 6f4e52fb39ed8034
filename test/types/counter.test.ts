// counter.test.ts — the counter, a rule at a time: what is added at once, what is undone, what is refused, what somebody
// writes who does not keep to it.
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { counter, CounterError } from '../../types/index.ts'
import { areStructurallyEqual } from '../stock-client.ts'

const most = Number.MAX_SAFE_INTEGER

/** What a device kept, opened again, or by two who have the same copy. */
function opened(state: Uint8Array = Y.encodeStateAsUpdate(new Y.Doc())): Y.Doc {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  return doc
}

function meet(...docs: readonly Y.Doc[]): void {
  const states = docs.map((doc) => Y.encodeStateAsUpdate(doc))
  for (const doc of docs) for (const state of states) Y.applyUpdate(doc, state, 'others')
}

const counted = (doc: Y.Doc): number => counter(doc, 'likes').current
const addTo = (doc: Y.Doc, amount: number): void => counter(doc, 'likes').add(amount)

describe('adding', () => {
  test('[D3] what several add and subtract at once is all counted, once', () => {
    const docs = [opened(), opened(), opened()]
    for (const doc of docs) for (let click = 0; click < 10; click++) addTo(doc, 1)
    counter(docs[0]!, 'likes').subtract(4)
    meet(...docs)
    expect(docs.map(counted)).toEqual([26, 26, 26])
    expect(areStructurallyEqual(docs)).toBe(true)
  })

  test('[D3] updates that come twice, and in the wrong order, count once', () => {
    const author = opened()
    const updates: Uint8Array[] = []
    author.on('update', (update: Uint8Array) => updates.push(update))
    for (const amount of [1, 2, 3, 4]) addTo(author, amount)
    const other = opened()
    for (const index of [3, 1, 1, 0, 3, 2, 0]) Y.applyUpdate(other, updates[index]!)
    expect(counted(other)).toBe(10)
  })

  test('[D3] a copy of a device goes on beside the device, and what both add is counted', () => {
    const device = opened()
    addTo(device, 5)
    const copy = opened(Y.encodeStateAsUpdate(device))
    const afterRestart = opened(Y.encodeStateAsUpdate(device))
    addTo(copy, 10)
    addTo(afterRestart, 100)
    addTo(device, 1000)
    meet(device, copy, afterRestart)
    expect([device, copy, afterRestart].map(counted)).toEqual([1115, 1115, 1115])
  })

  test('[D3] a device that is put back to an older copy gets what it lost, and goes on', () => {
    const relay = opened()
    const device = opened()
    addTo(device, 5)
    const backup = Y.encodeStateAsUpdate(device)
    addTo(device, 6)
    meet(device, relay)
    const restored = opened(backup)
    addTo(restored, 7)
    meet(restored, relay)
    expect([restored, relay].map(counted)).toEqual([18, 18])
  })

  test('[D3] a Y.Doc that Yjs gives another id, since somebody writes under its own, keeps both tallies', () => {
    const first = opened()
    addTo(first, 5)
    const twin = opened(Y.encodeStateAsUpdate(first))
    twin.clientID = first.clientID
    addTo(twin, 10)
    meet(first, twin)
    expect(first.clientID).not.toBe(twin.clientID)
    addTo(first, 100)
    addTo(twin, 1000)
    meet(first, twin)
    expect([first, twin].map(counted)).toEqual([1115, 1115])
  })

  test('[D3] a counter in a map needs nobody to make it: who begin it at once both count', () => {
    const ann = opened()
    ann.getMap('cards').set('first', new Y.Map())
    const bob = opened(Y.encodeStateAsUpdate(ann))
    const votes = (doc: Y.Doc) => counter(doc.getMap('cards').get('first') as Y.Map<unknown>, 'votes')
    votes(ann).add(2)
    votes(bob).add(3)
    meet(ann, bob)
    expect([ann, bob].map((doc) => votes(doc).current)).toEqual([5, 5])
  })

  test('[D3] counters of one map do not mix, whatever their names, nor with what else is in it', () => {
    const card = opened().getMap<string | number>('card')
    const names = ['a', 'a:b', 'b', '', ':']
    for (const [index, name] of names.entries()) counter(card, name).add(10 ** index)
    card.set('price', 7)
    card.set('a', 7)
    expect(names.map((name) => counter(card, name).current)).toEqual([1, 10, 100, 1000, 10_000])
  })
})

describe('undoing', () => {
  const undoOf = (doc: Y.Doc, trackedOrigins = new Set<unknown>([null])): Y.UndoManager =>
    new Y.UndoManager(counter(doc, 'likes').type, { captureTimeout: 0, trackedOrigins })

  test('[D3] an undo takes back what was added here, and leaves what others added meanwhile', () => {
    const ann = opened()
    const bob = opened()
    const undo = undoOf(ann)
    addTo(ann, 1)
    addTo(ann, 10)
    addTo(bob, 100)
    meet(ann, bob)
    undo.undo()
    meet(ann, bob)
    expect([ann, bob].map(counted)).toEqual([101, 101])
    undo.undo()
    addTo(bob, 1000)
    meet(ann, bob)
    expect([ann, bob].map(counted)).toEqual([1100, 1100])
    undo.redo()
    undo.redo()
    meet(ann, bob)
    expect([ann, bob].map(counted)).toEqual([1111, 1111])
  })

  test.each([
    { ignoreRemoteMapChanges: false, title: 'as Yjs has it by default' },
    { ignoreRemoteMapChanges: true, title: 'overwriting map changes of others' },
  ])('[D3] what is not tracked stays, between what is: $title', ({ ignoreRemoteMapChanges }) => {
    const doc = opened()
    const { type } = counter(doc, 'likes')
    const undo = new Y.UndoManager(type, { captureTimeout: 0, ignoreRemoteMapChanges })
    const untracked = (amount: number): void => doc.transact(() => addTo(doc, amount), 'import')
    addTo(doc, 1)
    untracked(10)
    addTo(doc, 100)
    untracked(1000)
    expect(counted(doc)).toBe(1111)
    undo.undo()
    expect(counted(doc)).toBe(1011)
    undo.undo()
    expect(counted(doc)).toBe(1010)
    untracked(1)
    undo.redo()
    undo.redo()
    expect(counted(doc)).toBe(1112)
  })

  test('[D3] two who undo by different origins do not undo each other', () => {
    const doc = opened()
    const mouse = undoOf(doc, new Set(['mouse']))
    const keyboard = undoOf(doc, new Set(['keyboard']))
    doc.transact(() => addTo(doc, 1), 'mouse')
    doc.transact(() => addTo(doc, 10), 'keyboard')
    doc.transact(() => addTo(doc, 100), 'mouse')
    keyboard.undo()
    expect(counted(doc)).toBe(101)
    mouse.undo()
    expect(counted(doc)).toBe(1)
    keyboard.redo()
    expect(counted(doc)).toBe(11)
  })

  test('[D3] undone together with the text it was counted with', () => {
    const doc = opened()
    const text = doc.getText('text')
    const undo = new Y.UndoManager([text, counter(doc, 'likes').type], { captureTimeout: 0 })
    doc.transact(() => {
      text.insert(0, 'one')
      addTo(doc, 1)
    })
    undo.undo()
    expect([text.toString(), counted(doc)]).toEqual(['', 0])
    undo.redo()
    expect([text.toString(), counted(doc)]).toEqual(['one', 1])
  })
})

describe('what is refused', () => {
  test.each([
    { amount: Number.NaN, code: 'not-an-integer' },
    { amount: 1.5, code: 'not-an-integer' },
    { amount: Number.POSITIVE_INFINITY, code: 'not-an-integer' },
    { amount: Number.NEGATIVE_INFINITY, code: 'not-an-integer' },
    { amount: '1' as unknown as number, code: 'not-an-integer' },
    { amount: undefined as unknown as number, code: 'not-an-integer' },
    { amount: most + 1, code: 'too-large' },
    { amount: -most - 1, code: 'too-large' },
    { amount: Number.MAX_VALUE, code: 'too-large' },
  ])('[B1] $amount is not added: $code', ({ amount, code }) => {
    const doc = opened()
    addTo(doc, 3)
    const before = Y.encodeStateAsUpdate(doc)
    expect(() => addTo(doc, amount)).toThrow(expect.objectContaining({ code }) as Error)
    expect(() => counter(doc, 'likes').subtract(amount)).toThrow(CounterError)
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('[B1] nobody is led beyond exact numbers, but for two at once; from there everybody may lead back', () => {
    const ann = opened()
    addTo(ann, most)
    expect(() => addTo(ann, 1)).toThrow(expect.objectContaining({ code: 'too-large' }) as Error)
    const bob = opened()
    addTo(bob, most)
    meet(ann, bob)
    expect(counted(ann)).toBe(2 * most)
    expect(counted(bob)).toBe(counted(ann))
    expect(() => addTo(bob, 1)).toThrow(expect.objectContaining({ code: 'too-large' }) as Error)
    const eve = opened(Y.encodeStateAsUpdate(ann))
    counter(eve, 'likes').subtract(most)
    expect(counted(eve)).toBe(most)
    expect(() => counter(eve, 'likes').subtract(1)).toThrow(
      expect.objectContaining({ code: 'too-large' }) as Error,
    )
    counter(bob, 'likes').subtract(most)
    meet(ann, bob, eve)
    expect([ann, bob, eve].map(counted)).toEqual([0, 0, 0])
  })

  test('[B1] a map that is in no document yet counts nothing', () => {
    expect(() => counter(new Y.Map(), 'votes').add(1)).toThrow(
      expect.objectContaining({ code: 'not-in-a-document' }) as Error,
    )
  })

  test('[D3] nothing added is nothing written', () => {
    const doc = opened()
    let updates = 0
    doc.on('update', () => (updates += 1))
    addTo(doc, 0)
    addTo(doc, -0)
    expect(updates).toBe(0)
    expect(Object.is(counted(doc), 0)).toBe(true)
  })
})

describe('who does not keep to it', () => {
  test.each(
    [
      Number.NaN,
      Infinity,
      -Infinity,
      0.5,
      2 ** 53,
      1e308,
      '7',
      '',
      true,
      null,
      undefined,
      7n,
      [7],
      { n: 7 },
    ].map((value) => ({ value })),
  )('[W1] $value in the place of a number counts as nothing', ({ value }) => {
    const doc = opened()
    const { type } = counter(doc, 'likes')
    addTo(doc, 3)
    type.set('somebody', value)
    const other = opened(Y.encodeStateAsUpdate(doc))
    expect(counted(other)).toBe(3)
    type.set([...type.keys()][0]!, value)
    expect(counted(doc)).toBe(0)
    addTo(doc, 4)
    expect(counted(doc)).toBe(4)
  })

  test('[W1] types in the place of numbers count as nothing', () => {
    const doc = opened()
    counter(doc, 'likes').type.set('map', new Y.Map([['n', 1]]))
    counter(doc, 'likes').type.set('text', new Y.Text('1'))
    addTo(doc, 2)
    expect(counted(doc)).toBe(2)
  })
})

describe('showing it', () => {
  test('[T1] calls back once for each transaction that changed it, and not after it was stopped', () => {
    const doc = opened()
    const card = doc.getMap('card')
    const votes = counter(card, 'votes')
    const seen: number[] = []
    const stop = votes.subscribe(() => seen.push(votes.current))
    votes.add(1)
    card.set('title', 'none of its own')
    counter(card, 'views').add(1)
    doc.transact(() => {
      votes.add(1)
      votes.add(1)
      expect(votes.current).toBe(3)
    })
    const other = opened()
    counter(other.getMap('card'), 'votes').add(7)
    meet(doc, other)
    stop()
    votes.add(1)
    expect(seen).toEqual([1, 3, 10])
  })
})
