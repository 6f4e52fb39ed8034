// Tokens are revoked over HTTP: by whom, in which words, and what is answered where it cannot be.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { optionsFromConfig } from '../../server/option-sources.ts'
import { revoke as revokeOn } from '../../server/token-command.ts'
import type { ListeningRelay } from '../../server/listening.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { failingLevel, failureMessages } from './failing-level.ts'
import { guardedRelay, opened, tokenFor } from './guarded-relay.ts'
import type { GuardedRelay } from './guarded-relay.ts'
import { NativeCaller } from './native-caller.ts'
import { secret } from './sign-in-place.ts'

let relay: GuardedRelay

type Answer = { readonly status: number; readonly code?: string; readonly message?: string }

async function revoke(asker: string, body: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${asker}` }
  const answer = await fetch(`${relay.http}/v1/revocations`, { method: 'POST', headers, body })
  const text = await answer.text()
  return { status: answer.status, ...(text === '' ? {} : JSON.parse(text)) }
}

function codes(): string[] {
  return relay.lines.map((line) => JSON.parse(line).code)
}

test('[S1] an administrator revokes, within its tenant, and nobody else does', async () => {
  relay = await guardedRelay()
  const token = await tokenFor('eve', { '*': 'write' }, { tenant: 'acme' })
  const eve = await opened(relay.native(5, token), 'story')
  const wish = JSON.stringify({ subject: 'eve', before: Date.now() })
  const admin = await tokenFor('root', {}, { tenant: 'acme', admin: true })
  const stranger = await tokenFor('root', {}, { tenant: 'other', admin: true })
  expect(await revoke(token, wish)).toMatchObject({ status: 403, code: 'not-admin' })
  expect(await revoke('nonsense', wish)).toMatchObject({ status: 401 })
  expect(await revoke(stranger, wish)).toEqual({ status: 204 })
  const reaching = JSON.stringify({ subject: 'eve', tenant: 'acme', before: Date.now() })
  expect(await revoke(stranger, reaching)).toMatchObject({
    status: 400,
    message: 'Only tokens of your own tenant can be revoked here.',
  })
  await eve.settled()
  expect(await revoke(admin, wish)).toEqual({ status: 204 })
  expect(await eve.take('goodbye')).toMatchObject({ reason: expect.stringContaining('(token-revoked)') })
})

test('[S1] what cannot be meant revokes nothing, and is told what is wrong with it', async () => {
  relay = await guardedRelay()
  const admin = await tokenFor('root', {}, { admin: true })
  const ofEve = (before: unknown) => JSON.stringify({ subject: 'eve', before })
  for (const bad of ['', '{', '{}', '[]', 'null', '{"subject":"eve"}', '{"id":""}', ofEve('now'), ofEve(-1)])
    expect(await revoke(admin, bad), bad).toMatchObject({
      status: 400,
      code: 'bad-revocation',
      message: expect.stringContaining('{ subject, before } or { id }'),
    })
  // Later than now would lock her out for good: no earlier moment takes it back.
  for (const before of [Date.now() + 3_600_000, Number.MAX_SAFE_INTEGER])
    expect(await revoke(admin, ofEve(before))).toMatchObject({ status: 400, code: 'before-in-future' })
  // Seconds, as tokens have them, would be answered with 204 and revoke nothing.
  expect(await revoke(admin, ofEve(1_800_000_000))).toMatchObject({
    status: 400,
    message: 'Before is in milliseconds: 1800000000 is in 1970.',
  })
  expect(
    await revoke(admin, JSON.stringify({ id: 'one', subject: 'eve', before: Date.now() })),
  ).toMatchObject({ status: 400, message: 'Say id, for one token, or subject and before, not both.' })
  expect(codes()).not.toContain('revoked')
})

test('[B1] more than a revocation can be is told so, to the end, however it is sent', async () => {
  relay = await guardedRelay()
  const admin = await tokenFor('root', {}, { admin: true })
  const long = JSON.stringify({ id: 'x'.repeat(9_000) })
  expect(await revoke(admin, long)).toMatchObject({ status: 413, code: 'too-large' })
  const line = connect(Number(new URL(relay.http).port), '127.0.0.1')
  const heard: string[] = []
  line.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
  const head = ['POST /v1/revocations HTTP/1.1', 'Host: 127.0.0.1', `Authorization: Bearer ${admin}`]
  line.write([...head, 'Transfer-Encoding: chunked', 'Connection: close', '', ''].join('\r\n'))
  const piece = `${(1_000).toString(16)}\r\n${'x'.repeat(1_000)}\r\n`
  // Ten times what is taken, and its end: whoever sends it hears the answer all the same.
  line.write(`${piece.repeat(80)}0\r\n\r\n`)
  await once(line, 'end')
  expect(heard.join('')).toMatch(/^HTTP\/1.1 413 [^]*too-large/)
})

async function onFailingDisk(): Promise<{
  running: ListeningRelay
  fail: () => void
  data: string
  lines: JournalLine[]
}> {
  const data = await temporaryFolder()
  const lines: JournalLine[] = []
  let failing: ReturnType<typeof failingLevel> | undefined
  const database = (folder: string) => (failing = failingLevel(folder)).level
  const running = await relayForTest({ data, tokenSecret: secret }, { lines, database })
  onTestFinished(async () => {
    await running.close()
    await rm(data, { recursive: true })
  })
  const fail = () => void failing?.failures.push({ message: failureMessages.full, isApplied: false })
  return { running, fail, data, lines }
}

test('[T1] a revocation that the disk does not keep is answered so, over HTTP and by the command, and nobody is sent away', async () => {
  const { running, fail, data, lines } = await onFailingDisk()
  const eve = new NativeCaller(`ws://127.0.0.1:${running.port}`, 5, await tokenFor('eve', { '*': 'write' }))
  onTestFinished(() => eve.end())
  await opened(eve, 'story')
  const headers = { authorization: `Bearer ${await tokenFor('root', {}, { admin: true })}` }
  const wish = { tenant: '', subject: 'eve', before: Date.now() }
  const path = `http://127.0.0.1:${running.port}/v1/revocations`
  fail()
  const refused = await fetch(path, { method: 'POST', headers, body: JSON.stringify(wish) })
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ code: 'not-revoked' })
  fail()
  await expect(revokeOn(optionsFromConfig({ data }), wish)).rejects.toMatchObject({
    code: 'not-revoked',
    message: expect.stringContaining('nothing is revoked'),
  })
  await eve.settled()
  expect(lines.map(({ code }) => code)).toEqual(['revocation-failed'])
  expect(await revokeOn(optionsFromConfig({ data }), wish)).toContain('those who were connected')
  expect(await eve.take('goodbye')).toMatchObject({ reason: expect.stringContaining('(token-revoked)') })
})

test('[S1] a revocation is answered when it holds, however long an application takes to say what others may', async () => {
  let hangs = false
  relay = await guardedRelay({
    authorize: () => (hangs ? new Promise(() => undefined) : 'write'),
    askTime: '60s',
  })
  await opened(relay.native(6, await tokenFor('ana', { '*': 'write' })), 'story')
  const admin = await tokenFor('root', {}, { admin: true })
  hangs = true
  expect(await revoke(admin, JSON.stringify({ subject: 'eve', before: Date.now() }))).toEqual({ status: 204 })
})
