// store.ts — what the store of a device costs a browser, beside y-indexeddb in the same Chromium: one session written
// through each and opened again, as a tab that was killed left it and after it was made small; many small documents; what
// openings and tabs leave behind.
import type { Page } from 'playwright-core'
import { crash, ScriptedBrowser } from './browser.ts'
import { median } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { Server } from './server.ts'
import type { Kind, Opened, Size } from './store-script.ts'
import { strokesOf } from './strokes.ts'
import type { Target } from './target.ts'

const script = new URL('../../bench/store-script.ts', import.meta.url)
const kinds: readonly Kind[] = ['y-indexeddb', 'ours']
const keys = 10_000
const rounds = 5
const smallDocuments = 200
const openings = 1_000
const tabs = 3
const remoteEdits = 100

export const store: Bench = {
  name: 'store',
  about: `in Chromium, beside y-indexeddb: ${keys} keys as a killed tab leaves them and made small, small documents`,
  targets: ['native'],
  measure,
}

async function measure(target: Target, { traces }: Load): Promise<Measured> {
  await using browser = await ScriptedBrowser.start(script)
  await using server = await Server.start(target)
  const relay = `ws://127.0.0.1:${server.port}`
  const session = strokesOf('automerge-paper', keys, 1, traces).updates.map((update) =>
    Buffer.from(update).toString('base64'),
  )
  const killed = (kind: Kind): string => `killed, ${kind}`
  const small = (kind: Kind): string => `small, ${kind}`
  return {
    ...(await beside('killed', async (kind) => {
      const page = await browser.open()
      await ask(page, 'write', kind, killed(kind), session)
      await crash(page)
      return openedAgain(browser, 'open', kind, killed(kind))
    })),
    ...(await beside('made small', async (kind) => {
      await askNew(browser, 'compact', kind, killed(kind), relay)
      return openedAgain(browser, 'open', kind, killed(kind))
    })),
    ...(await beside(`${smallDocuments} small`, async (kind) => {
      await askNew(browser, 'writeSmall', kind, small(kind), smallDocuments)
      return openedAgain(browser, 'openSmall', kind, small(kind), smallDocuments)
    })),
    ...(await leftByOpenings(browser, session.slice(0, 1))),
    ...(await keptByTabs(browser, relay, session.slice(0, 1 + remoteEdits))),
  }
}

type Again = { readonly ms: number; readonly structure: string }

/** Throws unless both have the same in them. */
async function beside(what: string, measureOne: (kind: Kind) => Promise<Again>): Promise<Measured> {
  const theirs = await measureOne('y-indexeddb')
  const ours = await measureOne('ours')
  if (ours.structure !== theirs.structure) throw new Error(`${what}: they do not have the same in them.`)
  return {
    [`${what}: y-indexeddb, ms`]: theirs.ms,
    [`${what}: ours, ms`]: ours.ms,
    [`${what}: ours / y-indexeddb`]: ours.ms / theirs.ms,
  }
}

/** In a new page each time. */
async function openedAgain(
  browser: ScriptedBrowser,
  method: string,
  ...words: readonly unknown[]
): Promise<Again> {
  const found: Opened[] = []
  for (let round = 0; round < rounds; round++) found.push(await askNew<Opened>(browser, method, ...words))
  const structures = new Set(found.map(({ structure }) => structure))
  if (structures.size !== 1) throw new Error(`${words.join()}: it opens as something else each time.`)
  return { ms: median(found.map(({ ms }) => ms)), structure: [...structures].join() }
}

async function leftByOpenings(browser: ScriptedBrowser, session: readonly string[]): Promise<Measured> {
  const figures: Record<string, number> = {}
  for (const kind of kinds) {
    const name = `often, ${kind}`
    await askNew(browser, 'write', kind, name, session)
    // The first opening says what the device is.
    await askNew(browser, 'open', kind, name)
    const before = await askNew<Size>(browser, 'sizeOf', kind, name)
    await askNew(browser, 'openOften', kind, name, openings)
    const after = await askNew<Size>(browser, 'sizeOf', kind, name)
    figures[`${openings} openings: ${kind}, rows more`] = after.rows - before.rows
    figures[`${openings} openings: ${kind}, bytes more`] = after.bytes - before.bytes
  }
  return figures
}

/** What somebody else writes while three tabs have it open. */
async function keptByTabs(
  browser: ScriptedBrowser,
  relay: string,
  session: readonly string[],
): Promise<Measured> {
  const figures: Record<string, number> = {}
  const document = 'tabs'
  for (const kind of kinds) {
    const name = `${document}, ${kind}`
    const following = await Promise.all(Array.from({ length: tabs }, () => browser.open()))
    for (const page of following) await ask(page, 'follow', kind, name, document, relay)
    const elsewhere = await browser.open()
    await ask(elsewhere, 'follow', 'ours', 'elsewhere', document, relay)
    // A provider hands what it hears to each tab; ours hears it once.
    const hearing = kind === 'ours' ? [elsewhere] : following
    const hear = async (updates: readonly string[]): Promise<void> => {
      await Promise.all(hearing.map((page) => ask(page, 'hear', updates)))
      const structures = await Promise.all(hearing.map((page) => ask<string>(page, 'heard')))
      const shown = `script.heard() === ${JSON.stringify(structures[0])}`
      await Promise.all(following.map((page) => page.waitForFunction(shown)))
    }
    await hear(session.slice(0, 1))
    const before = await askNew<Size>(browser, 'sizeOf', kind, name)
    await hear(session.slice(1, 1 + remoteEdits))
    const after = await askNew<Size>(browser, 'sizeOf', kind, name)
    figures[`${tabs} tabs, ${remoteEdits} remote edits: ${kind}, rows`] = after.rows - before.rows
    await Promise.all([...following, elsewhere].map((page) => page.close()))
  }
  return figures
}

async function askNew<Answer>(
  browser: ScriptedBrowser,
  method: string,
  ...words: readonly unknown[]
): Promise<Answer> {
  const page = await browser.open()
  const answer = await ask<Answer>(page, method, ...words)
  await page.close()
  return answer
}

function ask<Answer>(page: Page, method: string, ...words: readonly unknown[]): Promise<Answer> {
  return page.evaluate(([name, all]) => Reflect.get(globalThis, 'script')[name](...all), [
    method,
    words,
  ] as const)
}
