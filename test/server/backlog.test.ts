// What waits for a disk that stands still: whatever it is made of, it is counted, sockets are held for it, and let go.
import * as Y from 'yjs'
import { beforeEach, describe, expect, test } from 'vitest'
import { allWaitingBytesMax, waitingBytesMax } from '../../shared/limits.ts'
import { entryKind } from '../../shared/message.ts'
import { everyRight, grantFor, NativePeer, StockPeer, TestRelay } from '../host-peers.ts'
import { joined, loaded, TestRoom } from '../shared/relay-room.ts'

let relay: TestRelay
let ana: NativePeer
let ben: StockPeer
let counter: number

beforeEach(async () => {
  relay = await new TestRelay().start()
  ana = new NativePeer(relay, 1)
  ben = new StockPeer(relay)
  ana.open()
  ben.ask()
  await relay.write()
  counter = 0
})

const emptyUpdate = Uint8Array.of(0, 0)
const notAnUpdate = Uint8Array.of(1, 0, 9, 9, 9)

/** One deleted character of client 5 at this clock, of which nothing but its place is left. */
function strokeAt(clock: number): Uint8Array {
  const digits: number[] = []
  for (let rest = clock; ; rest = Math.floor(rest / 128)) {
    digits.push(rest > 127 ? (rest % 128) | 128 : rest)
    if (rest <= 127) return Uint8Array.of(1, 1, 5, ...digits, 0, 1, 0)
  }
}

function push(updateOf: (counter: number) => Uint8Array): void {
  const entries = Array.from({ length: 50 }, () => {
    const update = updateOf(counter)
    counter += 1
    return { counter, hash: new Uint8Array(16).fill(counter), kind: entryKind.edit, update }
  })
  ana.say({ type: 'push', link: 1, entries })
}

const shapes: readonly (readonly [string, () => void])[] = [
  ['edits that are refused', () => push(() => notAnUpdate)],
  ['edits that are small', () => push(strokeAt)],
  ['edits that the log has', () => push(() => strokeAt(0))],
  ['edits that say nothing', () => push(() => emptyUpdate)],
  ['updates of a stock client that the log has', () => ben.update(strokeAt(0))],
]

describe.each(shapes)('%s', (_, say) => {
  test('[B1] wait for the disk in bounds: at the bound nothing more is read, and it is again when all is written', async () => {
    ben.update(strokeAt(0))
    await relay.think()
    while (relay.host.state.waitingBytes <= waitingBytesMax) {
      expect([ana.isHeld, ben.isHeld]).toEqual([false, false])
      const before = relay.host.state.waitingBytes
      say()
      expect(relay.host.state.waitingBytes).toBeGreaterThan(before)
    }
    expect([ana.isHeld, ben.isHeld]).toEqual([true, true])
    await relay.write()
    expect([ana.isHeld, ben.isHeld]).toEqual([false, false])
    expect(relay.host.state.waitingBytes).toBe(0)
  })
})

test('[B1] what waited is forgotten with who leaves, with a write that fails and with a history that ends', async () => {
  push(strokeAt)
  push(() => notAnUpdate)
  ben.update(strokeAt(0))
  await relay.think()
  push(() => strokeAt(0))
  ben.lose()
  ana.lose()
  relay.disk.failNext('full', 2)
  const carl = new NativePeer(relay, 2)
  await relay.think()
  carl.open()
  await relay.think()
  const replaced = relay.host.replace('', 'story')
  carl.push(strokeAt(50))
  carl.push(notAnUpdate)
  expect(relay.host.state.waitingBytes).toBeGreaterThan(0)
  await relay.write()
  expect(relay.host.state.waitingBytes).toBeGreaterThan(0)
  await relay.pass(5_000)
  await replaced
  expect(relay.host.state.waitingBytes).toBe(0)
})

function longUpdate(client: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText('text').insert(0, 'x'.repeat(0.6 * waitingBytesMax))
  return Y.encodeStateAsUpdate(doc)
}

test('[B1] of a tenant of whom too much waits nothing is read, nor of who comes to it; others are read on', async () => {
  relay.grants.set('of other', grantFor(everyRight, 'other'))
  const other = new StockPeer(relay, 'story', everyRight, 'other')
  const everyone = [ana, ben, other]
  const held = () => everyone.map(({ isHeld }) => isHeld)
  other.ask()
  await relay.write()
  ben.update(longUpdate(1))
  expect(held()).toEqual([false, false, false])
  ben.update(longUpdate(2))
  expect(held()).toEqual([true, true, false])
  everyone.push(new NativePeer(relay, 8), new StockPeer(relay), new NativePeer(relay, 9, 'of other'))
  await relay.think()
  expect(held()).toEqual([true, true, false, true, true, false])
  other.update(longUpdate(3))
  other.update(longUpdate(4))
  expect(held()).toEqual([true, true, true, true, true, true])
  await relay.write()
  expect(held()).toEqual([false, false, false, false, false, false])
})

test('[B1] of nobody anything is read while too much waits of all tenants together, of none of them too much', async () => {
  const others = Array.from({ length: 7 }, (_, index) => {
    const other = new StockPeer(relay, 'story', everyRight, `other ${index}`)
    other.ask()
    return other
  })
  await relay.write()
  const everyone: { readonly isHeld: boolean }[] = [ana, ben, ...others]
  for (const [index, other] of others.entries()) {
    expect(relay.host.state.waitingBytes).toBeLessThanOrEqual(allWaitingBytesMax)
    expect(everyone.some(({ isHeld }) => isHeld)).toBe(false)
    other.update(longUpdate(index))
  }
  expect(relay.host.state.waitingBytes).toBeGreaterThan(allWaitingBytesMax)
  expect(everyone.every(({ isHeld }) => isHeld)).toBe(true)
  everyone.push(new NativePeer(relay, 8), new StockPeer(relay))
  await relay.think()
  expect(everyone.every(({ isHeld }) => isHeld)).toBe(true)
  await relay.write()
  expect(everyone.some(({ isHeld }) => isHeld)).toBe(false)
  expect(relay.host.state.waitingBytes).toBe(0)
})

test('[B1] of somebody unknown nothing is read while the token is checked', async () => {
  const carl = new NativePeer(relay, 2)
  expect(carl.isHeld).toBe(true)
  await relay.think()
  expect(carl.isHeld).toBe(false)
  // A token in place of another is of somebody who is known.
  carl.say({ type: 'authenticate', token: String(everyRight) })
  expect(carl.isHeld).toBe(false)
})

test('[B1] a tenant that ends holds nothing any more', async () => {
  ben.update(longUpdate(1))
  ben.update(longUpdate(2))
  expect(ana.isHeld).toBe(true)
  relay.host.startAnew()
  expect(ana.isHeld).toBe(false)
  expect(relay.host.state.waitingBytes).toBe(0)
})

test('[B1] what waits does not keep alive the large frame of which it is a small part', () => {
  const room = new TestRoom()
  room.tellAll(loaded, joined(1, 'stock'))
  const frame = new Uint8Array(1024 * 1024)
  frame.set(strokeAt(0))
  const update = frame.subarray(0, strokeAt(0).length)
  const came = { type: 'updateCame', link: 1, update, wasAsked: false } as const
  const effects = room.tellAll(came, came, { type: 'committed', positions: [1], answers: 0 })
  const kept = effects.flatMap((effect) =>
    effect.type === 'append' || effect.type === 'echo' ? [effect.update] : [],
  )
  expect(kept).toEqual([strokeAt(0), strokeAt(0)])
  expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([update.length, update.length])
})
