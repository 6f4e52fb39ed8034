// hooks.test.ts — syncline/react in two real browsers: what one person does in a page made of hooks is in the other's, and
// each is told what is saved.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let data: string
let relay: RelayProcess
let site: ScriptPage
let browsers: Chromium[]

beforeEach(async () => {
  data = await temporaryFolder()
  relay = await startRelayProcess({ data })
  browsers = []
})

afterEach(async () => {
  await Promise.all(browsers.map((browser) => browser[Symbol.asyncDispose]()))
  await site?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

const serve = (audience: 'production' | 'development'): Promise<ScriptPage> =>
  ScriptPage.serve(new URL('hooks-script.ts', import.meta.url).pathname, audience)

async function pageOf(me: string): Promise<Page> {
  const browser = await startChromium()
  browsers.push(browser)
  const page = await browser.open(site.url)
  await page.waitForFunction('window.script !== undefined')
  await page.evaluate(`script.start('${relay.url}', '${me}')`)
  return page
}

const shows = (page: Page, selector: string, words: string): Promise<unknown> =>
  page.waitForFunction(([where, what]) => document.querySelector(where)?.textContent === what, [
    selector,
    words,
  ] as const)
const clicks = async (page: Page, times: number): Promise<void> => {
  for (let click = 0; click < times; click++) await page.click('button')
}

test('[C1] two browsers with one page of hooks count, write, see each other and what is saved, relay or not [T1] [P1]', async () => {
  site = await serve('production')
  const [ann, bob] = await Promise.all([pageOf('Ann'), pageOf('Bob')])
  const both = [ann, bob]
  await Promise.all(both.map((page) => shows(page, '#here', 'Ann, Bob')))
  await Promise.all([clicks(ann, 3), clicks(bob, 4)])
  await ann.locator('input').pressSequentially('milk')
  await Promise.all(both.map((page) => shows(page, 'button', '7 come')))
  await bob.waitForFunction(`document.querySelector('input').value === 'milk'`)
  await Promise.all(both.map((page) => shows(page, 'output', 'Saved')))

  await relay.kill()
  await clicks(bob, 2)
  await shows(bob, 'button', '9 come')
  await shows(bob, 'output', 'On this device: 2')
  await clicks(ann, 1)
  relay = await startRelayProcess({ data, port: relay.port })
  await Promise.all(both.map((page) => shows(page, 'button', '10 come')))
  await Promise.all(both.map((page) => shows(page, 'output', 'Saved')))

  await ann.close()
  await shows(bob, '#here', 'Bob')
  expect(browsers.flatMap(({ complaints }) => complaints)).toEqual([])
})

test('[P1] under StrictMode each effect runs twice, and each hook does its work once [D3] [T1]', async () => {
  site = await serve('development')
  const [ann, bob] = await Promise.all([pageOf('Ann'), pageOf('Bob')])
  const both = [ann, bob]
  await Promise.all(both.map((page) => shows(page, '#here', 'Ann, Bob')))
  expect(await Promise.all(both.map((page) => page.evaluate('script.timesMounted()')))).toEqual([2, 2])
  await Promise.all([clicks(ann, 3), clicks(bob, 4)])
  await ann.locator('input').pressSequentially('milk')
  await Promise.all(both.map((page) => shows(page, 'button', '7 come')))
  await bob.waitForFunction(`document.querySelector('input').value === 'milk'`)
  await Promise.all(both.map((page) => shows(page, 'output', 'Saved')))
  for (const { requested } of browsers)
    expect(requested.filter(({ protocol }) => protocol === 'ws:')).toHaveLength(1)

  await ann.evaluate('script.leave()')
  await shows(bob, '#here', 'Bob')
  // React tells of hooks that cannot be run twice.
  expect(browsers.flatMap(({ complaints }) => complaints)).toEqual([])
})
