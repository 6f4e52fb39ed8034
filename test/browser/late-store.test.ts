// late-store.test.ts — one of three tabs of a real Chromium does not get its database open, and later does: meanwhile it works
// with the relay from its memory, and then it is one of the tabs of that store.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Frame, Page } from 'playwright-core'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let relay: RelayProcess
let browser: Chromium
let site: ScriptPage

beforeAll(async () => {
  relay = await startRelayProcess()
  browser = await startChromium()
  site = await ScriptPage.serve(new URL('tabs-script.ts', import.meta.url).pathname)
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

/** A frame of no origin: it has no database, no storage and no lock. */
async function openSandbox(): Promise<Frame> {
  const page = await browser.open(site.url)
  const attached = page.waitForEvent('frameattached')
  await page.evaluate(`const frame = document.createElement('iframe')
    frame.sandbox = 'allow-scripts'
    frame.src = '${site.url}'
    document.body.append(frame)`)
  const frame = await attached
  await frame.waitForFunction('window.script !== undefined')
  return frame
}

async function openTab(before = ''): Promise<Page> {
  const page = await browser.open(site.url)
  await page.waitForFunction('window.script !== undefined')
  await page.evaluate(before)
  await page.evaluate(`script.open('${relay.url}', 'late')`)
  return page
}

const is = (tab: Page | Frame, what: string): Promise<unknown> => tab.waitForFunction(what)

test('[D3] a tab whose database opens late takes over what it had in memory, and follows the others [T1] [L1]', async () => {
  const beside = [await openTab(), await openTab()]
  await is(beside[0]!, `script.role() === 'leading'`)
  await beside[1]!.evaluate(`script.write('disk ')`)
  const late = await openTab('script.hasNoStore()')
  const tabs = [...beside, late]
  expect(await late.evaluate('[script.keeps(), script.role()]')).toEqual(['memory', 'alone'])
  await is(late, `script.words() === 'disk '`)
  await late.evaluate(`script.write('memory ')`)
  await Promise.all(tabs.map((tab) => is(tab, `script.words() === 'disk memory ' && script.isSaved()`)))
  expect(await late.evaluate('script.hasRoom()')).toBe(true)

  await relay.kill()
  await late.evaluate('script.hasItsStoreAgain()')
  await is(late, `script.keeps() === 'disk' && script.role() === 'following'`)
  await late.evaluate(`script.write('shared')`)
  // By the store that they share: there is no relay.
  await Promise.all(tabs.map((tab) => is(tab, `script.words() === 'disk memory shared'`)))
  for (const tab of tabs)
    expect(await tab.evaluate('[script.keeps(), script.refused()]')).toEqual(['disk', 0])
  const roles = await Promise.all(tabs.map((tab) => tab.evaluate('script.role()')))
  expect(roles.filter((role) => role === 'leading')).toHaveLength(1)
  expect(browser.complaints).toEqual([])
})

test('[L1] a page that may keep nothing works from memory, and says so', async () => {
  const frame = await openSandbox()
  await frame.evaluate(`script.open('${relay.url}', 'sandboxed')`)
  await frame.evaluate(`script.write('typed')`)
  await is(frame, `script.keeps() === 'memory' && script.role() === 'alone'`)
  expect(await frame.evaluate('script.words()')).toBe('typed')
  // Chromium rejects the question there.
  expect(await frame.evaluate('script.hasRoom()')).toBe(false)
  expect(browser.complaints).toEqual([])
})
