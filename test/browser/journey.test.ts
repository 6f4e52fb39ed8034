// journey.test.ts — a long time without a network in a real Chromium: many thousands of edits on its disk, which go up to the
// real relay in bounded messages while the browser is killed in the middle. With JOURNEY_EDITS=100000 it is as long as a day.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { pushEntriesMax } from '../../shared/limits.ts'
import type { MessageOf } from '../../shared/message.ts'
import { pushBytesMax } from '../../shared/replica-limits.ts'
import { decodeFrame } from '../../shared/wire.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

const edits = Number(process.env['JOURNEY_EDITS'] ?? 10_000)
const name = 'journey'

let relay: RelayProcess
let browser: Chromium
let site: ScriptPage

beforeAll(async () => {
  relay = await startRelayProcess()
  browser = await startChromium()
  site = await ScriptPage.serve(new URL('journey-script.ts', import.meta.url).pathname)
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

async function openPage(pushes: MessageOf<'push'>[], isOffline: boolean): Promise<Page> {
  const page = await browser.open(site.url)
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (typeof payload === 'string') return
      for (const message of decodeFrame(Uint8Array.from(payload)))
        if (message.type === 'push') pushes.push(message)
    }),
  )
  await page.waitForFunction('window.script !== undefined')
  const ms: number = await page.evaluate(`script.open('${relay.url}', '${name}', ${isOffline})`)
  measured.push(`opened in ${Math.round(ms)} ms`)
  return page
}

const measured: string[] = []

async function expectFalling(page: Page): Promise<void> {
  const left: readonly number[] = await page.evaluate('script.toldLeft()')
  expect(left).toEqual(left.toSorted((one, other) => other - one))
}

test(`[D3] ${edits} edits made without a relay go up in bounded messages, and a browser that is killed goes on where it was [B1] [T1]`, async () => {
  const pushes: MessageOf<'push'>[] = []
  let page = await openPage(pushes, true)
  let began = performance.now()
  await page.evaluate(`script.type(${edits})`)
  await page.waitForFunction('script.isKept()', undefined, { timeout: 0 })
  measured.push(`typed and kept in ${Math.round(performance.now() - began)} ms`)
  expect(await page.evaluate('script.toSend()')).toBe(edits)

  began = performance.now()
  let before = edits
  let mayBeSent = edits
  for (const share of [0.7, 0.3]) {
    await page.evaluate('script.goOnline()')
    await page.evaluate(`script.untilLeftOnDisk(${edits * share})`)
    if (share < 0.5) await expectFalling(page)
    await browser.killAndRestart()
    page = await openPage(pushes, false)
    const left: readonly number[] = await page.evaluate('script.toldLeft()')
    measured.push(`killed at ${Math.round(edits * share)} left, ${left[0]} on the disk`)
    expect(left[0]).toBeLessThan(edits * share)
    expect(left[0]).toBeLessThan(before)
    before = left[0] ?? 0
    mayBeSent += before
    expect(await page.evaluate('script.length()')).toBe(edits)
  }
  await page.waitForFunction('script.isSaved()', undefined, { timeout: 0 })
  measured.push(`saved, killed twice, in ${Math.round(performance.now() - began)} ms`)
  await expectFalling(page)
  const told: readonly number[] = await page.evaluate('script.toldLeft()')
  // Not at the end alone: a person sees it go.
  expect(told.length).toBeGreaterThan(before / pushEntriesMax / 4)

  const sizes = pushes.map((push) => push.entries.length)
  const bytes = pushes.map((push) => push.entries.reduce((sum, { update }) => sum + update.length, 0))
  const sent = sizes.reduce((sum, size) => sum + size, 0)
  const story = `${measured.join('; ')}; ${pushes.length} pushes of ${sent} entries`
  if (process.env['JOURNEY_EDITS'] !== undefined) process.stdout.write(`${story}\n`)
  expect(Math.max(...sizes), story).toBeLessThanOrEqual(pushEntriesMax)
  expect(Math.max(...bytes), story).toBeLessThanOrEqual(pushBytesMax)
  // Each start sends what the disk has, once.
  expect(sent, story).toBeLessThanOrEqual(mayBeSent)
  using reader = new StockClient(relay.url, name)
  await eventually([reader.doc], () => reader.words.length === edits)
}, 900_000)
