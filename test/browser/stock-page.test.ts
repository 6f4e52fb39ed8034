// stock-page.test.ts — the page for people who bring their own client, in real browsers on the real relay: what
// plain y-websocket and y-indexeddb get from it, and that the page says nothing that is not so.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Locator, Page } from 'playwright-core'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'

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
    expect(browser.complaints.splice(0)).toEqual([])
    // Nothing comes from elsewhere: neither typeface nor script, nor a word to anyone.
    const elsewhere = browser.requested.splice(0).filter((url) => url.hostname !== '127.0.0.1')
    expect(elsewhere.map(String)).toEqual([])
  }
})

test('[C1] two browsers write one text together', async () => {
  const [annPage, bobPage] = await Promise.all([openPage(ann, 'together'), openPage(bob, 'together')])
  await Promise.all([connected(annPage), connected(bobPage)])

  await write(annPage, 'From Ann. ')
  await shown(bobPage, 'From Ann. ')
  await Promise.all([
    textarea(annPage)
      .press('Control+Home')
      .then(() => write(annPage, 'Ann 👩🏽‍🚀 at the start. ')),
    textarea(bobPage)
      .press('Control+End')
      .then(() => write(bobPage, 'Bob at the end.')),
  ])
  await Promise.all([
    shown(annPage, 'Ann 👩🏽‍🚀 at the start. From Ann. Bob at the end.'),
    shown(bobPage, 'Ann 👩🏽‍🚀 at the start. From Ann. Bob at the end.'),
  ])
  for (let count = 0; count < 8; count++) await textarea(bobPage).press('Backspace')
  await shown(annPage, 'Ann 👩🏽‍🚀 at the start. From Ann. Bob at ')

  using late = new StockClient(relay.url, 'together')
  await late.synced
  const atAnn = await keptIn(annPage, 'together')
  const atBob = await keptIn(bobPage, 'together')
  expect(structureOf(atAnn)).toEqual(structureOf(late.doc))
  expect(structureOf(atBob)).toEqual(structureOf(late.doc))
})

test('[C1] under a path prefix the page works as at the root, and what it keeps is that relay’s', async () => {
  await using under = await startRelayProcess({ words: ['--path-prefix', '/sync'] })
  const page = await ann.open(`http://127.0.0.1:${under.port}/sync/stock/?doc=placed`)
  await connected(page)
  await write(page, 'Under a prefix.')
  using late = new StockClient(`${under.url}/sync`, 'placed')
  await late.shows('Under a prefix.')
  await keptForOffline(page)
  expect(structureOf(await keptIn(page, 'placed', 'sync/stock/'))).toEqual(structureOf(late.doc))
})

test('[D2] what one browser was shown of another outlives kill -9 of the relay', async () => {
  await using mortal = await startRelayProcess()
  const [annPage, bobPage] = await Promise.all([
    openPage(ann, 'shown', mortal),
    openPage(bob, 'shown', mortal),
  ])
  await Promise.all([connected(annPage), connected(bobPage)])
  await write(annPage, 'Bob has seen this.')
  await shown(bobPage, 'Bob has seen this.')
  await mortal.kill()

  // At another port, where no browser can give anything back.
  await using risen = await startRelayProcess({ data: mortal.data })
  using late = new StockClient(risen.url, 'shown')
  await late.synced
  expect(late.text).toBe('Bob has seen this.')
})

test('[L1] a page reloaded while the relay is dead has its text, takes more, and all meet again [C1]', async () => {
  await using mortal = await startRelayProcess()
  const [annPage, bobPage] = await Promise.all([
    openPage(ann, 'again', mortal),
    openPage(bob, 'again', mortal),
  ])
  await Promise.all([connected(annPage), connected(bobPage)])
  await write(annPage, 'Before. ')
  await shown(bobPage, 'Before. ')
  await Promise.all([keptForOffline(annPage), keptIn(annPage, 'again'), keptIn(bobPage, 'again')])

  await mortal.kill()
  await Promise.all([
    status(annPage, /^Not connected: your changes are kept/),
    status(bobPage, /^Not connected/),
  ])
  await annPage.reload()
  await shown(annPage, 'Before. ')
  await textarea(annPage).press('Control+End')
  await write(annPage, 'Ann alone. ')
  await textarea(bobPage).press('Control+Home')
  await write(bobPage, 'Bob alone. ')
  await keptIn(annPage, 'again')
  // The address that people type has no slash at its end, and the relay that would add it is dead.
  await annPage.goto(`http://127.0.0.1:${mortal.port}/stock?doc=again`)
  await shown(annPage, 'Before. Ann alone. ')
  await status(annPage, /^Not connected: your changes are kept/)

  await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
  const met = 'Bob alone. Before. Ann alone. '
  await Promise.all([shown(annPage, met), shown(bobPage, met), connected(annPage), connected(bobPage)])
  using late = new StockClient(risen.url, 'again')
  await late.synced
  expect(late.text).toBe(met)
  expect(structureOf(await keptIn(annPage, 'again'))).toEqual(structureOf(late.doc))
  expect(structureOf(await keptIn(bobPage, 'again'))).toEqual(structureOf(late.doc))
})

test('[T1] a close for good is told with its reason, and nothing more can be written', async () => {
  // Longer than a name may be: the relay closes with 4414.
  const page = await openPage(ann, 'x'.repeat(1100))
  await status(page, /^The relay has closed this document and this page will not ask again: “.+” \(4414\)\./)
  expect(await textarea(page).isEditable()).toBe(false)
})

test('[T1] a browser that keeps nothing says so, and one can write once the relay is there', async () => {
  await using mortal = await startRelayProcess()
  const page = await ann.context.newPage()
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('Storage is blocked.', 'SecurityError')
    }
  })
  await page.goto(`http://127.0.0.1:${mortal.port}/stock/?doc=nothing-kept`)
  await status(page, /^Connected: .* This browser keeps nothing of what you write.*\(Storage is blocked\.\)$/)
  await write(page, 'Sent, not kept.')
  using other = new StockClient(mortal.url, 'nothing-kept')
  await other.shows('Sent, not kept.')
  await mortal.kill()
  await status(page, /^Not connected, and this browser keeps nothing: leave this tab open/)
})

test('[T1] a browser that stops keeping says so, and what is written still goes to the relay', async () => {
  const page = await openPage(ann, 'stops-keeping')
  await connected(page)
  await page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name)
        request.addEventListener('success', resolve)
        request.addEventListener('error', reject)
      }),
    'stock/stops-keeping',
  )
  await status(page, /This browser keeps nothing of what you write.*deleted in another tab/)
  await write(page, 'Written after that.')
  using other = new StockClient(relay.url, 'stops-keeping')
  await other.shows('Written after that.')
})

test('[T1] a browser that does not get its storage open says so, and takes no words that it may not keep', async () => {
  using other = new StockClient(relay.url, 'slow')
  await other.synced
  other.write(0, 'At the relay.')
  // Another tab holds the database and waits to delete it: whoever opens it now is not answered.
  const holder = await openPage(ann, 'holder')
  await holder.evaluate(
    (name) =>
      new Promise((resolve) => {
        indexedDB.open(name).addEventListener('success', () => {
          indexedDB.deleteDatabase(name).addEventListener('blocked', resolve)
        })
      }),
    'stock/slow',
  )
  const page = await ann.context.newPage()
  await page.clock.install()
  await page.goto(`http://127.0.0.1:${relay.port}/stock/?doc=slow`)
  await status(page, /^Opening what this browser keeps/)
  await page.clock.fastForward(5000)
  await status(page, /^This browser is slow to open/)
  await shown(page, 'At the relay.')
  expect(await textarea(page).isDisabled()).toBe(true)
})

test('words of others move neither the caret nor the selection', async () => {
  const page = await openPage(ann, 'caret')
  await connected(page)
  using other = new StockClient(relay.url, 'caret')
  await other.synced
  await write(page, 'one two three')
  await other.shows('one two three')

  await select(page, 4, 7)
  other.write(0, '👋 zero ')
  await shown(page, '👋 zero one two three')
  expect(await selected(page)).toBe('two')
  other.write(other.text.indexOf('two'), 'and ')
  other.write(other.text.indexOf(' three'), ' and')
  await shown(page, '👋 zero one and two and three')
  expect(await selected(page)).toBe('two')

  await textarea(page).press('Control+End')
  await write(page, ', four')
  await other.shows('👋 zero one and two and three, four')
  other.write(other.text.length, ' (said another)')
  await shown(page, '👋 zero one and two and three, four (said another)')
  await write(page, ', five')
  await other.shows('👋 zero one and two and three, four, five (said another)')
})

test('undo takes back what one typed oneself, and nothing of others', async () => {
  const page = await openPage(ann, 'undo')
  await connected(page)
  using other = new StockClient(relay.url, 'undo')
  await other.synced
  // At once: letters with half a second between them are undone one after the other.
  await textarea(page).fill('mine')
  await other.shows('mine')
  other.write(4, ' and theirs')
  await shown(page, 'mine and theirs')
  await textarea(page).press('Control+z')
  await other.shows(' and theirs')
  await textarea(page).press('Control+Shift+z')
  await other.shows('mine and theirs')
})

test('a letter that repeats its neighbours is inserted where it was typed', async () => {
  const page = await openPage(ann, 'repeat')
  await connected(page)
  using other = new StockClient(relay.url, 'repeat')
  await other.synced
  await write(page, 'aaaa')
  await other.shows('aaaa')
  const changes: unknown[] = []
  other.doc.getText('text').observe((event) => changes.push(event.delta))
  await select(page, 2, 2)
  await write(page, 'a')
  await other.shows('aaaaa')
  await select(page, 2, 2)
  await textarea(page).press('Backspace')
  await other.shows('aaaa')
  expect(changes).toEqual([
    [{ retain: 2 }, { insert: 'a' }],
    [{ retain: 1 }, { delete: 1 }],
  ])
})

test('a text with line breaks of another system is not rewritten by the first key', async () => {
  const page = await openPage(ann, 'breaks')
  await connected(page)
  using other = new StockClient(relay.url, 'breaks')
  await other.synced
  other.write(0, 'one\r\ntwo\r\nthree')
  await shown(page, 'one\ntwo\nthree')
  await select(page, 7, 7)
  await write(page, '!')
  await other.shows('one\r\ntwo!\r\nthree')
})

test('a word that is being composed is not broken off by others, and lands where it was typed', async () => {
  const page = await openPage(ann, 'composed')
  await connected(page)
  using other = new StockClient(relay.url, 'composed')
  await other.synced
  await write(page, 'above\n\nbelow')
  await other.shows('above\n\nbelow')
  await select(page, 6, 6)

  const keyboard = await ann.context.newCDPSession(page)
  await keyboard.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 })
  await other.shows('above\nに\nbelow')
  // One above and one below: a single stretch from the first change to the last would swallow the word.
  other.write(0, 'far ')
  other.write(other.text.length, ' here')
  await keyboard.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 })
  await other.shows('far above\nにほ\nbelow here')
  expect(await textarea(page).inputValue()).toBe('above\nにほ\nbelow')
  await keyboard.send('Input.insertText', { text: '日本' })
  await shown(page, 'far above\n日本\nbelow here')
  await write(page, '!')
  await other.shows('far above\n日本!\nbelow here')
})

/** A plain y-websocket client on Node, as anybody would write one. */
class StockClient implements Disposable {
  readonly doc = new Y.Doc()
  readonly synced: Promise<void>
  readonly #provider: WebsocketProvider

  constructor(url: string, name: string) {
    this.#provider = new WebsocketProvider(url, name, this.doc, {
      // y-websocket asks for the type of browsers; of ws it uses only what both have.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    })
    this.synced = new Promise((resolve) => this.#provider.once('sync', () => resolve()))
  }

  get text(): string {
    return this.doc.getText('text').toJSON()
  }

  write(index: number, words: string): void {
    this.doc.getText('text').insert(index, words)
  }

  async shows(expected: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.text !== expected) return
        this.doc.off('update', look)
        resolve()
      }
      this.doc.on('update', look)
      look()
    })
  }

  [Symbol.dispose](): void {
    this.#provider.destroy()
  }
}

function openPage(browser: Chromium, name: string, at = relay): Promise<Page> {
  return browser.open(`http://127.0.0.1:${at.port}/stock/?doc=${name}`)
}

function textarea(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Text of / })
}

async function write(page: Page, words: string): Promise<void> {
  await textarea(page).pressSequentially(words)
}

async function shown(page: Page, expected: string): Promise<void> {
  await page.waitForFunction((text) => document.querySelector('textarea')?.value === text, expected)
}

async function select(page: Page, start: number, end: number): Promise<void> {
  await textarea(page).evaluate((area: HTMLTextAreaElement, range) => area.setSelectionRange(...range), [
    start,
    end,
  ] as const)
}

async function selected(page: Page): Promise<string> {
  return textarea(page).evaluate((area: HTMLTextAreaElement) =>
    area.value.slice(area.selectionStart, area.selectionEnd),
  )
}

async function status(page: Page, expected: RegExp): Promise<void> {
  await page.getByRole('status').filter({ hasText: expected }).waitFor()
}

async function connected(page: Page): Promise<void> {
  await status(page, /^Connected: what you see from others is on the relay’s disk\./)
}

/** From then on the page opens without the relay. */
async function keptForOffline(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready
    if (active?.state === 'activated') return
    await new Promise((resolve) => active?.addEventListener('statechange', resolve, { once: true }))
  })
}

/** What y-indexeddb holds, as a document. The read waits for all writes that were begun before it. */
async function keptIn(page: Page, name: string, before = 'stock/'): Promise<Y.Doc> {
  const rows = await page.evaluate(
    (database) =>
      new Promise<number[][]>((resolve, reject) => {
        const opening = indexedDB.open(database)
        opening.addEventListener('error', () => reject(opening.error))
        opening.addEventListener('success', () => {
          const reading = opening.result.transaction('updates').objectStore('updates').getAll()
          reading.addEventListener('error', () => reject(reading.error))
          reading.addEventListener('success', () => {
            opening.result.close()
            resolve(reading.result.map((row: Uint8Array) => Array.from(row)))
          })
        })
      }),
    `${before}${name}`,
  )
  const doc = new Y.Doc()
  for (const row of rows) Y.applyUpdate(doc, Uint8Array.from(row))
  return doc
}

/** What two replicas must have in common: the same text is not enough. */
function structureOf(doc: Y.Doc): { text: string; structure: Uint8Array } {
  return { text: doc.getText('text').toJSON(), structure: Y.encodeSnapshot(Y.snapshot(doc)) }
}
