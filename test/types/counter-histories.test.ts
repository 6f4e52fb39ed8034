// counter-histories.test.ts — the counter against a model, through histories that nobody would write by hand: devices that
// add, undo, meet, are copied, restarted and put back to older copies, and updates that come in any order.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { counter } from '../../types/index.ts'
import { areStructurallyEqual } from '../stock-client.ts'

/** What each session has counted, as far as a device has heard of it: the later word holds. */
type Heard = Map<number, { readonly words: number; readonly sum: number }>

/** A Y.Doc that is open, beside what the model says of it. */
class Session {
  readonly doc = new Y.Doc()
  readonly heard: Heard
  readonly #undo: Y.UndoManager
  readonly #number: number
  #done: number[] = []
  #undone: number[] = []

  constructor(number: number, state: Uint8Array, heard: Heard, sent: Uint8Array[]) {
    this.#number = number
    this.heard = new Map(heard)
    Y.applyUpdate(this.doc, state, 'disk')
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'others') sent.push(update)
    })
    this.#undo = new Y.UndoManager(this.#counter.type, { captureTimeout: 0 })
  }

  get #counter() {
    return counter(this.doc.getMap('card'), 'votes')
  }

  get shown(): number {
    return this.#counter.current
  }

  get expected(): number {
    return [...this.heard.values()].reduce((all, { sum }) => all + sum, 0)
  }

  get state(): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc)
  }

  add(amount: number, origin: string | null): void {
    this.doc.transact(() => this.#counter.add(amount), origin)
    if (amount === 0) return
    this.#say(amount)
    if (origin !== null) return
    this.#done.push(amount)
    this.#undone = []
  }

  undo(): void {
    const amount = this.#done.pop()
    expect(this.#undo.undo() === null).toBe(amount === undefined)
    if (amount === undefined) return
    this.#undone.push(amount)
    this.#say(-amount)
  }

  redo(): void {
    const amount = this.#undone.pop()
    expect(this.#undo.redo() === null).toBe(amount === undefined)
    if (amount === undefined) return
    this.#done.push(amount)
    this.#say(amount)
  }

  hear(state: Uint8Array, heard: Heard): void {
    Y.applyUpdate(this.doc, state, 'others')
    for (const [session, said] of heard) {
      if (said.words > (this.heard.get(session)?.words ?? 0)) this.heard.set(session, said)
    }
  }

  #say(amount: number): void {
    const { words, sum } = this.heard.get(this.#number) ?? { words: 0, sum: 0 }
    this.heard.set(this.#number, { words: words + 1, sum: sum + amount })
  }
}

type Copy = { readonly state: Uint8Array; readonly heard: Heard }

const nothing: Copy = { state: Y.encodeStateAsUpdate(new Y.Doc()), heard: new Map() }
const deviceCount = 3
const device = fc.nat({ max: deviceCount - 1 })
const origin = fc.constantFrom(null, null, 'import', 'sync')

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('add' as const),
      device,
      amount: fc.integer({ min: -9, max: 9 }),
      origin,
    }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('undo' as const, 'redo' as const), device }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('hear' as const), device, from: device }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constantFrom('restart' as const, 'backUp' as const, 'putBack' as const),
      device,
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('becomeCopyOf' as const), device, from: device }) },
)

test('[D3] whatever happens, a device shows each addition that it has heard of, once, and in the end all show all [C1]', () => {
  const history = fc.property(
    fc.array(step, { maxLength: 60 }),
    fc.infiniteStream(fc.nat()),
    (steps, chance) => {
      const sent: Uint8Array[] = []
      let sessions = 0
      const begin = ({ state, heard }: Copy): Session => new Session((sessions += 1), state, heard, sent)
      const devices = Array.from({ length: deviceCount }, () => begin(nothing))
      const everyone: Session[] = [...devices]
      const backups = Array.from({ length: deviceCount }, () => nothing)
      const beginAt = (index: number, copy: Copy): void => {
        devices[index] = begin(copy)
        everyone.push(devices[index])
      }
      for (const taken of steps) {
        const at = devices[taken.device]!
        switch (taken.is) {
          case 'add':
            at.add(taken.amount, taken.origin)
            break
          case 'undo':
          case 'redo':
            at[taken.is]()
            break
          case 'hear':
            at.hear(devices[taken.from]!.state, devices[taken.from]!.heard)
            break
          case 'backUp':
            backups[taken.device] = { state: at.state, heard: new Map(at.heard) }
            break
          case 'restart':
            beginAt(taken.device, at)
            break
          case 'putBack':
            beginAt(taken.device, backups[taken.device]!)
            break
          case 'becomeCopyOf':
            beginAt(taken.device, devices[taken.from]!)
        }
        for (const session of devices) expect(session.shown).toBe(session.expected)
      }
      const all = begin(nothing)
      for (const { state, heard } of everyone) all.hear(state, heard)
      const last = devices.map(() => new Y.Doc())
      for (const doc of last) {
        const order = [...sent, ...sent.slice(0, 5)].map((update) => ({ update, place: chance.next().value }))
        for (const { update } of order.toSorted((left, right) => left.place - right.place))
          Y.applyUpdate(doc, update)
        expect(counter(doc.getMap('card'), 'votes').current).toBe(all.expected)
      }
      expect(areStructurallyEqual([...last, all.doc])).toBe(true)
    },
  )
  fc.assert(history, { numRuns: 300 })
})

test('[W1] whatever else is written where it counts, it shows a whole number, and adds exactly what is added', () => {
  const key = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `votes:${rest}`),
  )
  const value = fc.oneof(
    fc
      .anything({ maxDepth: 1, withBigInt: true })
      .filter((it) => typeof it !== 'symbol' && typeof it !== 'function'),
    fc.double(),
    fc.maxSafeInteger(),
  )
  const small = fc.integer({ min: -1000, max: 1000 })
  const visit = fc.property(fc.dictionary(key, value), fc.array(small), (written, amounts) => {
    const doc = new Y.Doc()
    const card = doc.getMap('card')
    for (const [name, any] of Object.entries(written)) {
      // What Yjs itself does not take is nobody's value.
      try {
        card.set(name, any)
      } catch {
        continue
      }
    }
    const votes = counter(card, 'votes')
    expect(Number.isInteger(votes.current)).toBe(true)
    const before = votes.current
    fc.pre(Math.abs(before) < Number.MAX_SAFE_INTEGER - 1_000_000)
    for (const amount of amounts) votes.add(amount)
    expect(votes.current).toBe(before + amounts.reduce((sum, amount) => sum + amount, 0))
  })
  fc.assert(visit, { numRuns: 200 })
})
