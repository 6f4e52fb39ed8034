// signing-in.test.ts — the notebook and tokens that are no good: broken, somebody else's, or none at all.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { NotebookPage } from './notebook-page.ts'
import { test as notebookTest } from './notebook-test.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))

// oxlint-disable-next-line no-empty-pattern -- vitest reads there what a fixture needs: nothing.
const test = notebookTest.override('relay', { scope: 'file' }, async ({}, { onCleanup }) => {
  const relay = await startRelayProcess({ words: ['--host', '0.0.0.0'] })
  onCleanup(() => relay[Symbol.asyncDispose]())
  return relay
})

const aNotice = 'You are signed in as before.'

test.concurrent('[L1] a link with a broken token, or somebody else’s, signs nobody out, and says so [D3]', async ({
  ann,
  relay,
}) => {
  const { page } = new NotebookPage(await ann.open(linkOf(relay, await token(relay, 'ann'))))
  const notebook = new NotebookPage(page)
  const id = await notebook.begin('Mine')
  await notebook.write('one')
  await notebook.says('Saved')
  for (const other of ['junk', await token(relay, 'bob')]) {
    await page.goto('about:blank')
    await page.goto(`${linkOf(relay, other)}&doc=${id}`)
    await page.getByText(aNotice).waitFor()
    await notebook.write(' more')
    await notebook.says('Saved')
    expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(0)
  }
  await page.reload()
  await notebook.shows('one more more')
  await notebook.says('Saved')
  expect(await page.getByText(aNotice).count()).toBe(0)
})

test.concurrent('[T1] who never signed in is asked who they are, and a wrong token is answered', async ({
  ann,
  relay,
}) => {
  const { page } = new NotebookPage(await ann.open(`http://127.0.0.1:${relay.port}/notebook/`))
  const field = page.getByRole('textbox', { name: 'Paste a new link, or a token' })
  await page.getByText('The relay wants to know who you are.').waitFor()
  // A phone shows the list alone.
  await page.setViewportSize({ width: 390, height: 780 })
  await field.fill('junk')
  await field.press('Enter')
  await page.getByText('The relay does not take this token.').waitFor()
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
  await field.fill(linkOf(relay, await token(relay, 'ann')))
  const button = page.getByRole('button', { name: 'Sign in' })
  expect((await button.boundingBox())?.width).toBeGreaterThan(60)
  await button.click()
  await field.waitFor({ state: 'detached' })
  const notebook = new NotebookPage(page)
  await notebook.begin('Let in')
  await notebook.says('Saved')
})

test.concurrent('[S1] who signs in as somebody else writes nothing in their name, and finds the way back [L1]', async ({
  ann,
  relay,
}) => {
  const key = await token(relay, 'ann')
  const page = await ann.open(linkOf(relay, key))
  const notebook = new NotebookPage(page)
  const id = await notebook.begin('Ann’s')
  await notebook.write('Ann’s words.')
  await notebook.says('Saved')
  await revoke(relay, key)
  await page.getByText('The relay does not take your sign-in any more.').waitFor()
  await signIn(notebook, await token(relay, 'bob'))
  await page.getByText('You signed in as somebody else.').waitFor()
  await notebook.page.locator('.ProseMirror[contenteditable=false]').waitFor()
  expect(await notebook.title.isEditable()).toBe(false)
  expect(await notebook.button('New document').isDisabled()).toBe(true)
  await signIn(notebook, await token(relay, 'ann'))
  await page.getByText('You signed in as somebody else.').waitFor({ state: 'detached' })
  await notebook.page.locator('.ProseMirror[contenteditable=true]').waitFor()
  await notebook.write(' And more.')
  await notebook.says('Saved')
  expect(notebook.id).toBe(id)
})

function linkOf(relay: RelayProcess, key: string): string {
  return `http://127.0.0.1:${relay.port}/notebook/#token=${key}`
}

async function signIn({ page }: NotebookPage, words: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Paste a new link, or a token' }).fill(words)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

function token(relay: RelayProcess, subject: string): Promise<string> {
  return syncline(relay, '--subject', subject, '--write', 'notebook*', '--expires', '1h')
}

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
