// What monitors see of the real relay, and who may see it.
import { expect, onTestFinished, test } from 'vitest'
import { goodbyeCode } from '../../shared/message.ts'
import { stockClose } from '../../shared/stock-wire.ts'
import { StockClient } from '../stock-client.ts'
import { StockCaller } from './stock-caller.ts'
import { relayProcess, native, textUpdate, ask, figures, figuresWhen } from './running-relay.ts'

test('[B1] metrics tell what came, what was committed and who was sent away, and are no content', async () => {
  const { port, url } = await relayProcess()
  const before = await figures(port)
  const author = native(url, 1)
  author.open('a zebra’s name')
  await author.take('opened')
  author.push(textUpdate('a zebra’s word'))
  await author.take('ack')
  const stock = new StockClient(url, 'another')
  onTestFinished(() => stock[Symbol.dispose]())
  await stock.synced()
  const stranger = native(url, 2)
  stranger.say({ type: 'ack', room: 1, ranges: [] })
  expect(await stranger.take('goodbye')).toMatchObject({ code: goodbyeCode.outOfOrder })
  const broken = new StockCaller(url, 'broken')
  await broken.send(Uint8Array.of(0, 2, 200))
  expect(await broken.closed).toMatchObject({ code: stockClose.malformed })
  const after = await figuresWhen(port, (now) => now.get('syncline_sockets{wire="stock"}') === 1)
  const grew = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(grew('syncline_rows_committed_total')).toBe(1)
  expect(grew('syncline_commit_seconds_count')).toBeGreaterThanOrEqual(1)
  expect(grew('syncline_commit_seconds_sum')).toBeGreaterThan(0)
  expect(grew('syncline_commit_seconds_bucket{le="+Inf"}')).toBe(grew('syncline_commit_seconds_count'))
  expect(after.get('syncline_links{wire="stock"}')).toBe(1)
  expect(after.get('syncline_links{wire="native"}')).toBe(1)
  expect(after.get('syncline_open_documents')).toBeGreaterThanOrEqual(2)
  expect(grew('syncline_goodbyes_total{code="outOfOrder"}')).toBe(1)
  expect(grew('syncline_stock_closes_total{code="malformed"}')).toBe(1)
  expect(grew('syncline_bytes_total{way="in"}')).toBeGreaterThan(0)
  expect(grew('syncline_bytes_total{way="out"}')).toBeGreaterThan(0)
  expect((await ask(port, '/metrics')).body).not.toMatch(/zebra/)
})

test('[S1] metrics are for programs on this machine, or for who has the admin token', async () => {
  const token = 'a token of the monitor'
  const { port } = await relayProcess({ env: { SYNCLINE_ADMIN_TOKEN: token } })
  const elsewhere = { 'x-forwarded-for': '203.0.113.7' }
  expect(await ask(port, '/metrics')).toMatchObject({ status: 200 })
  // A page that was led to this address under a name of its own.
  expect(await ask(port, '/metrics', { host: 'evil.example' })).toMatchObject({ status: 401 })
  const refused = await ask(port, '/metrics', elsewhere)
  expect(refused.status).toBe(401)
  expect(JSON.parse(refused.body)).toMatchObject({
    code: 'not-admin',
    message: expect.stringContaining('admin token'),
  })
  expect(await ask(port, '/metrics', { ...elsewhere, authorization: 'Bearer wrong' })).toMatchObject({
    status: 401,
  })
  expect(await ask(port, '/metrics', { ...elsewhere, authorization: `Bearer ${token}` })).toMatchObject({
    status: 200,
  })
})
