// chromium.ts — a real browser for a test, with a profile of its own, so that two of them are two people's devices.
// Knows: how Chromium is started and what its pages complain about. Must not know: what a page is for.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kill } from 'node:process'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'

const flags = [
  // Containers give root no namespaces to build the sandbox from, and the pages under test are our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Names of Chromium for its processes. */
const processName = { browser: 'browser', storage: 'storage.mojom.StorageService' } as const

export class Chromium implements AsyncDisposable {
  /** Errors of every page, and what its console called an error, except that a socket did not reach the relay. */
  readonly complaints: string[] = []
  /** Every address that a page asked for, over HTTP or for a socket. */
  readonly requested: URL[] = []
  readonly #profile: string
  #context: BrowserContext

  constructor(context: BrowserContext, profile: string) {
    this.#profile = profile
    this.#context = this.#listenedTo(context)
  }

  async open(url: string): Promise<Page> {
    const page = await this.#context.newPage()
    await page.goto(url)
    return page
  }

  get context(): BrowserContext {
    return this.#context
  }

  /** All of it ends between two instructions, and begins anew with what it has on its disk. */
  async killAndRestart(): Promise<void> {
    const ended = this.#context.waitForEvent('close')
    for (const process of await this.#processes('browser')) kill(process, 'SIGKILL')
    await ended
    this.#context = this.#listenedTo(await launched(this.#profile))
  }

  /** What reads and writes the databases of all pages ends, and the browser starts another. */
  async killStorage(): Promise<void> {
    for (const process of await this.#processes('storage')) kill(process, 'SIGKILL')
  }

  /** All of it stands still meanwhile, as on a computer whose lid is closed. */
  async sleepDuring(work: () => Promise<void>): Promise<void> {
    const processes = await this.#processes()
    for (const process of processes) kill(process, 'SIGSTOP')
    try {
      await work()
    } finally {
      for (const process of processes) kill(process, 'SIGCONT')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#context.close()
    } finally {
      // The last of its processes may still write for a moment.
      await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    }
  }

  /** Of one kind, or all of them. */
  async #processes(kind?: keyof typeof processName): Promise<readonly number[]> {
    const browser = this.#context.browser()
    if (browser === null) throw new Error('There is no browser behind this profile.')
    const devtools = await browser.newBrowserCDPSession()
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
    await devtools.detach()
    const isMeant = (type: string): boolean => kind === undefined || type === processName[kind]
    return processInfo.filter(({ type }) => isMeant(type)).map(({ id }) => id)
  }

  #listenedTo(context: BrowserContext): BrowserContext {
    context.on('weberror', (error) => this.complaints.push(String(error.error())))
    context.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      if (/^WebSocket connection to '[^']*' failed/.test(message.text())) return
      this.complaints.push(message.text())
    })
    context.on('request', (request) => this.requested.push(new URL(request.url())))
    context.on('page', (page) => page.on('websocket', (socket) => this.requested.push(new URL(socket.url()))))
    return context
  }
}

/** As somebody sets it who lets no site keep anything. */
const keepsNothing = { profile: { default_content_setting_values: { cookies: 2 } } }

export async function startChromium({ keeps = true } = {}): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'syncline-chromium-'))
  if (!keeps) {
    await mkdir(join(profile, 'Default'))
    await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(keepsNothing))
  }
  return new Chromium(await launched(profile), profile)
}

async function launched(profile: string): Promise<BrowserContext> {
  const executablePath = await findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium here: node scripts/chromium.mjs')
  return chromium.launchPersistentContext(profile, { executablePath, args: flags })
}
