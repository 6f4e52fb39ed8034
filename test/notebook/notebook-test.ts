// notebook-test.ts — what a test of the notebook begins with: a relay and a browser for all of its file, and people's devices
// for itself alone. So tests run side by side, three at a time: each waits half of its time. Nothing on a device complained at
// the end, and nothing was asked for elsewhere.
/* oxlint-disable no-empty-pattern -- vitest reads there what a fixture needs: nothing. */
import { expect, test as plainTest, vi } from 'vitest'
import type { Browser } from 'playwright-core'
import { startChromium } from '../browser/chromium.ts'
import { startRelayProcess } from '../relay-process.ts'
import { Device } from './device.ts'

vi.setConfig({ maxConcurrency: 3 })

type OnCleanup = (cleanUp: () => Promise<void>) => void

async function device(
  { browser }: { browser: Browser },
  { onCleanup }: { onCleanup: OnCleanup },
): Promise<Device> {
  const begun = await Device.in(browser)
  onCleanup(async () => {
    await begun[Symbol.asyncDispose]()
    expect(begun.complaints).toEqual([])
    const elsewhere = begun.requested.filter(({ hostname }) => hostname !== '127.0.0.1')
    expect(elsewhere.map(String)).toEqual([])
  })
  return begun
}

export const test = plainTest
  .extend('relay', { scope: 'file' }, async ({}, { onCleanup }) => {
    const relay = await startRelayProcess()
    onCleanup(() => relay[Symbol.asyncDispose]())
    return relay
  })
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const chromium = await startChromium()
    onCleanup(() => chromium[Symbol.asyncDispose]())
    const browser = chromium.context.browser()
    if (browser === null) throw new Error('There is no browser behind this profile.')
    return browser
  })
  .extend('ann', device)
  .extend('bob', device)
  .extend('cem', device)
