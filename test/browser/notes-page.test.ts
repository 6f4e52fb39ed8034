// notes-page.test.ts — the notes page in real browsers on the real relay: what syncline/client does with a real IndexedDB,
// real tabs and a real service worker.
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Locator, Page } from 'playwright-core'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { eventually } from '../eventually.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'

/** Enough for the page itself and a note. */
const roomBytes = 1_000_000

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
    const elsewhere = browser.requested.splice(0).filter((url) => url.hostname !== '127.0.0.1')
    expect(elsewhere.map(String)).toEqual([])
  }
})

describe('one tab', () => {
  test('[C1] two browsers and a stock client write one text, and each is told when it is saved [T1]', async () => {
    const [annPage, bobPage] = await Promise.all([openNote(ann, 'together'), openNote(bob, 'together')])
    using stock = new StockClient(relay.url, 'together')
    await write(annPage, 'From Ann. ')
    await shown(bobPage, 'From Ann. ')
    await textarea(bobPage).press('Control+End')
    await write(bobPage, 'From Bob.')
    await shown(annPage, 'From Ann. From Bob.')
    await Promise.all([saved(annPage), saved(bobPage)])
    await eventually([stock.doc], () => stock.words === 'From Ann. From Bob.')
  })

  test('[D3] killed while the relay is away, it has everything that was said to be on this disk', async () => {
    await using mortal = await startRelayProcess()
    const page = await openNote(ann, 'kept', mortal)
    await write(page, 'At the relay. ')
    await saved(page)
    await keptForOffline(page)
    await mortal.kill()
    await textarea(page).press('Control+End')
    await write(page, 'On this disk.')
    await says(page, /^13 changes are on this browser’s disk, and not at the relay yet\./)
    await crash(page)

    // No relay: the service worker brings the page, and IndexedDB what was written.
    const again = await openNote(ann, 'kept', mortal)
    await shown(again, 'At the relay. On this disk.')
    await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
    await saved(again)
    using stock = new StockClient(risen.url, 'kept')
    await eventually([stock.doc], () => stock.words === 'At the relay. On this disk.')
  })

  test('[L1] working offline on purpose is said, and taken back', async () => {
    const page = await openNote(ann, 'on-purpose')
    await saved(page)
    await page.getByRole('button', { name: 'Work offline' }).click()
    await says(page, /You work offline\.$/)
    await write(page, 'alone')
    await says(page, /^5 changes are on this browser’s disk, and not at the relay yet\. You work offline\.$/)
    await page.getByRole('button', { name: 'Go online' }).click()
    await saved(page)
  })

  test('[L1] a tab that is opened later works offline too, and goes on when the others are closed', async () => {
    const first = await openNote(ann, 'off')
    await saved(first)
    await first.getByRole('button', { name: 'Work offline' }).click()
    await says(first, /You work offline\.$/)
    const second = await openNote(ann, 'off')
    await says(second, /You work offline\.$/)
    await first.close()
    await write(second, 'alone')
    // Who has the lead now says it of itself, not of another tab.
    await second.waitForFunction(async () => (await navigator.locks.query()).held?.length === 2)
    await says(
      second,
      /^5 changes are on this browser’s disk, and not at the relay yet\. You work offline\.$/,
    )
    await second.getByRole('button', { name: 'Go online' }).click()
    await saved(second)
  })

  test('[T1] when the browser’s storage is cleared under it, that is said, and what is typed still goes up', async () => {
    const page = await openNote(ann, 'cleared')
    await write(page, 'before ')
    await saved(page)
    const devtools = await ann.context.newCDPSession(page)
    const origin = `http://127.0.0.1:${relay.port}`
    await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
    await textarea(page).press('Control+End')
    await write(page, 'after')
    await says(page, /^Saved: .+\(What this device kept was removed\. Open it anew\.\)$/)
    await page.reload()
    await shown(page, 'before after')
    await saved(page)
  })
})

test('[L1] where the browser lets no site keep anything one writes all the same, and it is said [T1]', async () => {
  await using eve = await startChromium({ keeps: false })
  const page = await openNote(eve, 'blocked')
  await says(page, /^Saved: .+\(The database of this browser cannot be used: .+\)$/)
  await write(page, 'in this tab alone')
  using stock = new StockClient(relay.url, 'blocked')
  await eventually([stock.doc], () => stock.words === 'in this tab alone')
})

describe('a disk without room', () => {
  test('[T1] what it does not take is said to be in this tab alone, and is kept when there is room again [D3]', async () => {
    await using mortal = await startRelayProcess()
    const devtools = await ann.context.newCDPSession(await ann.open('about:blank'))
    const origin = `http://127.0.0.1:${mortal.port}`
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: roomBytes })
    const page = await openNote(ann, 'full', mortal)
    await write(page, 'before ')
    await saved(page)
    await mortal.kill()
    await paste(page, letters(2 * roomBytes))
    await says(page, /^This browser keeps nothing: one change is in this tab alone until the relay has it\./)
    await says(page, /\(This browser has no room left\.\)$/)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin })
    await says(
      page,
      /^One change is on this browser’s disk, and not at the relay yet\. The relay does not answer\. It is tried again by itself\.$/,
    )
    await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
    expect(risen.port).toBe(mortal.port)
    await saved(page)
  })
})

describe('tabs', () => {
  test('[C1] several tabs show one text over one socket', async () => {
    const first = await openNote(ann, 'tabs')
    await saved(first)
    ann.requested.length = 0
    const second = await openNote(ann, 'tabs')
    await write(second, 'typed in the second')
    await shown(first, 'typed in the second')
    await saved(second)
    const third = await openNote(ann, 'tabs')
    await shown(third, 'typed in the second')
    using stock = new StockClient(relay.url, 'tabs')
    await eventually([stock.doc], () => stock.words === 'typed in the second')
    stock.write(' and elsewhere')
    await Promise.all([first, second, third].map((page) => shown(page, 'typed in the second and elsewhere')))
    expect(ann.requested.filter(({ protocol }) => protocol === 'ws:')).toEqual([])
  })

  test('[B1] what others write while three tabs are open is stored once, and opening adds nothing', async () => {
    const tabs = [await openNote(ann, 'once'), await openNote(ann, 'once'), await openNote(ann, 'once')]
    await saved(tabs[2]!)
    using stock = new StockClient(relay.url, 'once')
    await stock.synced()
    stock.write('0')
    await Promise.all(tabs.map((tab) => shown(tab, '0')))
    const before = await rowsIn(tabs[0]!)
    for (let edit = 1; edit <= 100; edit++) stock.write(String(edit % 10))
    await Promise.all(tabs.map((tab) => shown(tab, stock.words)))
    const after = await rowsIn(tabs[0]!)
    expect(after - before).toBeGreaterThan(0)
    expect(after - before).toBeLessThanOrEqual(100)
    for (let opening = 0; opening < 5; opening++) {
      await tabs[1]!.reload()
      await shown(tabs[1]!, stock.words)
    }
    expect(await rowsIn(tabs[0]!)).toBe(after)
  })

  test('[L1] when the tab that talks is closed while one types in another, nothing is lost', async () => {
    const leader = await openNote(ann, 'leader')
    await saved(leader)
    const follower = await openNote(ann, 'leader')
    await write(follower, 'one ')
    await saved(follower)
    await textarea(follower).press('Control+End')
    await Promise.all([write(follower, 'two three four'), leader.close()])
    await shown(follower, 'one two three four')
    await saved(follower)
    using stock = new StockClient(relay.url, 'leader')
    await eventually([stock.doc], () => stock.words === 'one two three four')
  })

  test('[L1] a tab that talks and is frozen hands over, and reads what it missed when it thaws', async () => {
    const leader = await openNote(ann, 'frozen')
    await saved(leader)
    const follower = await openNote(ann, 'frozen')
    const devtools = await ann.context.newCDPSession(leader)
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await write(follower, 'written meanwhile')
    await saved(follower)
    using stock = new StockClient(relay.url, 'frozen')
    await eventually([stock.doc], () => stock.words === 'written meanwhile')
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await shown(leader, 'written meanwhile')
  })

  test('[T1] a tab that follows does not say saved while the relay is away', async () => {
    await using mortal = await startRelayProcess()
    const leader = await openNote(ann, 'truth', mortal)
    await saved(leader)
    const follower = await openNote(ann, 'truth', mortal)
    await write(follower, 'x')
    await saved(follower)
    await mortal.kill()
    await write(follower, 'yz')
    await says(follower, /^2 changes are on this browser’s disk, and not at the relay yet\./)
    await says(leader, /^2 changes are on this browser’s disk, and not at the relay yet\./)
    await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
    await Promise.all([saved(follower), saved(leader)])
    expect(risen.port).toBe(mortal.port)
  })
})

test('[T1] under a path prefix the page is saved, opens without the relay, and is saved again', async () => {
  await using under = await startRelayProcess({ words: ['--path-prefix', '/sync'] })
  const page = await openNote(ann, 'placed', under, '/sync')
  await write(page, 'Under a prefix.')
  await saved(page)
  await keptForOffline(page)
  await under.kill()
  await page.reload()
  await shown(page, 'Under a prefix.')
  await using risen = await startRelayProcess({
    data: under.data,
    port: under.port,
    words: ['--path-prefix', '/sync'],
  })
  await write(page, 'Again: ')
  await saved(page)
  expect(risen.port).toBe(under.port)
})

async function openNote(browser: Chromium, name: string, at = relay, under = ''): Promise<Page> {
  const page = await browser.open(`http://127.0.0.1:${at.port}${under}/notes/#${name}`)
  // What is typed before is typed into nothing.
  await page.locator('textarea:enabled').waitFor()
  return page
}

function textarea(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Text of / })
}

async function write(page: Page, words: string): Promise<void> {
  await textarea(page).pressSequentially(words)
}

/** Records of all notes in this browser. */
async function rowsIn(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('syncline-notes')
        opening.addEventListener('error', () => reject(opening.error))
        opening.addEventListener('success', () => {
          const database = opening.result
          const counting = database.transaction('records').objectStore('records').count()
          counting.addEventListener('success', () => {
            database.close()
            resolve(counting.result)
          })
        })
      }),
  )
}

/** As one change. */
async function paste(page: Page, words: string): Promise<void> {
  await textarea(page).evaluate((element, pasted) => {
    if (!(element instanceof HTMLTextAreaElement)) return
    element.value += pasted
    element.dispatchEvent(new InputEvent('input'))
  }, words)
}

/** No disk makes them any smaller. */
function letters(length: number): string {
  return randomBytes(length / 2).toString('hex')
}

async function shown(page: Page, expected: string): Promise<void> {
  await page.waitForFunction((text) => document.querySelector('textarea')?.value === text, expected)
}

async function says(page: Page, expected: RegExp): Promise<void> {
  await page.locator('#status').filter({ hasText: expected }).waitFor()
}

async function saved(page: Page): Promise<void> {
  await says(page, /^Saved: the relay has everything you wrote on its disk\.$/)
}

/** The renderer ends between two instructions, as a process that is killed does. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash')
  page.goto('chrome://crash').catch(() => undefined)
  await crashed
  await page.close()
}

/** From then on the page opens without the relay. */
async function keptForOffline(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready
    if (active?.state === 'activated') return
    await new Promise((resolve) => active?.addEventListener('statechange', resolve, { once: true }))
  })
}
