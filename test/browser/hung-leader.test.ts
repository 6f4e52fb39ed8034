// hung-leader.test.ts — the tab that talks for all hangs, or its database does, in a real Chromium: it keeps its Web Lock, and
// another tab takes it away. When it wakes it follows, and nothing that was typed in it is lost.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { silencesMax } from '../../shared/replica-limits.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let relay: RelayProcess
let browser: Chromium
let site: ScriptPage
let wall: Wall

beforeAll(async () => {
  relay = await startRelayProcess()
  browser = await startChromium()
  site = await ScriptPage.serve(new URL('tabs-script.ts', import.meta.url).pathname)
  wall = await Wall.build()
  // Tabs ask each other every few seconds: here when they are told to, so that none is robbed for being slow.
  await browser.context.addInitScript(
    'window.ticks = []; window.setInterval = (work) => window.ticks.push(work)',
  )
})

afterAll(async () => {
  wall?.fall()
  await browser?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

/** A server that lets wait who asks. */
class Wall {
  readonly #server: Server
  #waiting: ServerResponse[] = []
  #asked: () => void = () => undefined

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (_request, response) => {
      this.#waiting.push(response)
      this.#asked()
    })
  }

  static async build(): Promise<Wall> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Wall(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when somebody stands before it. */
  holds(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = resolve
    })
  }

  open(): void {
    for (const response of this.#waiting.splice(0))
      response.setHeader('access-control-allow-origin', '*').end()
  }

  fall(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function openTabs(name: string, count: number): Promise<Page[]> {
  const tabs: Page[] = []
  for (let tab = 0; tab < count; tab++) {
    const page = await browser.open(site.url)
    await page.waitForFunction('window.script !== undefined')
    await page.evaluate(`script.open('${relay.url}', '${name}')`)
    tabs.push(page)
  }
  return tabs
}

const leads = (tab: Page): Promise<unknown> => tab.waitForFunction(`script.role() === 'leading'`)
const follows = (tab: Page): Promise<unknown> => tab.waitForFunction(`script.role() === 'following'`)
const isSaved = (tab: Page): Promise<unknown> => tab.waitForFunction('script.isSaved()')
const shows = (tab: Page, words: string): Promise<unknown> =>
  tab.waitForFunction(`script.words() === '${words}'`)

const passInterval = (tab: Page): Promise<void> => tab.evaluate('for (const tick of ticks) tick()')

/** As when it has asked often enough, and nobody has answered. */
async function robsLeader(tab: Page): Promise<void> {
  for (let asked = 0; asked <= silencesMax; asked++) await passInterval(tab)
  await leads(tab)
}

test('[L1] a tab that leads and hangs is robbed of the lead, and follows when it wakes [D3]', async () => {
  const [first, ...others] = await openTabs('hung', 3)
  const leader = others[0]!
  await leads(first!)
  await others[0]!.evaluate(`script.write('before ')`)
  await Promise.all(others.map(isSaved))
  await shows(first!, 'before ')
  const hangs = wall.holds()
  const hanging = first!.evaluate(`script.writeAndHang('in it ', '${wall.url}')`)
  await hangs
  await others[1]!.evaluate(`script.write('meanwhile ')`)
  await robsLeader(leader)
  await isSaved(others[1]!)
  using reader = new StockClient(relay.url, 'hung')
  await eventually([reader.doc], () => reader.words.includes('meanwhile'))
  wall.open()
  await hanging
  await follows(first!)
  expect(await leader.evaluate('script.role()')).toBe('leading')
  await first!.evaluate(`script.write('after')`)
  await Promise.all([first!, ...others].map(isSaved))
  await eventually([reader.doc], () =>
    ['before', 'in it', 'meanwhile', 'after'].every((word) => reader.words.includes(word)),
  )
  await Promise.all([first!, ...others].map((tab) => shows(tab, reader.words)))
  for (const tab of [first!, ...others]) await tab.close()
})

test('[L1] a tab whose database answers nothing any more is robbed as well', async () => {
  const [first, second] = await openTabs('stuck', 2)
  await leads(first!)
  await first!.evaluate('script.losesItsStore()')
  await robsLeader(second!)
  await follows(first!)
  await second!.evaluate(`script.write('goes on')`)
  await isSaved(second!)
  expect(browser.complaints).toEqual([])
})

test('[L1] a tab that answers keeps the lead, however long it does nothing else', async () => {
  const [first, second] = await openTabs('quiet', 2)
  await leads(first!)
  for (let asked = 0; asked < 2 * silencesMax; asked++) {
    const answer = second!.evaluate(`new Promise((resolve) => {
      new BroadcastChannel('syncline:quiet').addEventListener('message', ({ data }) => {
        if (data.some(({ type }) => type === 'here')) resolve()
      })
    })`)
    await passInterval(second!)
    await answer
  }
  expect(await first!.evaluate('script.role()')).toBe('leading')
})
