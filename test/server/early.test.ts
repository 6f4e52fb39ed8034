// What is said to a real host while its disk stands still: bounded, of either wire, and nothing of it leaks or is lost.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { comeAgainMs, earlyInputBytesMax } from '../../shared/limits.ts'
import { closedCode, comeBack } from '../../shared/message.ts'
import { stockClose } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

function documentOf(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = 7
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

const long = documentOf('x'.repeat(earlyInputBytesMax / 4))

test('[B1] [D3] a stock client that writes more than is kept is sent away to come back, and gives it then', async () => {
  const ana = new StockPeer(relay)
  await relay.think()
  ana.ask()
  for (let count = 0; count < 4; count++) ana.update(long.slice())
  expect(ana.ended).toEqual([
    {
      code: stockClose.tooSlow,
      reason: 'This document is still being read. Come back in a moment. (not-now)',
    },
  ])
  ana.close()
  expect(relay.host.state).toMatchObject({ stockLinks: 0, nativeLinks: 0 })
  await relay.write()
  expect(relay.host.openDocuments).toBe(0)
  const again = new StockPeer(relay)
  again.ask()
  await relay.write()
  again.update(long)
  await relay.write()
  expect(again.ended).toEqual([])
  const reader = new StockPeer(relay)
  reader.ask()
  await relay.write()
  const doc = new Y.Doc()
  for (const message of reader.heard)
    if (message.type === 'step2' || message.type === 'update') Y.applyUpdate(doc, message.update)
  expect(doc.getText('text').length).toBe(earlyInputBytesMax / 4)
})

test('[B1] [D3] a native link that says more than is kept is closed, opens again, and is answered then', async () => {
  const ana = new NativePeer(relay, 1)
  // Its secret is on the disk; the branch, of whom nobody has opened anything yet, is not.
  await relay.write()
  ana.open()
  await relay.think()
  ana.heard.length = 0
  const update = documentOf('y'.repeat(1_000_000))
  const pushes = Math.ceil(earlyInputBytesMax / update.length)
  const entries = Array.from({ length: pushes }, () => ana.push(update))
  expect(ana.heard).toEqual([
    {
      type: 'closed',
      link: 1,
      code: closedCode.notNow,
      comeBack: comeBack.later,
      afterMs: comeAgainMs,
      reason: 'This document is still being read. Come back in a moment. (not-now)',
    },
  ])
  expect(relay.host.state).toMatchObject({ nativeLinks: 0 })
  // What it still says of the closed link crossed with the word that it is.
  ana.push(update)
  expect(ana.heard).toHaveLength(1)
  await relay.write()
  expect(relay.host.openDocuments).toBe(0)
  ana.heard.length = 0
  ana.open()
  await relay.write()
  ana.opened()
  for (const entry of entries) ana.pushAgain(entry)
  await relay.write()
  const counters = ana.take('ack').flatMap(({ ranges }) => ranges)
  expect(counters.reduce((sum, { count }) => sum + count, 0)).toBe(pushes)
})
