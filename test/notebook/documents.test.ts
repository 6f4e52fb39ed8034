// documents.test.ts — the list of documents and what is done with them, offline as well; Markdown in and out; what is not
// there, not to be read, or too much.
import { readFile } from 'node:fs/promises'
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
  for (const browser of [ann, bob]) {
    await Promise.all(browser.context.pages().map((page) => page.close()))
    const complaints = browser.complaints.splice(0).filter((words) => !words.includes('net::ERR_'))
    expect(complaints).toEqual([])
    browser.requested.length = 0
  }
})

test('[C1] two devices that begin without a relay make a welcome document each, and one is shown when they meet', async () => {
  await using fresh = await startRelayProcess()
  await using annLine = await CutLine.to(fresh.port)
  await using bobLine = await CutLine.to(fresh.port)
  const pages = await Promise.all([beginAlone(ann, annLine), beginAlone(bob, bobLine)])
  for (const page of pages) expect(await page.titles).toEqual(['Welcome'])
  annLine.mend()
  bobLine.mend()
  for (const page of pages) {
    await page.says('Saved')
    await page.until((count) => document.querySelectorAll('.entry').length === count, 1)
    expect(await page.titles).toEqual(['Welcome'])
  }
  const [atAnn, atBob] = pages
  await atAnn?.page.locator('.entry a').click()
  await atBob?.page.locator('.entry a').click()
  await atAnn?.write('Met.')
  await atBob?.page.getByText('Met.').waitFor()
})

test('[D3] begin, rename, search, copy, throw away and bring back, all of it without a network', async () => {
  await using line = await CutLine.to(relay.port)
  const page = await NotebookPage.open(ann, line.port)
  await page.says('Saved')
  await page.isKept()
  line.cut()
  await page.begin('Plans')
  await page.write('To be copied.')
  await page.title.fill('Great plans')
  await page.choose(/^Actions for Great plans$/, 'Duplicate')
  await page.isTitled('Great plans (copy)')
  await page.says(/^On this device only/)
  await page.page.reload()
  await page.shows('To be copied.')
  expect(await page.titles).toContain('Great plans (copy)')
  await page.choose(/^Actions for Great plans \(copy\)$/, 'Move to trash')
  await page.page.getByText('This document is in the trash.').waitFor()
  expect(await page.text.getAttribute('contenteditable')).toBe('false')
  expect(await page.titles).not.toContain('Great plans (copy)')
  await page.button(/^Trash/).click()
  expect(await page.titles).toEqual(['Great plans (copy)'])
  await page.choose(/^Actions for Great plans \(copy\)$/, 'Bring back')
  await page.button(/^Trash/).click()
  await page.page.getByRole('searchbox', { name: 'Search' }).fill('GREAT')
  expect((await page.titles).toSorted()).toEqual(['Great plans', 'Great plans (copy)'])
  line.mend()
  await page.says('Saved')
  const atBob = await NotebookPage.open(bob, relay.port)
  await atBob.page.getByRole('link', { name: /^Great plans \(copy\)/ }).click()
  await atBob.shows('To be copied.')
})

test('a document goes out as Markdown and comes back as the same', async () => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Round')
  await page.write('# Heading\nA **bold** word\n- one\ntwo\n\n> quote')
  const markdown = await exported(page, 'Export as Markdown')
  expect(markdown).toBe('# Round\n\n# Heading\n\nA **bold** word\n\n- one\n- two\n\n> quote\n')
  expect(await exported(page, 'Export as HTML')).toContain('<strong>bold</strong>')

  const choosing = page.page.waitForEvent('filechooser')
  await page.page.getByRole('button', { name: 'More', exact: true }).click()
  await page.page.getByRole('menuitem', { name: 'Import Markdown …' }).click()
  const buffer = Buffer.from(markdown.replace('Round', 'Back'))
  await (await choosing).setFiles({ name: 'file.md', mimeType: 'text/markdown', buffer })
  await page.until((title) => document.querySelector<HTMLTextAreaElement>('.title')?.value === title, 'Back')
  await page.text.locator('blockquote').waitFor()
  expect(await exported(page, 'Export as Markdown')).toBe(markdown.replace('Round', 'Back'))
})

test('a document that is not there, an image that does not load, a paste of 5 MB: each is said where it happens', async () => {
  const page = await NotebookPage.open(ann, relay.port, 'nothing')
  await page.page.getByText('There is no such document in this notebook').waitFor()
  await page.begin('Bad input')
  await page.button('Image').click()
  await page.page.getByRole('textbox', { name: 'Address of the image' }).fill('javascript:alert(1)')
  await page.button('Apply').click()
  await page.page.getByText('An image’s address begins with https:// or http://.').waitFor()
  await page.page
    .getByRole('textbox', { name: 'Address of the image' })
    .fill(`http://127.0.0.1:${relay.port}/nowhere.png`)
  await page.button('Apply').click()
  await page.page.getByText('This image does not load:').waitFor()
  await page.text.evaluate((text, length) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', 'x'.repeat(length))
    text.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, 5_000_000)
  await page.page.getByText('That is 5,000,000 characters').waitFor()
  await page.write('Still here.')
  await page.says('Saved')
  // Chromium tells of the image too.
  ann.complaints.length = 0
})

test('what is looked for is marked, and Enter goes from one to the next', async () => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Find')
  await page.write('one two ONE two One')
  await page.page.keyboard.press('Control+f')
  await page.page.keyboard.type('one')
  await page.page.getByText('1 of 3').waitFor()
  await page.page.keyboard.press('Enter')
  await page.page.getByText('2 of 3').waitFor()
  await page.page.keyboard.press('Escape')
  await page.page.keyboard.type('1')
  await page.shows('one two 1 two One')
})

async function beginAlone(browser: Chromium, line: CutLine): Promise<NotebookPage> {
  line.cutSockets()
  const page = await NotebookPage.open(browser, line.port)
  await page.page.locator('.entry').waitFor()
  return page
}

async function exported(page: NotebookPage, item: string): Promise<string> {
  const downloading = page.page.waitForEvent('download')
  await page.page
    .locator('.bar')
    .getByRole('button', { name: /^Actions for/ })
    .click()
  await page.page.getByRole('menuitem', { name: item }).click()
  return readFile(await (await downloading).path(), 'utf8')
}
