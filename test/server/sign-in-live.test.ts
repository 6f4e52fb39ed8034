// Signing in and rights on a real relay, both wires: who may not read gets no byte, who may not write changes nothing.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { AuthorizeAnswer } from '../../server/application.ts'
import { closedCode, comeBack, goodbyeCode, refusedCode, right } from '../../shared/message.ts'
import { encodeStep1, encodeUpdate } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'
import { closedForGood, delivered, guardedRelay, opened, tokenFor, updateOf } from './guarded-relay.ts'
import type { GuardedRelay } from './guarded-relay.ts'
import { NativeCaller } from './native-caller.ts'
import { otherSecret, tokenOf } from './sign-in-place.ts'

const write = right.read + right.write
const marker = 'nobody else may read this'

let relay: GuardedRelay

// Coming in.

test('[S1] whoever comes with a wrong token is told why, gets no byte, and nobody else notices', async () => {
  relay = await guardedRelay()
  const writer = await relay.written('story', marker)
  await writer.settled()
  const before = writer.heard.length
  const wrong = {
    'no-token': '',
    'token-malformed': 'nonsense',
    'token-signature': await tokenOf({ sub: 'eve' }, otherSecret),
    'token-expired': await tokenFor('eve', { '*': 'write' }, { exp: 1 }),
    'token-claims': await tokenOf({ sub: 'eve' }),
  }
  for (const [code, token] of Object.entries(wrong)) {
    const stock = relay.stock(`story?token=${token}`)
    await stock.send(encodeStep1(Uint8Array.of(0)))
    expect(await stock.closed).toMatchObject({ code: 4401, reason: expect.stringContaining(`(${code})`) })
    expect(stock.bytes).toEqual([])
    const native = relay.native(5, token)
    native.open('story')
    expect(await native.take('goodbye')).toMatchObject({
      code: goodbyeCode.unauthenticated,
      comeBack: comeBack.withToken,
      reason: expect.stringContaining(`(${code})`),
    })
    await native.closed
    expect(native.hasHeard(marker)).toBe(false)
    expect(native.heard.map(({ type }) => type)).toEqual(['welcome'])
  }
  await writer.settled()
  expect(writer.heard.length).toBe(before)
  expect(relay.lines.join('')).not.toContain(wrong['token-expired'])
})

test('[S1] a document that the token does not open is shut on both wires, without a byte of it', async () => {
  relay = await guardedRelay()
  await relay.written('secret', marker)
  const token = await tokenFor('eve', { story: 'write' })
  const stock = relay.stock(`secret?token=${token}`)
  await stock.send(encodeStep1(Uint8Array.of(0)), encodeUpdate(updateOf('eve was here', 5)))
  expect(await stock.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('(forbidden)') })
  expect(stock.bytes).toEqual([])
  const native = relay.native(5, token)
  native.open('secret', 1)
  native.open('story', 2)
  expect(await native.take('closed')).toMatchObject({ link: 1, code: closedCode.forbidden })
  expect(await native.take('opened')).toMatchObject({ link: 2, rights: write })
  // One that does not exist is answered in the same words.
  native.open('nothing', 3)
  expect(await native.take('closed')).toMatchObject({ link: 3, code: closedCode.forbidden })
  expect(native.hasHeard(marker)).toBe(false)
})

test('[S1] who follows what changes hears nothing of documents that it may not read, nor of who is there', async () => {
  relay = await guardedRelay()
  const reader = await opened(relay.native(5, await tokenFor('eve', { story: 'read' })), 'story')
  reader.say({ type: 'changes', cursor: new Uint8Array(), follow: true })
  await reader.take('changed')
  const writer = await relay.written('the-hidden-name', marker)
  const presence = { client: 99, clock: 1, state: JSON.stringify({ name: marker }) }
  writer.say({ type: 'presence', linkOrRoom: 1, entries: [presence] })
  writer.open('story', 2)
  await writer.take('opened')
  writer.push(updateOf('hello', 99), 2)
  await writer.take('ack')
  // The later commit is told, so the earlier one would have been.
  expect(await reader.take('changed')).toMatchObject({ documents: [{ document: 'story' }] })
  expect(reader.hasHeard(marker)).toBe(false)
  expect(reader.hasHeard('the-hidden-name')).toBe(false)
})

test('[S1] one name in two tenants is two documents', async () => {
  relay = await guardedRelay()
  await relay.written('story', marker, { tenant: 'one' })
  const other = relay.client('story', await tokenFor('ana', { '*': 'write' }, { tenant: 'two' }))
  await other.synced()
  expect(other.words).toBe('')
  const same = relay.client('story', await tokenFor('ana', { '*': 'write' }, { tenant: 'one' }))
  await same.synced()
  expect(same.words).toBe(marker)
})

test('[S1] unchanged y-websocket clients sign in by ?token=, and write with those who use a cookie', async () => {
  relay = await guardedRelay()
  const ana = relay.client('story', await tokenFor('ana', { 'sto*': 'write' }))
  await ana.synced()
  ana.write('hello')
  const token = await tokenFor('ben', { story: 'read' })
  const ben = relay.stock('story', { cookie: `syncline_token=${token}` })
  await ben.send(encodeStep1(Uint8Array.of(0)))
  await ben.hears('hello')
})

test('[S1] what a stock client says before it is known who it is waits, and is then heard in order', async () => {
  let answer: (rights: AuthorizeAnswer) => void = () => undefined
  let asked: () => void = () => undefined
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  relay = await guardedRelay({
    authorize: ({ subject }) =>
      subject === 'writer'
        ? 'write'
        : new Promise((resolve) => {
            answer = resolve
            asked()
          }),
  })
  const writer = await relay.written('story', 'before ')
  const early = relay.stock(`story?token=${await tokenFor('ana', { '*': 'write' })}`)
  await early.send(encodeStep1(Uint8Array.of(0)), encodeUpdate(updateOf('early', 5)))
  await isAsked
  await writer.settled()
  expect(early.bytes).toEqual([])
  expect(writer.hasHeard('early')).toBe(false)
  answer('write')
  await early.take('step2')
  expect(early.hasHeard('before')).toBe(true)
  expect(await delivered(writer)).toHaveLength(1)
  expect(writer.hasHeard('early')).toBe(true)
})

test('[B1] [D3] a stock client that says much before it is known is not read until it is, and then heard', async () => {
  let answer: (rights: AuthorizeAnswer) => void = () => undefined
  let asked: () => void = () => undefined
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  relay = await guardedRelay({
    authorize: () =>
      new Promise((resolve) => {
        answer = resolve
        asked()
      }),
  })
  const stock = relay.stock(`story?token=${await tokenFor('ana', { '*': 'write' })}`)
  const update = updateOf('much '.repeat(600_000), 5)
  await stock.send(encodeStep1(Uint8Array.of(0)), encodeUpdate(update))
  await isAsked
  answer('write')
  expect((await stock.take('update')).update.length).toBe(update.length)
})

test('[S1] an application that fails lets nobody in, and everybody come back', async () => {
  relay = await guardedRelay({ authorize: () => Promise.reject(new Error('no database')) })
  const token = await tokenFor('ana', { '*': 'write' })
  expect(await relay.stock(`story?token=${token}`).closed).toMatchObject({
    code: 1011,
    reason: expect.stringContaining('(application-failed)'),
  })
  const native = relay.native(5, token)
  native.open('story')
  expect(await native.take('closed')).toMatchObject({ code: closedCode.notNow, comeBack: comeBack.later })
})

test('[S1] pages of other origins are told so on both wires, before anything else', async () => {
  relay = await guardedRelay({ origins: 'https://app.example' })
  const token = await tokenFor('ana', { '*': 'write' })
  const evil = { origin: 'https://evil.example' }
  expect(await relay.stock(`story?token=${token}`, evil).closed).toMatchObject({
    code: 4406,
    reason: expect.stringContaining('(wrong-origin)'),
  })
  const native = relay.native(5, token, evil)
  expect(await native.take('goodbye')).toMatchObject({ code: goodbyeCode.wrongOrigin, comeBack: comeBack.no })
  expect(await native.closed).toMatchObject({ code: 4406 })
  for (const origin of ['https://app.example', relay.http]) {
    const stock = relay.stock(`story?token=${token}`, { origin })
    await stock.take('step1')
  }
})

test('[S1] who asks for a version of the wire that is not spoken here is told so, and it is counted', async () => {
  relay = await guardedRelay()
  const later = new NativeCaller(relay.url, 5, await tokenFor('ana', { '*': 'write' }), {}, 'syncline.v9')
  expect(await later.take('goodbye')).toMatchObject({
    code: goodbyeCode.version,
    comeBack: comeBack.withVersion,
    reason: expect.stringContaining('(unknown-protocol)'),
  })
  expect(await later.closed).toMatchObject({ code: 4426 })
  await relay.stock('story').closed
  const metrics = await (await fetch(`${relay.http}/metrics`)).text()
  expect(metrics).toMatch(/refus\w*\{\w+="unknown-protocol"\} 1\n/)
  expect(metrics).toMatch(/refus\w*\{\w+="no-token"\} 1\n/)
})

// Writing.

test('[R1] a native writer without the right is refused each entry, and nobody else sees anything of it', async () => {
  relay = await guardedRelay()
  const writer = await relay.written('story', 'hello')
  const reader = relay.native(5, await tokenFor('eve', { '*': 'read' }))
  reader.open('story')
  expect(await reader.take('opened')).toMatchObject({ rights: right.read })
  const { counter, hash } = reader.push(updateOf('eve was here', 5))
  const refused = { entries: [{ counter, hash, code: refusedCode.readOnly }] }
  expect(await reader.take('refused')).toMatchObject(refused)
  await writer.settled()
  expect(writer.hasHeard('eve was here')).toBe(false)
  const late = relay.client('story', await tokenFor('ana', { '*': 'read' }))
  await late.synced()
  expect(late.words).toBe('hello')
})

test('[R1] a stock client without the right to write reads, and is sent away for good when it writes', async () => {
  relay = await guardedRelay()
  const writer = await relay.written('story', 'hello')
  const reader = relay.client('story', await tokenFor('eve', { '*': 'read' }))
  await reader.synced()
  expect(reader.words).toBe('hello')
  const closed = closedForGood(reader)
  reader.write(' eve was here')
  expect(await closed).toMatchObject({ code: 4403, reason: expect.stringContaining('(read-only)') })
  expect(reader.provider.shouldConnect).toBe(false)
  await writer.settled()
  expect(writer.hasHeard('eve was here')).toBe(false)
})

test('[R1] a stock reader does not write by leaving a gap for others to fill', async () => {
  const bench = await new TestRelay().start()
  const author = new Y.Doc()
  const updates: Uint8Array[] = []
  author.on('update', (update: Uint8Array) => updates.push(update))
  author.getText('text').insert(0, 'one ')
  const eve = new Y.Doc()
  Y.applyUpdate(eve, updates[0]!)
  const before = Y.encodeStateVector(eve)
  eve.getText('text').insert(4, 'eve was here')
  const writer = new NativePeer(bench, 1)
  writer.open()
  await bench.write()
  const reader = new StockPeer(bench, 'story', right.read)
  await bench.write()
  reader.update(Y.encodeStateAsUpdate(eve, before))
  await bench.write()
  reader.lose()
  writer.push(updates[0]!)
  await bench.write()
  const late = new StockPeer(bench, 'story', right.read)
  late.ask()
  await bench.write()
  const doc = new Y.Doc()
  for (const message of late.heard)
    if (message.type === 'step2' || message.type === 'update') Y.applyUpdate(doc, message.update)
  expect(doc.getText('text').toString()).toBe('one ')
  expect(reader.ended).toMatchObject([{ code: 4403 }])
})

// What is written down.

test('[S1] no token is in the journal, however talkative it is', async () => {
  relay = await guardedRelay()
  const token = await tokenFor('ana', { '*': 'write' })
  const stock = relay.client('story', token)
  await stock.synced()
  const cookie = relay.stock('story', { cookie: `syncline_token=${token}` })
  await cookie.take('step1')
  await opened(relay.native(5, token), 'story')
  await relay.stock(`story?token=${token}x`).closed
  expect(relay.lines.length).toBeGreaterThan(0)
  const signature = token.split('.')[2] ?? token
  expect(relay.lines.join('')).not.toContain(signature)
})
