// What the relay does for stock clients that say nothing new: nobody asks them for ever, and nobody thinks that it has died.
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { stockSilenceMsMax } from '../../shared/limits.ts'
import { encodeStep2 } from '../../shared/stock-wire.ts'
import { StockPeer, TestRelay } from '../host-peers.ts'

test('[L1] what a client wrote beside a gap of its own that nobody can fill reaches the others all the same', async () => {
  const host = await new TestRelay().start()
  const lost = new Y.Doc()
  const written: Uint8Array[] = []
  lost.on('update', (update: Uint8Array) => written.push(update))
  for (const word of ['one ', 'two ', 'three ']) lost.getText('text').insert(0, word)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, written[0]!)
  Y.applyUpdate(doc, written[2]!)
  doc.getText('text').insert(0, 'Written offline. ')
  const reader = new StockPeer(host)
  await host.write()
  for (let time = 0; time < 3; time++) {
    const peer = new StockPeer(host)
    await host.write()
    const asked = peer.heard.find(({ type }) => type === 'step1')
    if (asked?.type !== 'step1') throw new Error('It is asked at its coming.')
    peer.bytes(encodeStep2(Y.encodeStateAsUpdate(doc, asked.stateVector)))
    await host.write()
    expect(peer.ended).toEqual([])
    // It is asked once more at most, or it would be asked for ever.
    expect(peer.heard.filter(({ type }) => type === 'step1').length).toBeLessThanOrEqual(2)
    peer.lose()
  }
  const received = new Y.Doc()
  for (const message of reader.heard) if (message.type === 'update') Y.applyUpdate(received, message.update)
  expect(received.getText('text').toString()).toBe('Written offline. one ')
  expect(received.store.pendingStructs).toBeNull()
  const { length } = reader.heard.filter(({ type }) => type === 'update')
  expect(length, 'said again it is not stored again').toBe(1)
})

test('[L1] a link on which nothing was sent for 20 s gets a sign of life that changes nothing', async () => {
  const quiet = await new TestRelay().start()
  const peer = new StockPeer(quiet)
  await quiet.write()
  for (let time = 0; time < 5; time++) {
    peer.heard.length = 0
    await quiet.pass(stockSilenceMsMax)
    expect(peer.heard).toEqual([{ type: 'awareness', entries: [] }])
  }
  // What is said to it anyway is a sign of life too.
  peer.heard.length = 0
  await quiet.pass(stockSilenceMsMax - 1)
  peer.ask()
  await quiet.pass(stockSilenceMsMax - 1)
  expect(peer.heard.map(({ type }) => type)).toEqual(['step2'])
})
