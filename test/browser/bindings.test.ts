// bindings.test.ts — editors that others made, bound to a SynclineProvider as they are bound to y-websocket's: two people
// with a browser each, one document, one of them offline for a while.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { startChromium } from './chromium.ts'
import type { Chromium } from './chromium.ts'
import { ScriptPage } from './script.ts'

let ann: Chromium
let bob: Chromium
let relay: RelayProcess
let site: ScriptPage

beforeAll(async () => {
  site = await ScriptPage.serve(new URL('bindings-script.ts', import.meta.url).pathname)
  relay = await startRelayProcess()
  ann = await startChromium()
  bob = await startChromium()
})

afterAll(async () => {
  await Promise.all([ann?.[Symbol.asyncDispose](), bob?.[Symbol.asyncDispose]()])
  await site?.[Symbol.asyncDispose]()
  await relay?.[Symbol.asyncDispose]()
})

test.each(['CodeMirror', 'TipTap', 'Quill'])(
  '[C1] two people write in %s, see each other’s caret, and meet again after one was offline [P1] [T1]',
  async (editor) => {
    const [atAnn, atBob] = await Promise.all([
      openEditor(ann, editor, { name: 'Ann', color: '#aa3300' }),
      openEditor(bob, editor, { name: 'Bob', color: '#0033aa' }),
    ])
    await Promise.all([atAnn, atBob].map((page) => until(page, 'script.isSynced()')))
    expect(await atAnn.evaluate('script.takeTold()')).toEqual(['connecting', 'connected', 'synced'])

    await write(atAnn, 'From Ann.')
    await showsWords(atBob, 'From Ann.')
    await showsCarets(atBob, ['Ann'])
    await write(atBob, ' From Bob.')
    await showsWords(atAnn, 'From Ann. From Bob.')
    await showsCarets(atAnn, ['Bob'])

    await atBob.evaluate('script.goOffline()')
    await until(atBob, '!script.isSynced()')
    await write(atBob, ' Bob alone.')
    await write(atAnn, 'Ann alone. ', 'Control+Home')
    await showsWords(atBob, 'From Ann. From Bob. Bob alone.')
    await showsWords(atAnn, 'Ann alone. From Ann. From Bob.')
    await atBob.evaluate('script.comeBack()')
    const both = 'Ann alone. From Ann. From Bob. Bob alone.'
    await Promise.all([showsWords(atAnn, both), showsWords(atBob, both)])
    await until(atBob, 'script.isSynced()')
    expect(await atBob.evaluate('script.takeTold().slice(3)')).toEqual([
      'not synced',
      'disconnected',
      'connecting',
      'connected',
      'synced',
    ])
    expect(await Promise.all([atAnn, atBob].map((page) => page.evaluate('script.saved()')))).toEqual([
      true,
      true,
    ])
    expect(await atAnn.evaluate('script.structure()')).toBe(await atBob.evaluate('script.structure()'))
    await Promise.all([showsCarets(atAnn, ['Bob']), showsCarets(atBob, ['Ann'])])

    await atBob.evaluate('script.leave()')
    await showsCarets(atAnn, [])
    await Promise.all([atAnn.close(), atBob.close()])
    expect([...ann.complaints.splice(0), ...bob.complaints.splice(0)]).toEqual([])
  },
)

test.each(['CodeMirror', 'TipTap', 'Quill'])(
  '[R1] bound anew after a refusal, %s shows what the others see, and one writes on',
  async (editor) => {
    const name = `${editor}, refused`
    const atAnn = await openEditor(ann, editor, { name: 'Ann', color: '#aa3300' }, name)
    const atBob = await openEditor(bob, editor, { name: 'Bob', color: '#0033aa' }, name)
    await write(atAnn, 'Mine.')
    await showsWords(atBob, 'Mine.')
    expect(await atAnn.evaluate('script.saved()')).toBe(true)
    const client = Number(await atAnn.evaluate('script.client()'))
    await atBob.evaluate(`script.speakFor(${client})`)
    await until(atBob, `script.takeTold().includes('rebuilt')`)
    await showsWords(atBob, 'Mine.')
    await showsCarets(atBob, ['Ann'])
    await write(atBob, ' And yours.')
    await showsWords(atAnn, 'Mine. And yours.')
    await showsCarets(atAnn, ['Bob'])
    await Promise.all([atAnn.close(), atBob.close()])
    expect([...ann.complaints.splice(0), ...bob.complaints.splice(0)]).toEqual([])
  },
)

type Person = { readonly name: string; readonly color: string }

async function openEditor(browser: Chromium, editor: string, person: Person, name = editor): Promise<Page> {
  const page = await browser.open(site.url)
  await until(page, 'window.script !== undefined')
  const words = [editor, relay.url, name, person].map((word) => JSON.stringify(word))
  await page.evaluate(`script.open(${words.join(', ')})`)
  return page
}

async function write(page: Page, words: string, where = 'Control+End'): Promise<void> {
  await page.locator('main [contenteditable=true]').focus()
  await page.keyboard.press(where)
  await page.keyboard.type(words)
}

function showsWords(page: Page, words: string): Promise<unknown> {
  return until(page, `script.words() === ${JSON.stringify(words)}`)
}

function showsCarets(page: Page, names: readonly string[]): Promise<unknown> {
  return until(page, `JSON.stringify(script.carets()) === ${JSON.stringify(JSON.stringify(names))}`)
}

function until(page: Page, holds: string): Promise<unknown> {
  return page.waitForFunction(holds)
}
