// kept.test.ts — the page itself where there is no network: opened from the root, told of a new version, and honest where a
// browser keeps no page.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../browser/chromium.ts'
import type { Chromium } from '../browser/chromium.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { CutLine } from './cut-line.ts'
import { NotebookPage } from './notebook-page.ts'

let ann: Chromium
let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
  ann = await startChromium()
})

afterAll(async () => {
  await ann?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

test('[D3] without a network the root leads to the notebook, and what was never opened here is there', async () => {
  await using line = await CutLine.to(relay.port)
  const elsewhere = await NotebookPage.open(ann, relay.port)
  await elsewhere.begin('From elsewhere')
  await elsewhere.write('Brought along.')
  await elsewhere.says('Saved')
  const page = await NotebookPage.open(ann, line.port)
  await page.page.getByRole('link', { name: /^From elsewhere/ }).waitFor()
  await page.isKept()
  await page.openPanel()
  await page.page.getByText('being brought').waitFor({ state: 'detached' })
  line.cut()
  await page.page.goto(`http://127.0.0.1:${line.port}/`)
  await page.page.waitForURL(/\/notebook\//)
  await page.page.getByRole('link', { name: /^From elsewhere/ }).click()
  await page.shows('Brought along.')
  await page.says('Offline')
  await elsewhere.page.close()
  await page.page.close()
})

test('a new version says that it is there, and does not reload the page under one’s hands', async () => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.isKept()
  await page.page.reload()
  await page.begin('Open')
  // What a browser does when another worker has taken over.
  await page.page.evaluate(() => navigator.serviceWorker.dispatchEvent(new Event('controllerchange')))
  await page.page.getByText('A new version of this page is there.').waitFor()
  await page.write('Still here.')
  await page.shows('Still here.')
  await page.page.close()
})

test('[T1] where a browser keeps no page, as over plain http, that is said once, and stands in the panel', async () => {
  const first = await ann.context.newPage()
  await first.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'))
  await first.goto(`http://127.0.0.1:${relay.port}/notebook/`)
  await first.getByText('Over plain http a browser does not keep this page').waitFor()
  await first.reload()
  const page = new NotebookPage(first)
  await page.button('New document').waitFor()
  expect(await first.getByText('Over plain http').count()).toBe(0)
  await page.openPanel()
  await first.getByText('Over plain http').waitFor()
  await first.close()
})
