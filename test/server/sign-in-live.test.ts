// Signing in and rights on a real relay, both wires: who may not read gets no byte, who may not write changes nothing,
// and what is taken away is taken away from those who are connected.
import { afterEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { AuthorizeAnswer } from '../../server/application.ts'
import { closedCode, comeBack, goodbyeCode, refusedCode, right } from '../../shared/message.ts'
import { encodeStep1, encodeUpdate } from '../../shared/stock-wire.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'
import type { Config } from '../../server/option-sources.ts'
import { GuardedRelay, tokenFor } from './guarded-relay.ts'
import type { StockClient } from '../stock-client.ts'
import { NativeCaller } from './native-caller.ts'
import { otherSecret, tokenOf } from './sign-in-place.ts'

const write = right.read + right.write
const marker = 'nobody else may read this'

let relay: GuardedRelay
const relays: GuardedRelay[] = []

afterEach(async () => {
  for (const one of relays.splice(0)) await one.close()
})

async function start(config?: Config): Promise<GuardedRelay> {
  const started = await GuardedRelay.start(config)
  relays.push(started)
  return started
}

function updateOf(words: string, client = 1): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

async function opened(caller: NativeCaller, document: string): Promise<NativeCaller> {
  caller.open(document)
  await caller.take('opened')
  return caller
}

/** What is next delivered of others. */
async function delivered(caller: NativeCaller): Promise<readonly Uint8Array[]> {
  for (;;) {
    const { updates } = await caller.take('delivery')
    if (updates.length > 0) return updates
  }
}

/** What an unchanged client is told when it is not to come back. */
function closedForGood({ provider }: StockClient): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => provider.once('closed', resolve))
}

/** A native writer, let in, whose edit is on the disk. */
async function written(document: string, words: string, claims: object = {}): Promise<NativeCaller> {
  const token = await tokenFor('writer', { '*': 'write' }, { ...claims })
  const writer = await opened(relay.native(99, token), document)
  writer.push(updateOf(words, 99))
  await writer.take('ack')
  return writer
}

// Coming in.

test('[S1] whoever comes with a wrong token is told why, gets no byte, and nobody else notices', async () => {
  relay = await start()
  const writer = await written('story', marker)
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
  relay = await start()
  await written('secret', marker)
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
  relay = await start()
  const reader = await opened(relay.native(5, await tokenFor('eve', { story: 'read' })), 'story')
  reader.say({ type: 'changes', cursor: new Uint8Array(), follow: true })
  await reader.take('changed')
  const writer = await written('the-hidden-name', marker)
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
  relay = await start()
  await written('story', marker, { tenant: 'one' })
  const other = relay.client('story', await tokenFor('ana', { '*': 'write' }, { tenant: 'two' }))
  await other.synced()
  expect(other.words).toBe('')
  const same = relay.client('story', await tokenFor('ana', { '*': 'write' }, { tenant: 'one' }))
  await same.synced()
  expect(same.words).toBe(marker)
})

test('[S1] unchanged y-websocket clients sign in by ?token=, and write with those who use a cookie', async () => {
  relay = await start()
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
  relay = await start({
    authorize: ({ subject }) =>
      subject === 'writer'
        ? 'write'
        : new Promise((resolve) => {
            answer = resolve
            asked()
          }),
  })
  const writer = await written('story', 'before ')
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
  relay = await start({
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
  relay = await start({ authorize: () => Promise.reject(new Error('no database')) })
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
  relay = await start({ origins: 'https://app.example' })
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
  relay = await start()
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
  relay = await start()
  const writer = await written('story', 'hello')
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
  relay = await start()
  const writer = await written('story', 'hello')
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

// What is taken away.

test('[S1] a token that ends, ends the sockets that came with it: each is told how to come back', async () => {
  relay = await start({ tokenClockTolerance: '0s' })
  const token = await tokenFor('ana', { '*': 'write' }, { exp: Math.floor(Date.now() / 1000) + 2 })
  const stock = relay.stock(`story?token=${token}`)
  const native = await opened(relay.native(5, token), 'story')
  expect(await native.take('authExpiring')).toMatchObject({ inMs: expect.any(Number) })
  expect(await native.take('goodbye')).toMatchObject({
    code: goodbyeCode.unauthenticated,
    comeBack: comeBack.withToken,
  })
  expect(await stock.closed).toMatchObject({ code: 4401, reason: expect.stringContaining('(token-expired)') })
})

test('[S1] a new token on a running socket may give less: links change or are shut, and the socket stays', async () => {
  relay = await start()
  const native = await opened(relay.native(5, await tokenFor('ana', { '*': 'write' })), 'story')
  native.open('plan', 2)
  await native.take('opened')
  native.say({ type: 'authenticate', token: await tokenFor('ana', { story: 'read' }) })
  expect(await native.take('rights')).toMatchObject({ rights: right.read })
  expect(await native.take('closed')).toMatchObject({ link: 2, code: closedCode.forbidden })
  native.push(updateOf('late', 5))
  expect(await native.take('refused')).toMatchObject({ entries: [{ code: refusedCode.readOnly }] })
  const writer = await written('plan', marker)
  await native.settled()
  expect(native.hasHeard(marker)).toBe(false)
  native.say({ type: 'authenticate', token: await tokenFor('ana', { '*': 'write' }) })
  expect(await native.take('rights')).toMatchObject({ rights: write })
  native.say({ type: 'authenticate', token: await tokenFor('ben', { '*': 'write' }) })
  expect(await native.take('goodbye')).toMatchObject({ code: goodbyeCode.otherSubject })
  await writer.settled()
})

test('[S1] a subject whose tokens are revoked is gone from both wires at once, also after a restart; others stay', async () => {
  relay = await start()
  const token = await tokenFor('eve', { '*': 'write' })
  const native = await opened(relay.native(5, token), 'story')
  const stock = relay.stock(`story?token=${token}`)
  await stock.take('step1')
  const ana = await opened(relay.native(6, await tokenFor('ana', { '*': 'write' })), 'story')
  await relay.signIn.revoke({ tenant: '', subject: 'eve', before: Date.now() })
  expect(await native.take('goodbye')).toMatchObject({
    code: goodbyeCode.unauthenticated,
    comeBack: comeBack.withToken,
    reason: expect.stringContaining('(token-revoked)'),
  })
  expect(await stock.closed).toMatchObject({ code: 4401, reason: expect.stringContaining('(token-revoked)') })
  const writer = await written('story', marker)
  expect(await delivered(ana)).toHaveLength(1)
  expect([native.hasHeard(marker), stock.hasHeard(marker)]).toEqual([false, false])
  await writer.settled()
  await relay.startAgain()
  expect(await relay.stock(`story?token=${token}`).closed).toMatchObject({ code: 4401 })
})

test('[S1] who is sent away because its tokens were revoked is counted once', async () => {
  relay = await start()
  const token = await tokenFor('eve', { '*': 'write' })
  const native = await opened(relay.native(5, token), 'story')
  const stock = relay.stock(`story?token=${token}`)
  await stock.take('step1')
  await relay.signIn.revoke({ tenant: '', subject: 'eve', before: Date.now() })
  const metrics = await (await fetch(`${relay.http}/metrics`)).text()
  expect(metrics).toContain('syncline_sign_in_refusals_total{code="token-revoked"} 2\n')
  expect(await native.take('goodbye')).toMatchObject({ code: goodbyeCode.unauthenticated })
  expect(await stock.closed).toMatchObject({ code: 4401 })
})

test('[S1] an administrator revokes over HTTP, within its tenant, and nobody else does', async () => {
  relay = await start()
  const token = await tokenFor('eve', { '*': 'write' }, { tenant: 'acme' })
  const eve = await opened(relay.native(5, token), 'story')
  const revoke = async (asker: string, body: string) => {
    const headers = { authorization: `Bearer ${asker}` }
    return (await fetch(`${relay.http}/v1/revocations`, { method: 'POST', headers, body })).status
  }
  const wish = JSON.stringify({ subject: 'eve', before: Date.now() })
  const admin = await tokenFor('root', {}, { tenant: 'acme', admin: true })
  const stranger = await tokenFor('root', {}, { tenant: 'other', admin: true })
  expect(await revoke(token, wish)).toBe(403)
  expect(await revoke('nonsense', wish)).toBe(401)
  expect(await revoke(stranger, wish)).toBe(204)
  expect(await revoke(stranger, JSON.stringify({ subject: 'eve', tenant: 'acme', before: 1 }))).toBe(400)
  for (const bad of ['', '{', '{}', '[]', '{"subject":"eve"}', `{"id":"${'x'.repeat(9000)}"}`])
    expect(await revoke(admin, bad)).toBe(400)
  // Later than now would lock her out for good: no earlier moment takes it back.
  for (const before of [Date.now() + 3_600_000, Number.MAX_SAFE_INTEGER])
    expect(await revoke(admin, JSON.stringify({ subject: 'eve', before }))).toBe(400)
  await eve.settled()
  expect(await revoke(admin, wish)).toBe(204)
  expect(await eve.take('goodbye')).toMatchObject({ reason: expect.stringContaining('(token-revoked)') })
})

test('[S1] what is revoked does not wait for an application that is asked about others', async () => {
  let hangs = false
  relay = await start({
    authorize: () => (hangs ? new Promise(() => undefined) : 'write'),
    askTime: '60s',
  })
  const token = await tokenFor('eve', { '*': 'write' })
  const native = await opened(relay.native(5, token), 'story')
  const stock = relay.stock(`story?token=${token}`)
  await stock.take('step1')
  await opened(relay.native(6, await tokenFor('ana', { '*': 'write' })), 'story')
  hangs = true
  void relay.signIn.revoke({ tenant: '', subject: 'eve', before: Date.now() })
  expect(await native.take('goodbye')).toMatchObject({ code: goodbyeCode.unauthenticated })
  expect(await stock.closed).toMatchObject({ code: 4401 })
})

test('[S1] a token that is revoked while it is being checked lets nobody in', async () => {
  let answer: () => void = () => undefined
  let asked: () => void = () => undefined
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  relay = await start({
    authorize: () =>
      new Promise((resolve) => {
        answer = () => resolve('write')
        asked()
      }),
  })
  const stock = relay.stock(`story?token=${await tokenFor('eve', { '*': 'write' })}`)
  await isAsked
  await relay.signIn.revoke({ tenant: '', subject: 'eve', before: Date.now() })
  answer()
  expect(await stock.closed).toMatchObject({ code: 4401, reason: expect.stringContaining('(token-revoked)') })
  expect(stock.bytes).toEqual([])
})

test('[S1] what the application says anew holds for those who are connected: less, nothing, and more again', async () => {
  let answer: AuthorizeAnswer = 'write'
  relay = await start({
    authorize: ({ subject }) => (subject === 'writer' ? 'write' : answer),
  })
  const token = await tokenFor('ana', { '*': 'write' })
  const native = await opened(relay.native(5, token), 'story')
  const stock = relay.client('story', token)
  await stock.synced()
  answer = 'read'
  await relay.signIn.recheck()
  expect(await native.take('rights')).toMatchObject({ rights: right.read })
  native.push(updateOf('late', 5))
  expect(await native.take('refused')).toMatchObject({ entries: [{ code: refusedCode.readOnly }] })
  const closed = closedForGood(stock)
  stock.write('late too')
  expect(await closed).toMatchObject({ code: 4403 })
  answer = 'write'
  await relay.signIn.recheck()
  expect(await native.take('rights')).toMatchObject({ rights: write })
  const reader = relay.stock(`story?token=${token}`)
  await reader.take('step1')
  answer = 'none'
  await relay.signIn.recheck()
  expect(await native.take('closed')).toMatchObject({ link: 1, code: closedCode.forbidden })
  expect(await reader.closed).toMatchObject({ code: 4403 })
  await written('story', marker)
  await native.settled()
  expect([native.hasHeard(marker), reader.hasHeard(marker)]).toEqual([false, false])
})

test('[S1] an application that cannot say for a while changes nothing for those who are connected', async () => {
  let fails = false
  relay = await start({
    authorize: () => {
      if (fails) throw new Error('no database')
      return 'write'
    },
  })
  const native = await opened(relay.native(5, await tokenFor('ana', { '*': 'write' })), 'story')
  fails = true
  await relay.signIn.recheck()
  native.push(updateOf('hello', 5))
  await native.take('ack')
  native.open('plan', 2)
  expect(await native.take('closed')).toMatchObject({ link: 2, code: closedCode.notNow })
})

// What is written down.

test('[S1] no token is in the journal, however talkative it is', async () => {
  relay = await start()
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
