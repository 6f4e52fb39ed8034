// rights.test.ts — the notebook where people sign in: who may only read, who may not, and whose token ends while they write.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import type { Device } from './device.ts'
import { NotebookPage } from './notebook-page.ts'
import { test as notebookTest } from './notebook-test.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

// oxlint-disable-next-line no-empty-pattern -- vitest reads there what a fixture needs: nothing.
const test = notebookTest.override('relay', { scope: 'file' }, async ({}, { onCleanup }) => {
  const relay = await startRelayProcess({ words: ['--host', '0.0.0.0'] })
  onCleanup(() => relay[Symbol.asyncDispose]())
  return relay
})

test.concurrent('[S1] who may only read makes no edit, and is told so; who may not read is told that [D3]', async ({
  ann,
  bob,
  cem,
  relay,
}) => {
  const writer = await open(relay, ann, await token(relay, 'ann', ['--write', 'notebook*']))
  const id = await writer.begin('For readers')
  await writer.write('Words.')
  await writer.says('Saved')
  const reader = await open(relay, bob, await token(relay, 'bob', ['--read', 'notebook*']), id)
  await reader.shows('Words.')
  await reader.page.getByText('You may read this document, not write in it.').waitFor()
  expect(await reader.text.getAttribute('contenteditable')).toBe('false')
  expect(await reader.title.isEditable()).toBe(false)
  expect(await reader.button('New document').isDisabled()).toBe(true)
  // Nor is anything offered that would be one.
  await reader.button('Actions for For readers').click()
  expect(await reader.page.getByRole('menuitem').allTextContents()).toEqual([
    'Copy link',
    'Export as Markdown',
    'Export as HTML',
  ])
  await reader.page.keyboard.press('Escape')
  await reader.says('Saved')
  await writer.choose(/^Actions for For readers$/, 'Move to trash')
  await reader.page.getByText('This document is in the trash.').waitFor()
  expect(await reader.button('Bring back').count()).toBe(0)
  expect(await writer.title.isEditable()).toBe(false)
  await reader.says('Saved')
  const stranger = await open(relay, cem, await token(relay, 'cem', ['--read', 'notebook']), id)
  await stranger.page.getByText('You may not read this document.').waitFor()
  await stranger.says('Needs you')
  expect(await stranger.page.getByText('Words.').count()).toBe(0)
})

test.concurrent('[L1] a token that ends while one writes is asked for, and what was written meanwhile is saved [D3]', async ({
  ann,
  relay,
}) => {
  const key = await token(relay, 'ann', ['--write', 'notebook*'])
  const page = await open(relay, ann, key)
  await page.begin('Ended')
  await page.write('before ')
  await page.says('Saved')
  await revoke(relay, key)
  await page.says('Needs you')
  await page.write('meanwhile')
  await page.page
    .getByRole('textbox', { name: 'Paste a new link, or a token' })
    .fill(await link(relay, 'ann'))
  await page.button('Sign in').click()
  await page.says('Saved')
  await page.shows('before meanwhile')
})

test.concurrent('[R1] who may write no more finds in the panel what was written meanwhile, to export and discard [D3]', async ({
  ann,
  relay,
}) => {
  const key = await token(relay, 'ann', ['--write', 'notebook*'])
  const page = await open(relay, ann, key)
  await page.begin('Refused')
  await page.write('kept')
  await page.says('Saved')
  await page.openPanel()
  await page.button('Work offline').click()
  await page.closePanel()
  await page.write(' refused')
  await page.says(/^On this device only/)
  await revoke(relay, key)
  await page.openPanel()
  await page.button('Go online').click()
  await page.closePanel()
  const readOnly = await token(relay, 'ann', ['--read', 'notebook*'])
  await page.page.getByRole('textbox', { name: 'Paste a new link, or a token' }).fill(readOnly)
  await page.button('Sign in').click()
  await page.shows('kept')
  await page.page.getByText('You may read this document, not write in it.').waitFor()
  await page.says('Needs you')
  await page.openPanel()
  await page.page.getByRole('heading', { name: 'Refused changes' }).waitFor()
  // The list, too, was to hear that somebody wrote, and it may hear of it later than the document.
  await page.page
    .getByRole('listitem')
    .filter({ hasText: 'The list of documents' })
    .getByRole('button', { name: 'Discard' })
    .waitFor()
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

test.concurrent('[S1] a link that is copied opens the document on another device, and says that it carries the token', async ({
  ann,
  bob,
  cem,
  relay,
}) => {
  await ann.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const key = await token(relay, 'ann', ['--write', 'notebook*'])
  const atAnn = await open(relay, ann, key)
  const id = await atAnn.begin('Shared')
  await atAnn.write('Come in.')
  await atAnn.says('Saved')
  await atAnn.choose(/^Actions for Shared$/, 'Copy link')
  await atAnn.page.getByText('whoever has it is let in as you are').waitFor()
  const copied = await atAnn.page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toBe(`http://127.0.0.1:${relay.port}/notebook/#doc=${id}&token=${key}`)

  const atBob = new NotebookPage(await bob.open(copied))
  await atBob.shows('Come in.')
  expect(atBob.page.url()).toBe(`http://127.0.0.1:${relay.port}/notebook/#doc=${id}`)
  // The token is kept, and that document was no visit alone.
  await atBob.page.reload()
  await atBob.shows('Come in.')
  await atBob.write(' Thank you.')
  await atAnn.shows('Come in. Thank you.')

  // Over plain http a page has no clipboard.
  await cem.context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'clipboard'))
  const atCem = new NotebookPage(await cem.open(copied))
  await atCem.shows('Come in. Thank you.')
  await atCem.choose(/^Actions for Shared$/, 'Copy link')
  await atCem.page.getByText(`Copy this link: ${copied}`).waitFor()
})

async function open(relay: RelayProcess, device: Device, key: string, id?: string): Promise<NotebookPage> {
  const page = await device.open(`http://127.0.0.1:${relay.port}/#token=${key}`)
  await page.waitForURL(/\/notebook\/#/)
  expect(page.url()).not.toContain(key)
  if (id !== undefined) await page.goto(`http://127.0.0.1:${relay.port}/notebook/#doc=${id}`)
  return new NotebookPage(page)
}

async function link(relay: RelayProcess, subject: string): Promise<string> {
  return `http://127.0.0.1:${relay.port}/notebook/#token=${await token(relay, subject, ['--write', 'notebook*'])}`
}

function token(relay: RelayProcess, subject: string, rights: readonly string[]): Promise<string> {
  return syncline(relay, '--subject', subject, ...rights, '--expires', '1h')
}

/** That one alone: of the same subject others may be made in the same second. */
async function revoke(relay: RelayProcess, key: string): Promise<void> {
  const [, said = ''] = key.split('.')
  const { jti }: { jti: string } = JSON.parse(Buffer.from(said, 'base64url').toString())
  await syncline(relay, 'revoke', '--id', jti)
}

async function syncline(relay: RelayProcess, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    'token',
    ...words,
    '--data',
    relay.data,
  ])
  return stdout.trim()
}
