// taken-away.test.ts — what a real Chromium may take away from a page while it is open: time, when all of the browser stands
// still; its databases, when site data are cleared; room, when the disk is full. The status tells the truth of each, what is
// on the disk or in the page gets to the relay, and nothing needs a reload.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CDPSession, Page } from 'playwright-core'
import { Device, untilStatus } from '../client/device.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let site: ScriptPage
let relay: RelayProcess
let browser: Chromium

beforeAll(async () => {
  site = await ScriptPage.serve(new URL('tabs-script.ts', import.meta.url).pathname)
})

beforeEach(async () => {
  relay = await startRelayProcess({ data: await temporaryFolder() })
  browser = await startChromium()
})

afterEach(async () => {
  await browser?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

async function openTab(name: string): Promise<Page> {
  const page = await browser.open(site.url)
  await page.waitForFunction('window.script !== undefined')
  await page.evaluate(`script.open('${relay.url}', '${name}')`)
  return page
}

async function restartRelay(): Promise<void> {
  await relay.kill()
  relay = await startRelayProcess({ data: relay.data, port: relay.port })
}

type Told = Readonly<Record<'keeps' | 'storeError' | 'inMemory' | 'pending' | 'isSaved', unknown>>

const is = (tab: Page, what: string): Promise<unknown> => tab.waitForFunction(what)
const told = (tab: Page): Promise<Told> => tab.evaluate('script.told()')

async function whereItIs(tab: Page): Promise<{ devtools: CDPSession; origin: string }> {
  return { devtools: await browser.context.newCDPSession(tab), origin: new URL(tab.url()).origin }
}

test('[L1] a browser that stands still until the relay has dropped it goes on, in all its tabs [D3] [T1]', async () => {
  const tabs = [await openTab('asleep'), await openTab('asleep')]
  await tabs[1]!.evaluate(`script.write('before ')`)
  await Promise.all(tabs.map((tab) => is(tab, `script.words() === 'before ' && script.isSaved()`)))
  await tabs[1]!.evaluate(`script.write('in the last moment ')`)
  await browser.sleepDuring(async () => {
    await restartRelay()
    await using away = new Device(relay.url)
    const atAway = away.open('asleep')
    await untilStatus(atAway.status, ({ phase }) => phase === 'live')
    atAway.doc.getText('text').insert(0, 'meanwhile ')
    expect(await atAway.saved()).toEqual({ isSaved: true })
  })
  const words = 'meanwhile before in the last moment '
  await Promise.all(tabs.map((tab) => is(tab, `script.words() === '${words}' && script.isSaved()`)))
  using reader = new StockClient(relay.url, 'asleep')
  await eventually([reader.doc], () => reader.words === words)
  const roles = await Promise.all(tabs.map((tab) => tab.evaluate('script.role()')))
  expect(new Set(roles)).toEqual(new Set(['following', 'leading']))
  expect(browser.complaints).toEqual([])
})

test('[T1] a page whose site data are cleared says at once that it has only its memory, and loses nothing of that [D3] [L1]', async () => {
  const tab = await openTab('cleared')
  await tab.evaluate(`script.write('saved ')`)
  await is(tab, 'script.isSaved()')
  await relay.kill()
  await tab.evaluate(`script.write('on the disk ')`)
  await is(tab, 'script.told().pending === 1 && script.told().inMemory === 0')
  const { devtools, origin } = await whereItIs(tab)
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  await is(tab, `script.told().storeError?.includes('removed')`)
  expect(await told(tab)).toMatchObject({ keeps: 'memory', isSaved: false })
  await tab.evaluate(`script.write('in memory ')`)
  expect(await told(tab)).toMatchObject({ inMemory: 1, isSaved: false })

  await restartRelay()
  const words = 'saved on the disk in memory '
  using reader = new StockClient(relay.url, 'cleared')
  await eventually([reader.doc], () => reader.words === words)
  expect(await tab.evaluate('script.words()')).toBe(words)
  await tab.close()
  const again = await openTab('cleared')
  await is(again, `script.words() === '${words}' && script.isSaved() && script.keeps() === 'disk'`)
  expect(browser.complaints).toEqual([])
})

/** Of 1,800 edits about half find room. */
async function openFull(name: string): Promise<Page> {
  const tab = await browser.open(site.url)
  await tab.waitForFunction('window.script !== undefined')
  const { devtools, origin } = await whereItIs(tab)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 })
  await tab.evaluate(`script.open('${relay.url}', '${name}')`)
  await relay.kill()
  await tab.evaluate('script.writeNoise(300)')
  await is(tab, 'script.told().inMemory === 0')
  await tab.evaluate('script.writeNoise(1500)')
  await is(tab, `script.keeps() === 'memory'`)
  return tab
}

test('[T1] a page whose browser has no room left says that it has only its memory, until there is room again [D3] [L1]', async () => {
  const tab = await openFull('full')
  const full = await told(tab)
  expect(full).toMatchObject({ storeError: 'This browser has no room left.', isSaved: false })
  expect(full.inMemory).toBeGreaterThan(0)

  const { devtools, origin } = await whereItIs(tab)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin })
  await is(tab, `script.keeps() === 'disk' && script.told().inMemory === 0`)
  expect(await told(tab)).toMatchObject({ storeError: undefined, pending: 1_800 })
  await restartRelay()
  await is(tab, 'script.isSaved()')
  using reader = new StockClient(relay.url, 'full')
  await eventually([reader.doc], () => reader.doc.getArray('noise').length === 1_800)
  expect(browser.complaints).toEqual([])
}, 180_000)

test('[D3] of a browser that had no room left, and is killed, all is there that was said to be on the disk [T1]', async () => {
  const tab = await openFull('full and killed')
  const { pending } = await told(tab)
  expect(pending).toBeGreaterThanOrEqual(300)
  await browser.killAndRestart()
  const again = await openTab('full and killed')
  expect(await again.evaluate('script.noise()')).toBeGreaterThanOrEqual(Number(pending))
}, 180_000)
