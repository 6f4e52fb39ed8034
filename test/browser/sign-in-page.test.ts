// sign-in-page.test.ts — the link that a relay prints, followed in a real browser: it opens the document, is kept, and its
// token is in no address afterwards.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'

let browser: Chromium
let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess({ words: ['--host', '0.0.0.0'] })
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

afterEach(() => expect(browser.complaints.splice(0)).toEqual([]))

async function says(page: Page, start: string): Promise<void> {
  await page.waitForFunction((words) => {
    return document.querySelector('#status')?.textContent?.startsWith(words) === true
  }, start)
}

test('[S1] without the link the page says that it is not let in', async () => {
  const page = await browser.open(`http://127.0.0.1:${relay.port}/stock/?doc=story`)
  await says(page, 'The relay has closed this document')
  expect(await page.textContent('#status')).toContain('(no-token)')
  await page.close()
})

test('[S1] the printed link opens documents, now and from then on, and is not left in the address', async () => {
  const printed = await relay.wrote(/(http:\S+#token=\S+)\n/)
  const link = printed.replace('/notebook/', '/stock/')
  const page = await browser.open(link)
  await says(page, 'Connected')
  expect(page.url()).toBe(`http://127.0.0.1:${relay.port}/stock/`)
  await page.goto(`http://127.0.0.1:${relay.port}/stock/?doc=another`)
  await says(page, 'Connected')
  const [, token = ''] = link.split('#token=')
  const asked = browser.requested.filter(({ protocol }) => protocol === 'http:')
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.map(String).join(' ')).not.toContain(token)
  await page.close()
})
