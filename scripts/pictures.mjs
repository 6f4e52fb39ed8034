// pictures.mjs — node scripts/pictures.mjs: docs/pictures/, taken of the notebook as it runs, with two people in it. Needs
// what npm run build makes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { ensureChromium } from './chromium.mjs'
import { root } from './run.mjs'

const folder = join(root, 'docs', 'pictures')
const wide = { viewport: { width: 1200, height: 760 } }
const phone = { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }
const note = `# What to bring
We leave on Friday at seven. The hut has no network, so **write it down here** before we go.
[ ] Tent and pegs
Stove, two gas cans
Map 1:25,000

> If it rains, we take the valley.`

mkdirSync(folder, { recursive: true })
const data = mkdtempSync(join(tmpdir(), 'syncline-pictures-'))
const relay = await startRelay()
const browser = await chromium.launch({
  executablePath: await ensureChromium(),
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  await takeAll()
} finally {
  await browser.close()
  relay.program.kill()
  rmSync(data, { recursive: true, force: true })
}

async function takeAll() {
  const ann = await person('Ann', '#0b7285', wide)
  await write(ann, 'Reading list', 'Three books for the winter.')
  await write(ann, 'Weekend in the hills', note)
  const bob = await person('Bob', '#b5490b', { ...wide, colorScheme: 'dark' }, ann.url())
  await bob.getByText('Stove, two gas cans', { exact: true }).click()
  await bob.keyboard.press('End')
  await bob.keyboard.type(', matches')
  await ann.locator('p', { hasText: 'matches' }).waitFor()
  await ann.getByRole('button', { name: /^Heart/ }).click()
  await bob.getByRole('button', { name: /^Heart, 1/ }).click()
  await bob.locator('p', { hasText: 'Stove, two' }).click()
  await ann.locator('.caret').waitFor()
  await ann.getByText('Map 1:25,000', { exact: true }).click()
  await bob.locator('.caret').waitFor()
  await saved(ann)
  await take(ann, 'editor')
  await saved(bob)
  await take(bob, 'dark')

  const small = await person('Cem', '#2b6e3f', phone, ann.url())
  await small.getByText('Tent and pegs', { exact: true }).waitFor()
  await saved(small)
  await take(small, 'phone')
  await small.getByRole('link', { name: 'Back to the documents' }).click()
  await take(small, 'phone-list')
  await small.close()

  const ended = once(relay.program, 'exit')
  relay.program.kill()
  await ended
  await ann.getByText('Map 1:25,000', { exact: true }).click()
  await ann.keyboard.press('End')
  await ann.keyboard.type(' and a compass')
  await ann.locator('.indicator:visible', { hasText: 'On this device only' }).click()
  await ann.getByRole('dialog').waitFor()
  // The plots have something to show when they had a few samples.
  await ann.waitForTimeout(6_000)
  await take(ann, 'panel')
  await ann.keyboard.press('Escape')
  await take(ann, 'offline')
}

async function person(name, color, options, url = `http://127.0.0.1:${relay.port}/`) {
  const context = await browser.newContext(options)
  await context.addInitScript(
    (kept) => localStorage.setItem('syncline-person', kept),
    JSON.stringify({ name, color }),
  )
  const page = await context.newPage()
  await page.goto(url)
  await page.locator('.ProseMirror').waitFor()
  return page
}

async function write(page, title, text) {
  await page.getByRole('button', { name: 'New document' }).click()
  await page.locator('.title:focus').fill(title)
  await page.keyboard.press('Enter')
  await page.locator('.ProseMirror:focus').waitFor()
  await page.keyboard.type(text)
}

async function saved(page) {
  await page.locator('.indicator:visible', { hasText: 'Saved' }).waitFor()
}

async function take(page, name) {
  // To hide the caret it would write into the text's elements, which the editor takes for typing.
  await page.screenshot({ path: join(folder, `${name}.png`), caret: 'initial' })
  console.log(`docs/pictures/${name}.png`)
}

async function startRelay() {
  const words = [join(root, 'dist/server/main.js'), 'serve', '--port', '0', '--data', data]
  const program = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    program.once('exit', () => reject(new Error('The relay ended before it listened.')))
    program.stdout.on('data', (chunk) => {
      const address = /127\.0\.0\.1:(\d+)/.exec(String(chunk))
      if (address !== null) resolve({ program, port: Number(address[1]) })
    })
  })
}
