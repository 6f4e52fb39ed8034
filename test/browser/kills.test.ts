// kills.test.ts — the promise «on this disk», tried on a real browser and the real relay: a tab, all of the browser, the
// process that keeps its databases, the relay, or two of them at once are killed at random moments while two tabs type.
// What a status told is heard outside of the browser, before whatever follows.
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import type { Chance } from '../chance.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

/** More of them, with KILL_ROUNDS=100, take their time. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 10)
const tabs = 2

type Accident = (device: DeviceUnderFire) => Promise<unknown>

const accidents: Readonly<Record<string, Accident>> = {
  'a tab': (device) => device.crashTab(),
  'the browser': (device) => device.killBrowser(),
  'its databases': (device) => device.killStorage(),
  'the relay': (device) => device.killRelay(),
  'a tab and the relay': (device) => Promise.all([device.crashTab(), device.killRelay()]),
  'the browser and the relay': (device) => Promise.all([device.killBrowser(), device.killRelay()]),
  'a tab is frozen': (device) => device.freezeTab(),
}

let site: ScriptPage
let data: string

beforeAll(async () => {
  site = await ScriptPage.serve(new URL('kills-script.ts', import.meta.url).pathname)
  data = await temporaryFolder()
})

afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await rm(data, { recursive: true })
})

test(`[D3] whatever dies, ${rounds} times: each edit that was said to be on this disk is there, and once [T1]`, async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  await using device = await DeviceUnderFire.start(chance)
  const happened: string[] = []
  // Each once, and then any of them.
  const names = Object.keys(accidents)
  for (let round = 0; round < rounds; round++) {
    const name = names[round] ?? chance.oneOf(names)
    happened.push(name)
    await device.hears(chance.between(1, 30))
    await accidents[name]?.(device)
    await device.recover(`seed ${seed}, after ${happened.join('; ')}`)
  }
  await device.reviveRelay()
  await device.thaw()
  const edits = await device.savedEdits()
  const { promised } = device
  device.expectKept(edits, promised, `seed ${seed}, in the end`)
  using reader = new StockClient(device.url, 'device')
  const read = reader.doc.getArray<string>('edits')
  await eventually([reader.doc], () => read.length >= edits.length)
  expect(read.toArray()).toEqual(edits)
  const sum = [...promised.values()].reduce((left, right) => left + right, 0)
  expect(sum, 'So little was promised that it proves nothing.').toBeGreaterThan(rounds * 10)
}, 3_000_000)

/** One person's browser with its tabs, and the relay they talk to. */
class DeviceUnderFire implements AsyncDisposable {
  readonly #browser: Chromium
  readonly #chance: Chance
  /** By the life of a tab: so many of its edits were said to be on this disk. */
  readonly #kept = new Map<string, number>()
  #tabs: Page[] = []
  #frozen: Page | undefined
  #lives = 0
  #relay: RelayProcess
  #isRelayDead = false
  #hearing: { left: number; readonly resolve: () => void } | undefined

  private constructor(chance: Chance, relay: RelayProcess, ownBrowser: Chromium) {
    this.#chance = chance
    this.#relay = relay
    this.#browser = ownBrowser
  }

  static async start(chance: Chance): Promise<DeviceUnderFire> {
    const device = new DeviceUnderFire(chance, await startRelayProcess({ data }), await startChromium())
    await device.#listen()
    await device.recover('the beginning')
    return device
  }

  get url(): string {
    return this.#relay.url
  }

  get promised(): ReadonlyMap<string, number> {
    return new Map(this.#kept)
  }

  /** Resolves when statuses have told so often that more is kept. */
  hears(times: number): Promise<void> {
    return new Promise((resolve) => {
      this.#hearing = { left: times, resolve }
    })
  }

  // Accidents.

  async crashTab(): Promise<void> {
    const tab = this.#chance.oneOf(this.#tabs)
    const devtools = await this.#browser.context.newCDPSession(tab)
    const crashed = tab.waitForEvent('crash')
    // Nobody is left to answer.
    devtools.send('Page.crash').catch(() => undefined)
    await crashed
    await tab.close()
    this.#tabs = this.#tabs.filter((other) => other !== tab)
    if (this.#frozen === tab) this.#frozen = undefined
  }

  async killBrowser(): Promise<void> {
    await this.#browser.killAndRestart()
    this.#tabs = []
    this.#frozen = undefined
    await this.#listen()
  }

  async killStorage(): Promise<void> {
    await this.#browser.killStorage()
  }

  async killRelay(): Promise<void> {
    await this.#relay.kill()
    this.#isRelayDead = true
  }

  async freezeTab(): Promise<void> {
    await this.thaw()
    this.#frozen = this.#chance.oneOf(this.#tabs)
    await this.#setLife(this.#frozen, 'frozen')
  }

  /** Sometimes the relay stays away for longer, and a tab frozen. */
  async recover(story: string): Promise<void> {
    if (this.#chance.between(0, 2) > 0) await this.reviveRelay()
    if (this.#chance.between(0, 1) === 0) await this.thaw()
    while (this.#tabs.length < tabs) await this.#openTab(story)
  }

  async thaw(): Promise<void> {
    const tab = this.#frozen
    this.#frozen = undefined
    if (tab !== undefined) await this.#setLife(tab, 'active')
  }

  async reviveRelay(): Promise<void> {
    if (!this.#isRelayDead) return
    this.#relay = await startRelayProcess({ data, port: this.#relay.port })
    this.#isRelayDead = false
    const awake = this.#tabs.filter((tab) => tab !== this.#frozen)
    await Promise.all(awake.map((tab) => tab.evaluate('script.retry()')))
  }

  /** When nobody types any more, and all is well again. */
  async savedEdits(): Promise<readonly string[]> {
    await Promise.all(this.#tabs.map((tab) => tab.close()))
    const page = await this.#openPage()
    await page.evaluate(`script.open('${this.url}', 'device')`)
    return page.evaluate('script.saved()')
  }

  /** All that was promised, each tab's edits in their order, none twice and none left out. */
  expectKept(edits: readonly string[], promised: ReadonlyMap<string, number>, story: string): void {
    const counts = new Map<string, number>()
    for (const edit of edits) {
      const [life = '', number] = edit.split(':')
      const count = (counts.get(life) ?? 0) + 1
      expect(Number(number), `${edit}; ${story}`).toBe(count)
      counts.set(life, count)
    }
    for (const [life, count] of promised)
      expect(counts.get(life) ?? 0, `kept of tab ${life}; ${story}`).toBeGreaterThanOrEqual(count)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]()
    await this.#relay.kill()
  }

  async #openTab(story: string): Promise<void> {
    const { promised } = this
    const tab = await this.#openPage()
    const edits: readonly string[] = await tab.evaluate(`script.open('${this.url}', 'device')`)
    this.expectKept(edits, promised, story)
    this.#lives += 1
    await tab.evaluate(`script.write('${this.#lives}', ${this.#chance.between(0, 2 ** 31 - 1)})`)
    this.#tabs.push(tab)
  }

  async #openPage(): Promise<Page> {
    const page = await this.#browser.open(site.url)
    await page.waitForFunction('window.script !== undefined')
    return page
  }

  async #setLife(tab: Page, state: 'frozen' | 'active'): Promise<void> {
    const devtools = await this.#browser.context.newCDPSession(tab)
    await devtools.send('Page.setWebLifecycleState', { state })
    await devtools.detach()
  }

  async #listen(): Promise<void> {
    await this.#browser.context.exposeBinding('heard', (_source, life: string, kept: number) =>
      this.#hear(life, kept),
    )
  }

  #hear(life: string, kept: number): void {
    this.#kept.set(life, Math.max(kept, this.#kept.get(life) ?? 0))
    if (this.#hearing === undefined) return
    this.#hearing.left -= 1
    if (this.#hearing.left > 0) return
    this.#hearing.resolve()
    this.#hearing = undefined
  }
}
