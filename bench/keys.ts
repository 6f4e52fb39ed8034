// keys.ts — what the page of the notebook costs in Chromium: how soon its list is there from the browser's cache, and its main
// thread's work from a key to the next, in an empty document and in one with a whole paper; beside it what the browser alone
// does for a key in as much text that nobody listens to. Work alone, by the thread's own clock: what else the machine does is
// not in it.
import { setTimeout as wait } from 'node:timers/promises'
import type { CDPSession, Locator, Page } from 'playwright-core'
import * as Y from 'yjs'
import { nameOf } from '../editor/notebook/document-list.ts'
import { proseOf } from '../editor/notebook/document-parts.ts'
import { editingSession } from '../test/editing-session.ts'
import { NotebookPage } from '../test/notebook/notebook-page.ts'
import { Browser } from './browser.ts'
import { median } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { join } from './join.ts'
import { onAllCores } from './processor.ts'
import { Server } from './server.ts'
import type { Target } from './target.ts'

const words = 'the quick brown fox jumps over the lazy dog and '
const warmingKeys = 60
const measuredKeys = 200
/** Within it the work of one key is done, painted and on its way to the disk and the relay. */
const keyMs = 120
const restMs = 4_000
const reloads = 5

export const keys: Bench = {
  name: 'keys',
  about: `in Chromium: ${measuredKeys} keys typed into the notebook, in an empty document and in a whole paper`,
  targets: ['native'],
  measure,
}

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  await using server = await Server.start(target)
  const address = `http://127.0.0.1:${server.port}/notebook/`
  if (!(await fetch(address)).ok) throw new Error('The pages are not built: npm run build')
  await using browser = await onAllCores(() => Browser.start())
  const notebook = new NotebookPage(await browser.open(address))
  const listMs = await cachedListMs(notebook)
  const empty = await measureKeys(notebook, '')
  const { text } = editingSession(
    'automerge-paper',
    Number.POSITIVE_INFINITY,
    traces === undefined ? {} : { traces },
  )
  const paper = await measureKeys(notebook, text, server)
  const bare = await measureBare(await browser.open('about:blank'), text)
  return {
    'list from cache, ms': listMs,
    ...named('empty', empty),
    ...named('paper', paper),
    ...named('browser alone', bare),
  }
}

/** From the beginning of a reload until one can begin a document. */
async function cachedListMs(notebook: NotebookPage): Promise<number> {
  const { page } = notebook
  await notebook.isKept()
  const found: number[] = []
  for (let round = 0; round < reloads; round++) {
    await page.reload({ waitUntil: 'commit' })
    await notebook.button('New document').and(page.locator(':enabled')).waitFor()
    found.push(await page.evaluate(() => performance.now()))
  }
  return median(found)
}

function named(document: string, ms: readonly number[]): Measured {
  const sorted = ms.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return {
    [`${document}: p50, ms`]: at(0.5),
    [`${document}: p95, ms`]: at(0.95),
    [`${document}: p99, ms`]: at(0.99),
  }
}

async function measureKeys(
  notebook: NotebookPage,
  text: string,
  server?: Server,
): Promise<readonly number[]> {
  const id = await notebook.begin(`${text.length} characters`)
  if (server !== undefined) await write(server, id, text)
  await notebook.until(
    (length) => (document.querySelector('.ProseMirror')?.textContent?.length ?? 0) >= length,
    text.replaceAll('\n', '').length,
  )
  await notebook.says('Saved')
  return workOfKeys(notebook.page, placeIn(notebook.text, text))
}

async function measureBare(page: Page, text: string): Promise<readonly number[]> {
  await page.setContent('<div contenteditable style="max-width: 42rem; margin: auto"></div>')
  const div = page.locator('div')
  await div.evaluate((element, lines) => {
    for (const line of lines) element.appendChild(document.createElement('p')).textContent = line
  }, text.split('\n'))
  return workOfKeys(page, placeIn(div, text))
}

/** Where there is text, in the midst of it. */
function placeIn(root: Locator, text: string): Locator {
  const paragraphs = root.locator('p')
  return text === '' ? paragraphs.first() : paragraphs.filter({ hasText: /.{200}/ }).nth(20)
}

async function workOfKeys(page: Page, place: Locator): Promise<readonly number[]> {
  await place.click()
  for (const key of words.repeat(2).slice(0, warmingKeys)) await page.keyboard.press(nameOfKey(key))
  await wait(restMs)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const ms: number[] = []
  for (const key of words.repeat(5).slice(0, measuredKeys)) {
    const before = await workOf(devtools)
    await page.keyboard.press(nameOfKey(key))
    await wait(keyMs)
    ms.push((await workOf(devtools)) - before)
  }
  return ms
}

/** As somebody else who writes it, all at once. */
async function write(server: Server, id: string, text: string): Promise<void> {
  const doc = new Y.Doc()
  proseOf(doc).push(
    text.split('\n').map((line) => {
      const paragraph = new Y.XmlElement('paragraph')
      if (line !== '') paragraph.insert(0, [new Y.XmlText(line)])
      return paragraph
    }),
  )
  const peer = join(server, { document: nameOf(id) })
  await peer.inSync
  peer.write(Y.encodeStateAsUpdate(doc))
  while (peer.unsentBytes > 0) await wait(1)
  peer.webSocket.terminate()
}

/** Milliseconds that the page's main thread has worked so far. */
async function workOf(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000
}

function nameOfKey(letter: string): string {
  return letter === ' ' ? 'Space' : letter
}
