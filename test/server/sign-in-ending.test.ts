// What is taken away is taken away from those who are connected, on both wires: tokens that end, that are revoked, rights of
// which the application says something else.
import { expect, test } from 'vitest'
import type { AuthorizeAnswer } from '../../server/application.ts'
import { closedCode, comeBack, goodbyeCode, refusedCode, right } from '../../shared/message.ts'
import { closedForGood, delivered, guardedRelay, opened, tokenFor, updateOf } from './guarded-relay.ts'
import type { GuardedRelay } from './guarded-relay.ts'

const write = right.read + right.write
const marker = 'nobody else may read this'

let relay: GuardedRelay

test('[S1] a token that ends, ends the sockets that came with it: each is told how to come back', async () => {
  relay = await guardedRelay({ tokenClockTolerance: '0s' })
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
  relay = await guardedRelay()
  const native = await opened(relay.native(5, await tokenFor('ana', { '*': 'write' })), 'story')
  native.open('plan', 2)
  await native.take('opened')
  native.say({ type: 'authenticate', token: await tokenFor('ana', { story: 'read' }) })
  expect(await native.take('rights')).toMatchObject({ rights: right.read })
  expect(await native.take('closed')).toMatchObject({ link: 2, code: closedCode.forbidden })
  native.push(updateOf('late', 5))
  expect(await native.take('refused')).toMatchObject({ entries: [{ code: refusedCode.readOnly }] })
  const writer = await relay.written('plan', marker)
  await native.settled()
  expect(native.hasHeard(marker)).toBe(false)
  native.say({ type: 'authenticate', token: await tokenFor('ana', { '*': 'write' }) })
  expect(await native.take('rights')).toMatchObject({ rights: write })
  native.say({ type: 'authenticate', token: await tokenFor('ben', { '*': 'write' }) })
  expect(await native.take('goodbye')).toMatchObject({ code: goodbyeCode.otherSubject })
  await writer.settled()
})

test('[S1] a subject whose tokens are revoked is gone from both wires at once, also after a restart; others stay', async () => {
  relay = await guardedRelay()
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
  const writer = await relay.written('story', marker)
  expect(await delivered(ana)).toHaveLength(1)
  expect([native.hasHeard(marker), stock.hasHeard(marker)]).toEqual([false, false])
  await writer.settled()
  await relay.startAgain()
  expect(await relay.stock(`story?token=${token}`).closed).toMatchObject({ code: 4401 })
})

test('[S1] who is sent away because its tokens were revoked is counted once', async () => {
  relay = await guardedRelay()
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

test('[S1] what is revoked does not wait for an application that is asked about others', async () => {
  let hangs = false
  relay = await guardedRelay({
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
  relay = await guardedRelay({
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
  relay = await guardedRelay({
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
  await relay.written('story', marker)
  await native.settled()
  expect([native.hasHeard(marker), reader.hasHeard(marker)]).toEqual([false, false])
})

test('[S1] an application that cannot say for a while changes nothing for those who are connected', async () => {
  let fails = false
  relay = await guardedRelay({
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
