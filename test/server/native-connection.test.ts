// What a fault costs: one of a peer's frame its own socket, one of what the relay says whoever was to hear it.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { fragmentsOf } from '../../shared/fragments.ts'
import { silenceMs, silencesMax, sizesFor } from '../../shared/limits.ts'
import { comeBack, entryKind, goodbyeCode, knowledgeKind, wireVersion } from '../../shared/message.ts'
import type { Message } from '../../shared/message.ts'
import { encodeAwareness } from '../../shared/stock-wire.ts'
import { decodeFrame, encodeMessage } from '../../shared/wire.ts'
import { Connections } from '../../server/connections.ts'
import { unchanging } from '../../server/live-grant.ts'
import { Meters } from '../../server/meters.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

const ping = encodeMessage({ type: 'ping', nonce: 5 })

function updateOf(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = words.length
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

let relay: TestRelay

beforeEach(async () => {
  relay = await new TestRelay().start()
})

async function opened(name: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  peer.open()
  await relay.write()
  peer.opened()
  peer.heard.splice(0)
  return peer
}

test('[W1] of a frame whose fragment is bad nothing is acted on', async () => {
  const peer = await opened(1)
  const badFragment = encodeMessage({ type: 'fragment', last: true, bytes: Uint8Array.of(22, 5, 1) })
  peer.frame(Uint8Array.from([...ping, ...badFragment]))
  expect(peer.heard).toMatchObject([{ type: 'goodbye', code: goodbyeCode.malformed, comeBack: comeBack.no }])
})

test('[W1] fragments and messages of one frame are acted on in their order', async () => {
  const peer = await opened(1)
  const fragments = fragmentsOf(encodeMessage({ type: 'ping', nonce: 6 }), 2).map(encodeMessage)
  const last = encodeMessage({ type: 'ping', nonce: 7 })
  peer.frame(Buffer.concat([...fragments, ping, last]))
  expect(peer.heard).toMatchObject([6, 5, 7].map((nonce) => ({ type: 'pong', nonce })))
})

test('[L1] a socket that never says hello is asked for a sign of life, and let go, also when nobody else is there', async () => {
  const heard: Message[] = []
  const ended: number[] = []
  relay.host.connectNative({
    send: (frames) => heard.push(...frames.flatMap(decodeFrame)),
    end: (code) => ended.push(code),
    hold: () => undefined,
  })
  await relay.pass(silenceMs)
  expect(heard).toMatchObject([{ type: 'ping' }])
  await relay.pass(silenceMs * (silencesMax - 1))
  expect(heard.at(-1)).toMatchObject({ type: 'goodbye', code: goodbyeCode.silent })
  expect(ended).toHaveLength(1)
})

test('[W1] a counter whose next one is no number ends the socket of who said it, and nothing else', async () => {
  const peer = await opened(1)
  const other = await opened(2)
  const pushOf = (words: string) => {
    const entry = { counter: 2 ** 53 - 2, hash: new Uint8Array(16), kind: entryKind.edit }
    return encodeMessage({ type: 'push', link: 1, entries: [{ ...entry, update: updateOf(words) }] })
  }
  const good = pushOf('good')
  const bad = pushOf('bad')
  // The next counter, which nobody here would write: only the first of its eight bytes is another.
  bad[bad.indexOf(0xfe)] = 0xff
  peer.frame(bad)
  other.frame(good)
  await relay.write()
  expect(peer.take('goodbye')).toMatchObject([{ code: goodbyeCode.malformed, comeBack: comeBack.no }])
  expect(other.take('ack')).toMatchObject([{ ranges: [{ from: 2 ** 53 - 2, count: 1 }] }])
})

test('[W1] presence that goes on for ever ends the stock socket that said it, and nobody hears of it', async () => {
  const peer = await opened(1)
  const stock = new StockPeer(relay)
  await relay.write()
  const number = [...Array.from({ length: 160 }, () => 0x80), 0]
  const body = [1, ...number, ...number, 2, 0x7b, 0x7d]
  stock.bytes(Uint8Array.from([1, (body.length & 0x7f) | 0x80, body.length >> 7, ...body]))
  await relay.write()
  expect(stock.ended).toMatchObject([{ code: 4400 }])
  expect(peer.take('presence')).toEqual([])
  const another = new StockPeer(relay)
  another.bytes(encodeAwareness([{ client: 1, clock: 1, state: '{}' }]))
  await relay.write()
  expect(peer.take('presence')).toMatchObject([{ entries: [{ client: 1 }] }])
})

test('[W1] what the relay cannot write costs whoever it was for a socket, and is in the journal', async () => {
  const unsayable: string[] = []
  const connections = new Connections({
    meters: new Meters(),
    durability: 'synced',
    sizes: sizesFor(1_000_000),
    host: {
      now: () => 0,
      wakeAt: () => undefined,
      happened: () => undefined,
      workspace: () => undefined,
      mode: () => ({ type: 'mode', mode: 0, classes: 0, afterMs: 0 }),
      grantOf: async () =>
        unchanging({ tenant: '', subject: '', expiresAt: undefined, rightsVersion: 1, rightsOf: () => 3 }),
      isItsOwn: async () => true,
      unsayable: (_trace, { code }) => unsayable.push(code),
    },
    recheckFailed: () => undefined,
  })
  const heard: Message[][] = [[], []]
  let ends = 0
  for (const [index, said] of heard.entries()) {
    const connection = connections.connectNative(
      {
        send: (frames) => said.push(...frames.flatMap(decodeFrame)),
        end: () => ends++,
        hold: () => undefined,
      },
      {},
    )
    const replica = new Uint8Array(16).fill(index)
    const hello = { capabilities: 0, replica, secret: new Uint8Array(32), trace: '' }
    for (const message of [
      { type: 'hello', versions: [wireVersion], ...hello },
      { type: 'authenticate', token: '' },
      { type: 'open', link: 1, document: 'story', wants: 3, knowledge: { kind: knowledgeKind.nothing } },
    ] satisfies Message[])
      connection.received(encodeMessage(message))
  }
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  for (const said of heard) said.splice(0)
  const bad = { type: 'ack', room: 1, ranges: [{ from: Number.NaN, count: 1 }] } as const
  const good = { type: 'ack', room: 1, ranges: [{ from: 1, count: 1 }] } as const
  connections.step(() => {
    connections.owner(1)?.told(1, bad)
    connections.owner(2)?.told(2, good)
  })
  expect(unsayable).toEqual(['not-encodable'])
  expect(heard).toMatchObject([
    [{ type: 'goodbye', code: goodbyeCode.failing, comeBack: comeBack.later }],
    [{ type: 'ack' }],
  ])
  expect(ends).toBe(1)
})
