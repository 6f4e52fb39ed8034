// Replicas and stock clients in one document: either wire's edits reach the other's, and a reader that is slow, of
// whichever wire, goes on from the log without a gap.
import * as Y from 'yjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emptyUpdate, encodeStep2 } from '../../shared/stock-wire.ts'
import { chanceFrom } from '../chance.ts'
import type { Chance } from '../chance.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

let relay: TestRelay
let people: Person[]

beforeEach(async () => {
  relay = await new TestRelay().start()
  people = []
})

afterEach(() => {
  for (const { doc } of people) doc.destroy()
})

/** Somebody with a Y.Doc, on either wire, whose socket can be full. */
type Person = {
  readonly doc: Y.Doc
  readonly hear: () => void
  readonly fill: () => void
  readonly drain: () => void
  /** Updates that came since it was asked last. */
  readonly countHeard: () => number
}

function native(id: number): Person {
  const doc = new Y.Doc()
  const peer = new NativePeer(relay, id)
  peer.open()
  let at = 0
  let heard = 0
  const pieces: Uint8Array[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== peer) peer.push(update)
  })
  const person = {
    doc,
    hear: () => {
      for (const message of peer.heard.splice(0)) {
        if (message.type === 'missing') throw new Error('The relay was told all in order.')
        if (message.type === 'piece') pieces.push(message.update)
        if (message.type === 'caughtUp') {
          for (const piece of pieces.splice(0)) Y.applyUpdate(doc, piece, peer)
          at = Math.max(at, message.through)
        }
        if (message.type !== 'delivery' || message.through <= at) continue
        expect(message.after, 'a delivery begins where the one before ended').toBeLessThanOrEqual(at)
        for (const update of message.updates) Y.applyUpdate(doc, update, peer)
        heard += message.updates.length
        at = message.through
      }
    },
    fill: () => peer.fill(),
    drain: () => peer.drain(),
    countHeard: () => {
      const count = heard
      heard = 0
      return count
    },
  }
  people.push(person)
  return person
}

function stock(): Person {
  const doc = new Y.Doc()
  const peer = new StockPeer(relay)
  peer.ask()
  peer.bytes(encodeStep2(emptyUpdate))
  let heard = 0
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== peer) peer.update(update)
  })
  const person = {
    doc,
    hear: () => {
      for (const message of peer.heard.splice(0)) {
        if (message.type !== 'update' && message.type !== 'step2') continue
        Y.applyUpdate(doc, message.update, peer)
        expect(doc.store.pendingStructs, 'nothing comes before what it builds on').toBeNull()
        heard += 1
      }
    },
    fill: () => peer.fill(),
    drain: () => peer.drain(),
    countHeard: () => {
      const count = heard
      heard = 0
      return count
    },
  }
  people.push(person)
  return person
}

async function settle(): Promise<void> {
  await relay.write()
  for (const { hear } of people) hear()
}

function expectConverged(): void {
  const [first, ...others] = people.map(({ doc }) => Y.snapshot(doc))
  for (const other of others) expect(Y.equalSnapshots(first!, other)).toBe(true)
}

function write(person: Person, chance: Chance): void {
  const text = person.doc.getText('text')
  if (text.length > 20 && chance.between(0, 3) === 0) text.delete(chance.between(0, text.length - 5), 4)
  else text.insert(chance.between(0, text.length), 'x'.repeat(chance.between(1, 30)))
}

test('[C1] replicas and stock clients write one document together', async () => {
  const ana = native(1)
  const ben = stock()
  await settle()
  ana.doc.getText('text').insert(0, 'from a replica')
  await settle()
  expect(ben.doc.getText('text').toString()).toBe('from a replica')
  ben.doc.getText('text').insert(4, ' a stock client, not')
  ben.doc.getMap('map').set('key', { of: 'both' })
  await settle()
  expect(ana.doc.getText('text').toString()).toBe('from a stock client, not a replica')
  expect(ana.doc.getMap('map').get('key')).toEqual({ of: 'both' })
  const eve = stock()
  const kim = native(2)
  await settle()
  expect([eve, kim].map(({ doc }) => doc.getText('text').toString())).toEqual(
    Array.from({ length: 2 }, () => 'from a stock client, not a replica'),
  )
  expectConverged()
})

describe.each([1, 2, 3, 4, 5])('seed %i', (seed) => {
  test('[B1] [C2] readers of both wires whose sockets are full at random miss nothing', async () => {
    const chance = chanceFrom(seed)
    for (let id = 1; id <= 3; id++) {
      native(id)
      stock()
    }
    await settle()
    const full = new Set<Person>()
    for (let round = 0; round < 120; round++) {
      const person = people[chance.between(0, people.length - 1)]!
      const doing = chance.between(0, 9)
      if (doing <= 5) write(person, chance)
      else if (doing === 6) {
        person.fill()
        full.add(person)
      } else if (doing === 7) {
        person.drain()
        full.delete(person)
      } else if (doing === 8) await settle()
      else relay.disk.settle()
    }
    for (const person of full) person.drain()
    await settle()
    await settle()
    expectConverged()
  })
})

test.each([
  ['replica', () => native(9)],
  ['stock client', () => stock()],
])('[B1] for a %s whose socket is full nothing is kept but its place in the log', async (_wire, join) => {
  const author = native(1)
  const slow = join()
  await settle()
  slow.countHeard()
  slow.fill()
  for (let n = 0; n < 200; n++) author.doc.getText('text').insert(0, `${n} `)
  await settle()
  expect(slow.countHeard()).toBe(0)
  slow.drain()
  await settle()
  expect(slow.doc.getText('text').toString()).toBe(author.doc.getText('text').toString())
})
