// news.test.ts — what changed while one was away: told, marked, and gone when one goes on writing.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../browser/chromium.ts'
import type { Chromium } from '../browser/chromium.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { CutLine } from './cut-line.ts'
import { NotebookPage } from './notebook-page.ts'

let ann: Chromium
let bob: Chromium
let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
  ann = await startChromium()
  bob = await startChromium()
})

afterAll(async () => {
  await Promise.all([ann?.[Symbol.asyncDispose](), bob?.[Symbol.asyncDispose]()])
  await relay?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  for (const browser of [ann, bob]) await Promise.all(browser.context.pages().map((page) => page.close()))
})

test('[T1] who comes back to a document is shown which parts changed', async () => {
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('News')
  await atAnn.write('First.\nSecond.\nThird.')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  await atBob.shows('First.Second.Third.')
  await atBob.begin('Elsewhere')
  await atAnn.write('The very ', 'Control+Home')
  await atAnn.says('Saved')

  await atBob.page.getByRole('link', { name: /^News/ }).click()
  await atBob.page.getByText('One part changed since you were here.').waitFor()
  expect(await atBob.news).toEqual(['The very First.'])
  // What comes while one looks is no news.
  await atAnn.write(' More.', 'Control+End')
  await atBob.shows('The very First.Second.Third. More.')
  expect(await atBob.news).toEqual(['The very First.'])
  await atBob.write(' Bob.', 'Control+End')
  await atBob.page.locator('.news-part').waitFor({ state: 'detached' })
})

test('[T1] who was offline is shown what others wrote, and not what they wrote themselves', async () => {
  await using line = await CutLine.to(relay.port)
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('Offline')
  await atAnn.write('First.\nSecond.\nThird.')
  const atBob = await NotebookPage.open(bob, line.port, id)
  await atBob.shows('First.Second.Third.')
  await atBob.says('Saved')
  line.cut()
  await atBob.says('Offline')
  await atBob.write(' From Bob.')
  await atAnn.write('From Ann. ', 'Control+Home')
  await atAnn.says('Saved')
  line.mend()
  await atBob.page.getByText('One part changed since you were here.').waitFor()
  expect(await atBob.news).toEqual(['From Ann. First.'])
  await atBob.button('Seen').click()
  await atBob.page.locator('.news-part').waitFor({ state: 'detached' })
})
