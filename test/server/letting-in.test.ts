// Who is let in, how many, how fast, and where they are said to come from.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Addresses } from '../../server/addresses.ts'
import { LinesOfOne } from '../../server/lines-of-one.ts'
import { Paces } from '../../server/paces.ts'
import { Reception } from '../../server/reception.ts'
import { comeBack, goodbyeCode } from '../../shared/message.ts'
import { relayForTest } from '../relay-for-test.ts'
import type { JournalLine } from '../relay-for-test.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockCaller } from './stock-caller.ts'
import { relayProcess, native, textUpdate, figures } from './running-relay.ts'

test('[B1] there are caps on sockets, in whole and of one address; what is given back can be taken again', () => {
  const reception = new Reception({
    socketsMax: 3,
    socketsPerAddress: 2,
    socketsPerSecond: 100,
    now: () => 0,
    after: () => undefined,
  })
  const first = reception.take('10.0.0.1')
  reception.take('10.0.0.1')
  expect(reception.take('10.0.0.1')).toBe('too-many-of-address')
  expect(reception.take(undefined)).toMatchObject({})
  expect(reception.take(undefined)).toBe('too-many-sockets')
  if (typeof first === 'string') throw new Error(first)
  first.giveBack()
  first.giveBack()
  expect(reception.taken).toBe(2)
  expect(typeof reception.take('10.0.0.1')).toBe('object')
  expect(reception.turnedAway('too-many-sockets')).toBe(1)
})

test('[B1] everybody at once is let in one after the other, and nobody is forgotten', () => {
  let now = 0
  const timers: (() => void)[] = []
  const reception = new Reception({
    socketsMax: 1000,
    socketsPerAddress: 1000,
    socketsPerSecond: 10,
    now: () => now,
    after: (_ms, then) => void timers.push(then),
  })
  const cameIn: number[] = []
  for (let n = 0; n < 35; n++) reception.awaitTurn(() => cameIn.push(now))
  expect(cameIn.length).toBe(10)
  expect(reception.waiting).toBe(25)
  while (timers.length > 0) {
    now += 20
    for (const then of timers.splice(0)) then()
  }
  expect(cameIn.length).toBe(35)
  for (const second of [0, 1, 2])
    expect(
      cameIn.filter((at) => at > second * 1000 && at <= second * 1000 + 1000).length,
    ).toBeLessThanOrEqual(10)
})

test('[B1] a socket too many is told so before the handshake, with the time to come back', async () => {
  const relay = await relayProcess({ words: ['--sockets-max', '1'] })
  const first = new StockCaller(relay.url, 'story')
  onTestFinished(() => first.end())
  await first.opened
  const second = new WebSocket(`${relay.url}/story`)
  second.on('error', () => undefined)
  const [, response] = await once(second, 'unexpected-response')
  expect(response.statusCode).toBe(503)
  expect(response.headers['retry-after']).toBe('1')
  const name = 'syncline_sockets_turned_away_total{reason="too-many-sockets"}'
  expect((await figures(relay.port)).get(name)).toBe(1)
})

test('[B1] who sends faster than it may is read later, and who owes too much is told when to come back', async () => {
  let now = 0
  const pace = new Paces({ linkRate: 10, tenantRate: 15, now: () => now })
  const [one, other] = [pace.begin(), pace.begin()]
  for (let n = 0; n < 10; n++) expect(one.restMsAfter(100, 'a')).toBe(0)
  expect(one.restMsAfter(100, 'a')).toBe(100)
  // The tenant has four left, the other socket ten.
  for (let n = 0; n < 4; n++) expect(other.restMsAfter(100, 'a')).toBe(0)
  expect(other.restMsAfter(100, 'a')).toBeGreaterThan(0)
  expect(pace.begin().restMsAfter(100, 'b')).toBe(0)
  now = 60_000
  expect(one.restMsAfter(160 * 1024, 'a')).toBe(0)

  const relay = await relayProcess({ words: ['--link-rate', '5'] })
  const author = native(relay.url, 1)
  author.open('story')
  await author.take('opened')
  author.push(textUpdate('x'.repeat(1_000_000)))
  const goodbye = await author.take('goodbye')
  expect(goodbye).toMatchObject({ code: goodbyeCode.overloaded, comeBack: comeBack.later })
  expect(goodbye.afterMs).toBeGreaterThan(10_000)
})

test('[S1] where a client comes from is taken from trusted proxies only, and only as far as they vouch', () => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as never
  const direct = new Addresses([])
  expect(direct.of(request('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9')
  const behind = new Addresses(['10.0.0.0/8', '::1'])
  expect(behind.of(request('10.0.0.1', '198.51.100.1'))).toBe('198.51.100.1')
  expect(behind.of(request('::ffff:10.0.0.1', '1.1.1.1, 198.51.100.1, 10.9.9.9'))).toBe('198.51.100.1')
  expect(behind.of(request('::1', '2001:db8::7'))).toBe('2001:db8::7')
  expect(behind.of(request('10.0.0.1', 'nonsense'))).toBe('10.0.0.1')
  expect(behind.of(request('203.0.113.9', '10.0.0.2'))).toBe('203.0.113.9')
})

test('[B1] one address has so many connections, whatever they are for; proxies and this machine stand for many', () => {
  const addresses = new Addresses(['10.0.0.0/8'])
  const refused: string[] = []
  const lines = new LinesOfOne({
    ofOneMax: 2,
    addressOf: (line) => addresses.ofLine(line),
    refused: (address) => refused.push(address),
  })
  const begin = (remoteAddress: string) => {
    const line = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })
    lines.began(line)
    return line
  }
  const [first, , third] = ['203.0.113.9', '::ffff:203.0.113.9', '203.0.113.9'].map(begin)
  expect([first?.destroyed, third?.destroyed]).toEqual([false, true])
  expect(begin('203.0.113.10').destroyed).toBe(false)
  first?.emit('close')
  expect(begin('203.0.113.9').destroyed).toBe(false)
  for (const many of ['10.0.0.1', '127.0.0.1', '::1'])
    expect(
      [begin(many), begin(many), begin(many)].some(({ destroyed }) => destroyed),
      many,
    ).toBe(false)
  expect(refused).toEqual(['203.0.113.9'])
})

test('[B1] connections of one address that say nothing leave room for others on the real port', async () => {
  const data = await temporaryFolder()
  const lines: JournalLine[] = []
  const relay = await relayForTest({ data, socketsPerAddress: 1 }, { lines })
  const of = vi.spyOn(Addresses.prototype, 'ofLine').mockReturnValue('203.0.113.9')
  const taken: Socket[] = []
  onTestFinished(async () => {
    of.mockRestore()
    for (const line of taken) line.destroy()
    await relay.close()
    await rm(data, { recursive: true })
  })
  const begun = async () => {
    const line = connect(relay.port, '127.0.0.1').on('error', () => undefined)
    taken.push(line)
    await once(line, 'connect')
    return line.resume()
  }
  for (let n = 0; n < 501; n++) await begun()
  await once(await begun(), 'close')
  expect(lines.map(({ code }) => code)).toEqual(['connections-of-one'])
  of.mockReturnValue('203.0.113.10')
  expect((await fetch(`http://127.0.0.1:${relay.port}/health`)).status).toBe(200)
})
