// indexed-store.test.ts — the Store on Chromium's own IndexedDB: the contract, told to a page; and how fast a document
// opens that a killed tab left behind.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { StoreError } from '../../shared/store.ts'
import type { Batch, Entry, Range, Store } from '../../shared/store.ts'
import { storeContract } from '../store-contract.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let browser: Chromium
let site: ScriptPage
let page: Page

beforeAll(async () => {
  browser = await startChromium()
  site = await ScriptPage.serve(new URL('stores-script.ts', import.meta.url).pathname)
  page = await browser.open(site.url)
  await page.waitForFunction('window.script !== undefined')
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
})

let names = 0

storeContract('IndexedDB in Chromium', async () => {
  const name = `contract-${(names += 1)}`
  return {
    open: async () => storeInPage(await ask('open', name)),
    remove: () => ask('remove', name),
  }
})

test('10,000 rows that a killed tab left behind open at once', async () => {
  await page.evaluate(`script.leaveRows('ten-thousand', 10000)`)
  const opened = await browser.open(site.url)
  await opened.waitForFunction('window.script !== undefined')
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const { ms, length }: { ms: number; length: number } = await opened.evaluate(
      `script.openRows('ten-thousand')`,
    )
    expect(length).toBe(10_000)
    times.push(ms)
  }
  const best = Math.min(...times)
  // Under 150 ms where nothing else runs; y-indexeddb takes seconds.
  expect(best, `${times.map(Math.round).join(', ')} ms`).toBeLessThan(400)
}, 120_000)

function ask<Answer>(method: string, ...words: readonly unknown[]): Promise<Answer> {
  return page.evaluate(([name, all]) => Reflect.get(globalThis, 'script')[name](...all), [
    method,
    words,
  ] as const)
}

type Told<Value> =
  | { readonly value: Value }
  | { readonly code: string; readonly message: string; readonly outcome: string }

const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const decoded = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const bytesAsText = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { bytes: encoded(value) } : value

/** A store in the page; bytes travel as text. */
function storeInPage(number: number): Store {
  const tell = async <Value>(method: string, word?: unknown): Promise<Value> => {
    const told = await ask<Told<Value>>('call', number, method, JSON.stringify([word], bytesAsText))
    if ('value' in told) return told.value
    throw new StoreError(told.code as never, told.message, told.outcome as never)
  }
  const entryFrom = ([key, value]: readonly [string, string]): Entry => ({
    key: decoded(key),
    value: decoded(value),
  })
  return {
    write: (batch: Batch) => tell('write', batch),
    get: async (key: Uint8Array) => {
      const value = await tell<string | null>('get', key)
      return value === null ? undefined : decoded(value)
    },
    range: async (range: Range) => (await tell<(readonly [string, string])[]>('range', range)).map(entryFrom),
    close: () => tell('close'),
  }
}
