// browser.ts — a Chromium with a profile of its own on the disk, for a bench of what pages do. Knows: where the tests find
// theirs. Must not know: what a page is for.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { ScriptPage } from '../test/browser/script.ts'

const finder = new URL('../../scripts/chromium.mjs', import.meta.url).href
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
]

export class Browser implements AsyncDisposable {
  readonly #context: BrowserContext
  readonly #profile: string

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async start(): Promise<Browser> {
    const { findChromium }: typeof import('../scripts/chromium.mjs') = await import(finder)
    const executablePath = await findChromium()
    if (executablePath === undefined) throw new Error('There is no Chromium here: node scripts/chromium.mjs')
    const profile = await mkdtemp(join(tmpdir(), 'syncline-bench-'))
    const context = await chromium.launchPersistentContext(profile, { executablePath, args: flags })
    return new Browser(context, profile)
  }

  async open(url: string): Promise<Page> {
    const page = await this.#context.newPage()
    await page.goto(url)
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/** Its process ends between two instructions. */
export async function crash(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  // Nobody is left to answer.
  devtools.send('Page.crash').catch(() => undefined)
  await crashed
  await page.close()
}

/** What a script does in pages of a browser. */
export class ScriptedBrowser implements AsyncDisposable {
  readonly #browser: Browser
  readonly #site: ScriptPage

  private constructor(browser: Browser, site: ScriptPage) {
    this.#browser = browser
    this.#site = site
  }

  static async start(script: URL): Promise<ScriptedBrowser> {
    return new ScriptedBrowser(await Browser.start(), await ScriptPage.serve(script.pathname))
  }

  /** Its `window.script` is what the script exports. */
  async open(): Promise<Page> {
    const page = await this.#browser.open(this.#site.url)
    await page.waitForFunction('window.script !== undefined')
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]()
    await this.#site[Symbol.asyncDispose]()
  }
}
