// rights.test.ts — the notebook where people sign in: who may only read, who may not, and whose token ends while they write.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../browser/chromium.ts'
import type { Chromium } from '../browser/chromium.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { NotebookPage } from './notebook-page.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
let relay: RelayProcess
let ann: Chromium

beforeAll(async () => {
  relay = await startRelayProcess({ words: ['--host', '0.0.0.0'] })
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await ann?.[Symbol.asyncDispose]()
})

test('[S1] who may only read makes no edit, and is told so; who may not read is told that [D3]', async () => {
  ann = await startChromium()
  const writer = await open(ann, await token('ann', ['--write', 'notebook*']))
  const id = await writer.begin('For readers')
  await writer.write('Words.')
  await writer.says('Saved')
  {
    await using ben = await startChromium()
    const reader = await open(ben, await token('ben', ['--read', 'notebook*']), id)
    await reader.shows('Words.')
    await reader.page.getByText('You may read this document, not write in it.').waitFor()
    expect(await reader.text.getAttribute('contenteditable')).toBe('false')
    expect(await reader.title.isEditable()).toBe(false)
    expect(await reader.button('New document').isDisabled()).toBe(true)
    await reader.says('Saved')
  }
  await using cem = await startChromium()
  const stranger = await open(cem, await token('cem', ['--read', 'notebook']), id)
  await stranger.page.getByText('You may not read this document.').waitFor()
  await stranger.says('Needs you')
  expect(await stranger.page.getByText('Words.').count()).toBe(0)
})

test('[L1] a token that ends while one writes is asked for, and what was written meanwhile is saved [D3]', async () => {
  ann = await startChromium()
  const key = await token('ann', ['--write', 'notebook*'])
  const page = await open(ann, key)
  await page.begin('Ended')
  await page.write('before ')
  await page.says('Saved')
  await revoke(key)
  await page.says('Needs you')
  await page.write('meanwhile')
  await page.page.getByRole('textbox', { name: 'Paste a new link, or a token' }).fill(await link('ann'))
  await page.button('Sign in').click()
  await page.says('Saved')
  await page.shows('before meanwhile')
})

test('[R1] who may write no more finds in the panel what was written meanwhile, to export and discard [D3]', async () => {
  ann = await startChromium()
  const key = await token('ann', ['--write', 'notebook*'])
  const page = await open(ann, key)
  await page.begin('Refused')
  await page.write('kept')
  await page.says('Saved')
  await page.openPanel()
  await page.button('Work offline').click()
  await page.closePanel()
  await page.write(' refused')
  await page.says(/^On this device only/)
  await revoke(key)
  await page.openPanel()
  await page.button('Go online').click()
  await page.closePanel()
  const readOnly = await token('ann', ['--read', 'notebook*'])
  await page.page.getByRole('textbox', { name: 'Paste a new link, or a token' }).fill(readOnly)
  await page.button('Sign in').click()
  await page.shows('kept')
  await page.page.getByText('You may read this document, not write in it.').waitFor()
  await page.says('Needs you')
  await page.openPanel()
  await page.page.getByRole('heading', { name: 'Refused changes' }).waitFor()
  const downloading = page.page.waitForEvent('download')
  await page.button('Export').click()
  const refused: { document: string; update: string }[] = JSON.parse(
    await readFile(await (await downloading).path(), 'utf8'),
  )
  const bytes = refused.map(({ update }) => Buffer.from(update, 'base64').toString('latin1')).join('')
  for (const letter of 'refused') expect(bytes).toContain(letter)
  await page.button('Discard').evaluateAll((buttons) => {
    for (const button of buttons) if (button instanceof HTMLElement) button.click()
  })
  await page.page.getByRole('heading', { name: 'Refused changes' }).waitFor({ state: 'detached' })
  await page.closePanel()
  await page.says('Saved')
})

async function open(browser: Chromium, key: string, id?: string): Promise<NotebookPage> {
  const first = await browser.open(`http://127.0.0.1:${relay.port}/#token=${key}`)
  await first.waitForURL(/\/notebook\/#/)
  expect(first.url()).not.toContain(key)
  await first.close()
  const page = await browser.open(
    `http://127.0.0.1:${relay.port}/notebook/#${id === undefined ? '' : `doc=${id}`}`,
  )
  return new NotebookPage(page)
}

async function link(subject: string): Promise<string> {
  return `http://127.0.0.1:${relay.port}/notebook/#token=${await token(subject, ['--write', 'notebook*'])}`
}

function token(subject: string, rights: readonly string[]): Promise<string> {
  return syncline('--subject', subject, ...rights, '--expires', '1h')
}

/** That one alone: of the same subject others may be made in the same second. */
async function revoke(key: string): Promise<void> {
  const [, said = ''] = key.split('.')
  const { jti }: { jti: string } = JSON.parse(Buffer.from(said, 'base64url').toString())
  await syncline('revoke', '--id', jti)
}

async function syncline(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    'token',
    ...words,
    '--data',
    relay.data,
  ])
  return stdout.trim()
}
