// documents.test.ts — the list of documents and what is done with them, offline as well; Markdown in and out; what is not
// there, not to be read, or too much.
import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import * as Y from 'yjs'
import { startRelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { CutLine } from './cut-line.ts'
import type { Device } from './device.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'

test.concurrent('[C1] two devices that begin without a relay make a welcome document each, and one is shown when they meet', async ({
  ann,
  bob,
}) => {
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

test.concurrent('[D3] begin, rename, search, copy, throw away and bring back, all of it without a network', async ({
  ann,
  bob,
  relay,
}) => {
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
  await page.openPanel()
  for (const title of ['Great plans (copy)', 'The list of documents', 'Great plans'])
    await page.page
      .getByRole('dialog')
      .getByRole('listitem')
      .filter({ has: page.page.getByText(title, { exact: true }) })
      .getByText(/\d+ changes? waits? · Waits for the relay/)
      .waitFor()
  await page.closePanel()
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

test.concurrent('a document goes out as Markdown and comes back as the same', async ({ ann, relay }) => {
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

test.concurrent('a document that is not there, an image that does not load, a paste of 5 MB: each is said where it happens', async ({
  ann,
  relay,
}) => {
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
  await page.page.locator('.ProseMirror:focus').waitFor()
  // It is not what the next key replaces.
  await page.page.keyboard.type('Below it.')
  await page.page.getByText('Below it.').waitFor()
  expect(await page.page.getByText('This image does not load:').count()).toBe(1)
  await page.paste({ 'text/plain': 'x'.repeat(5_000_000) })
  await page.page.getByText('That is 5,000,000 characters').waitFor()
  await page.write('Still here.')
  await page.says('Saved')
  // Chromium tells of the image too.
  expect(ann.complaints.splice(0).length).toBe(1)
})

test.concurrent('[B1] what is dropped is bounded as what is pasted is', async ({ ann, relay }) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Dropped')
  const drop = (words: string): Promise<void> =>
    page.text.evaluate((text, dropped) => {
      const dataTransfer = new DataTransfer()
      dataTransfer.setData('text/plain', dropped)
      const { x, y } = text.getBoundingClientRect()
      const at = { clientX: x + 5, clientY: y + 5 }
      text.dispatchEvent(new DragEvent('drop', { ...at, dataTransfer, bubbles: true, cancelable: true }))
    }, words)
  await drop('x'.repeat(5_000_000))
  await page.page.getByText('That is 5,000,000 characters').waitFor()
  await drop('A few.')
  await page.shows('A few.')
})

test.concurrent('[T1] a document that has not come to this device is not shown as an empty one, nor copied', async ({
  ann,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const page = await NotebookPage.open(ann, line.port)
  await page.says('Saved')
  using other = new StockClient(relay.url, 'notebook')
  await other.synced()
  other.doc.getMap('documents').set('elsewhere', new Y.Map([['title', 'Written elsewhere']]))
  await page.page.getByRole('link', { name: /^Written elsewhere/ }).waitFor()
  line.cut()
  await page.says('Offline')
  await page.page.getByRole('link', { name: /^Written elsewhere/ }).click()
  await page.page.getByText('This document has not come to this device yet.').waitFor()
  expect(await page.text.getAttribute('contenteditable')).toBe('false')
  await page.choose(/^Actions for Written elsewhere$/, 'Duplicate')
  await page.page.getByText('That did not work: This document has not come to this device yet.').waitFor()
  expect(await page.titles).not.toContain('Written elsewhere (copy)')
  line.mend()
  await page.page.locator('.ProseMirror[contenteditable="true"]').waitFor()
  await page.write('Here now.')
  await page.says('Saved')
})

test.concurrent('[W1] junk that is pasted becomes text, or nothing: no script, no frame, no address that would run', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Junk')
  await page.paste({
    'text/html': `<!--[if mso]><xml></xml><![endif]--><script>document.title = 'ran'</script><style>* { display: none }</style>
      <img src="data:image/png;base64,AAAA" onerror="document.title = 'ran'"><iframe src="https://example.org"></iframe>
      <p onclick="document.title = 'ran'" style="position: fixed">one <a href="javascript:document.title='ran'">two</a></p>
      <table><td>three<ul><li>four</table></div></p><svg onload="document.title = 'ran'"><o:p>five`,
  })
  await page.text.getByText('five').waitFor()
  expect((await page.text.textContent())?.replaceAll(/\s+/g, ' ')).toBe('one twothreefourfive')
  expect(await page.text.locator('script, style, iframe, svg, img, [onclick], [href]').count()).toBe(0)
  await page.paste({ 'text/plain': '\u0000\ufffe\u202e\u0301 \r\n six' })
  await page.text.getByText('six').waitFor()
  await page.says('Saved')
  await page.page.reload()
  await page.text.getByText('six').waitFor()
  expect(await page.page.title()).toBe('Junk · Notebook')
  // What would run, or look otherwise than a document does, the page's policy has stopped as well.
  for (const words of ann.complaints.splice(0)) expect(words).toContain('Content Security Policy')
})

test.concurrent('[T1] while one types on, the indicator says «Saving …» and does not flicker', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Calm')
  await page.write('Before.')
  await page.says('Saved')
  await page.page.evaluate(() => {
    const seen = { timesSaved: 0, pauses: 0 }
    Reflect.set(globalThis, 'seen', seen)
    const indicator = document.querySelector('.bar .indicator')
    if (indicator === null) throw new Error('There is no indicator.')
    const look = (): void => {
      if (indicator.textContent === 'Saved') seen.timesSaved += 1
    }
    new MutationObserver(look).observe(indicator, { childList: true, characterData: true, subtree: true })
    let last = performance.now()
    document.addEventListener('keydown', () => {
      const now = performance.now()
      // A slow machine makes pauses of its own.
      if (now - last >= 500) seen.pauses += 1
      last = now
    })
  })
  await page.page.keyboard.type('forty keys, one a little after the other', { delay: 50 })
  await page.says('Saved')
  const { timesSaved, pauses } = await page.page.evaluate(() => Reflect.get(globalThis, 'seen'))
  // And once when it has come to rest.
  expect(timesSaved).toBeLessThanOrEqual(pauses + 1)
})

test.concurrent('what is looked for is marked, and Enter goes from one to the next', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Find')
  await page.write('one two ONE two One')
  await page.page.keyboard.press('Control+f')
  await page.page.keyboard.type('one')
  await page.page.getByText('1 of 3').waitFor()
  await page.page.keyboard.press('Enter')
  await page.page.getByText('2 of 3').waitFor()
  await page.text.click()
  await page.page.keyboard.press('Control+f')
  await page.page.keyboard.type('two')
  await page.page.getByText('1 of 2').waitFor()
  await page.page.keyboard.press('Control+f')
  await page.page.keyboard.type('one')
  await page.page.getByText('1 of 3').waitFor()
  await page.page.keyboard.press('Enter')
  await page.page.getByText('2 of 3').waitFor()
  await page.page.keyboard.press('Escape')
  await page.page.keyboard.type('1')
  await page.shows('one two 1 two One')
})

test.concurrent('[D3] a line, a table or an image goes behind what is selected, and takes the place of nothing', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Blocks')
  await page.write('All of it.')
  await page.page.keyboard.press('ControlOrMeta+a')
  await page.button('Line').click()
  await page.page.keyboard.type('Under the line.')
  await page.shows('All of it.Under the line.')
  expect(await page.text.locator('hr').count()).toBe(1)
  await page.page.keyboard.press('ControlOrMeta+a')
  await page.button('Table').click()
  await page.page.keyboard.type('First cell.')
  await page.shows('All of it.Under the line.First cell.')
  await page.write('mid', 'Control+Home')
  await page.button('Line').click()
  await page.page.keyboard.type('x')
  expect(await page.text.locator(':scope > *').first().textContent()).toBe('mid')
  await page.shows('midxAll of it.Under the line.First cell.')
})

test.concurrent('[B1] of what a text has in thousands of places all are counted, a thousand are marked, the one that one is at among them', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Many')
  await page.paste({ 'text/plain': 'lo '.repeat(3_000) })
  await page.page.keyboard.press('Control+f')
  await page.page.keyboard.type('o')
  await page.page.getByText('1 of 3000').waitFor()
  expect(await page.text.locator('.found').count()).toBe(1_000)
  await page.page.keyboard.press('Shift+Enter')
  await page.page.getByText('3000 of 3000').waitFor()
  expect(await page.text.locator('.found').count()).toBe(1_000)
  expect(await page.text.locator('.found').last().getAttribute('class')).toBe('found found-here')
})

test.concurrent('a link is made, and followed, by keys alone; an address for letters becomes one', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const other = await page.begin('Other')
  await page.begin('Links')
  await page.page.keyboard.press('ControlOrMeta+k')
  await page.page.keyboard.type('ann@example.org\n')
  await page.page.locator('.ProseMirror:focus').waitFor()
  await page.shows('ann@example.org')
  expect(await page.text.locator('a').getAttribute('href')).toBe('mailto:ann@example.org')
  await page.page.keyboard.press('Enter')
  await page.page.keyboard.press('ControlOrMeta+k')
  await page.page.keyboard.type(`#doc=${other}\n`)
  await page.page.locator('.ProseMirror:focus').waitFor()
  await page.page.keyboard.press('ArrowLeft')
  // The browser tells a little later where the caret is.
  await page.page.getByRole('button', { name: 'Link', exact: true, pressed: true }).waitFor()
  await page.page.keyboard.press('ControlOrMeta+k')
  await page.page.getByRole('button', { name: 'Open link' }).focus()
  await page.page.keyboard.press('Enter')
  await page.isTitled('Other')
})

async function beginAlone(device: Device, line: CutLine): Promise<NotebookPage> {
  line.cutSockets()
  const page = await NotebookPage.open(device, line.port)
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
