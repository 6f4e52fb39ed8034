// kept.test.ts — the page itself where there is no network: opened from the root, told of a new version, and honest where a
// browser keeps no page.
import { expect } from 'vitest'
import * as Y from 'yjs'
import { startChromium } from '../browser/chromium.ts'
import { startRelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { CutLine } from './cut-line.ts'
import type { Device } from './device.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'
import { ProgramCopy } from './program-copy.ts'

test.concurrent('[D3] without a network the root leads to the notebook, and what was never opened here is there', async ({
  ann,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const elsewhere = await NotebookPage.open(ann, relay.port)
  await elsewhere.begin('From elsewhere')
  await elsewhere.paste({ 'text/plain': 'Brought along.' })
  await elsewhere.says('Saved')
  const comes = nextPageHears(ann, 'Brought along.')
  const page = await NotebookPage.open(ann, line.port)
  await comes
  await page.isKept()
  await page.openPanel()
  await page.page.getByText('being brought').waitFor({ state: 'detached' })
  line.cut()
  await page.page.goto(`http://127.0.0.1:${line.port}/`)
  await page.page.waitForURL(/\/notebook\//)
  await page.page.getByRole('link', { name: /^From elsewhere/ }).click()
  await page.shows('Brought along.')
  await page.says('Offline')
})

test.concurrent('[L1] a relay that comes again with a new version: the open page says so, goes on, and a reload without a network has it [D3]', async ({
  ann,
}) => {
  await using program = await ProgramCopy.make()
  await using relay = await program.start()
  const page = await NotebookPage.open(ann, relay.port)
  await page.isKept()
  // The first worker takes over from nobody.
  await page.page.reload()
  await page.begin('Open')
  await page.write('Before.')
  await page.says('Saved')
  await page.page.evaluate(() => Reflect.set(globalThis, 'isOldPage', true))

  await relay.kill()
  await program.renewPages('Choose a document', 'Pick a document')
  await using renewed = await program.start(relay.port)
  await page.page.getByText('A new version of this page is there.').waitFor()
  await page.choose(/^Actions for Open$/, 'Copy link')
  await page.page.getByText(/^(The link is copied\.|Copy this link)/).waitFor()
  expect(await page.page.getByText('A new version of this page is there.').count()).toBe(1)
  await page.write(' Meanwhile.')
  await page.says('Saved')
  expect(await page.page.evaluate(() => Reflect.get(globalThis, 'isOldPage'))).toBe(true)

  await renewed.kill()
  await page.button('Reload').click()
  await page.shows('Before. Meanwhile.')
  expect(await page.page.evaluate(() => Reflect.get(globalThis, 'isOldPage'))).toBe(undefined)
  await page.says('Offline')
  await page.page.goto(`http://127.0.0.1:${relay.port}/notebook/`)
  await page.page.getByText('Pick a document').waitFor()
})

test.concurrent('[L1] without a network the name of a page leads to it, under a path prefix too', async ({
  ann,
}) => {
  const under = await startRelayProcess({ words: ['--path-prefix', '/sync'] })
  const root = `http://127.0.0.1:${under.port}/sync`
  const page = new NotebookPage(await ann.open(`${root}/notebook/`))
  await page.isKept()
  await under[Symbol.asyncDispose]()
  for (const name of ['notebook', 'notes', 'stock']) {
    await page.page.goto(`${root}/${name}?doc=one#two`)
    await page.page.waitForURL(`${root}/${name}/?doc=one#two`)
    await page.page.getByRole('heading').or(page.page.getByRole('textbox')).first().waitFor()
  }
})

test.concurrent('[T1] where a browser keeps no page, as over plain http, that is said once, and stands in the panel', async ({
  ann,
  relay,
}) => {
  const first = await ann.context.newPage()
  await first.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'))
  await first.goto(`http://127.0.0.1:${relay.port}/notebook/`)
  await first.getByText('Over plain http a browser does not keep this page').waitFor()
  await first.reload()
  const page = new NotebookPage(first)
  await page.button('New document').waitFor()
  expect(await first.getByText('Over plain http').count()).toBe(0)
  await page.openPanel()
  await first.getByText('Over plain http').waitFor()
})

test.concurrent('[T1] who chose to work offline does so after a reload too, and is told, until they go online', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('By choice')
  await page.says('Saved')
  await page.openPanel()
  await page.button('Work offline').click()
  await page.page.getByText('You chose to work offline').waitFor()
  await page.page.reload()
  await page.page.getByText('You work offline, as you chose.').waitFor()
  await page.says('Working offline')
  await page.write('alone')
  await page.says(/^On this device only/)
  await page.openPanel()
  await page.page.getByText('You chose to work offline').waitFor()
  await page.button('Go online').click()
  await page.closePanel()
  await page.says('Saved')
  await page.page.reload()
  await page.shows('alone')
  await page.says('Saved')
})

test.concurrent('[T1] where a page may make no connection the panel says why, and when it is tried again', async ({
  ann,
  relay,
}) => {
  await ann.context.addInitScript(() => {
    globalThis.WebSocket = class extends EventTarget {
      constructor() {
        super()
        throw new DOMException('Not from here.', 'SecurityError')
      }
    } as unknown as typeof WebSocket
  })
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Unconnected')
  await page.says(/^On this device only/)
  await page.openPanel()
  await page.page
    .getByText('This browser lets the page make no connection: SecurityError: Not from here.')
    .waitFor()
  await page.page.getByText('The relay does not answer').first().waitFor()
  await page.page.getByText(/^Next try in \d+ s$/).waitFor()
})

test.concurrent('[T1] where a browser lets no site keep anything one writes all the same, and what goes with the tab is said', async ({
  ann,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  await using blocked = await startChromium({ keeps: false })
  const page = await NotebookPage.open(blocked, line.port)
  await page.page.getByText('This browser keeps nothing for this site').waitFor()
  await page.isCalled('Eve')
  const id = await page.begin('Not kept')
  await page.write('In this tab.')
  await page.says('Saved')
  const atAnn = await NotebookPage.open(ann, relay.port, id)
  await atAnn.shows('In this tab.')
  await atAnn.button('Follow Eve').waitFor()
  line.cut()
  await page.write(' Alone.')
  await page.says(/^In memory only: \d+ changes$/)
  await page.openPanel()
  await page.page.getByText('Your name and your sign-in go with this tab too').waitFor()
  expect(await page.page.getByText(/ of .+ used$/).count()).toBe(0)
  await page.closePanel()
  line.mend()
  await atAnn.shows('In this tab. Alone.')
  expect(blocked.complaints.filter((words) => !words.includes('net::ERR_'))).toEqual([])
})

test.concurrent('[T1] where a reload brings no page that knows a part of a document, that is said', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const id = await page.begin('From the future')
  await page.write('Known words.')
  await page.says('Saved')
  using newer = new StockClient(relay.url, `notebook/${id}`)
  await newer.synced()
  newer.doc.getXmlFragment('prose').push([new Y.XmlElement('timeline')])
  await page.page.getByText('Reload the page to write.').waitFor()
  await page.button('Reload').click()
  await page.page.getByText('This page is as new as the relay has it').waitFor()
  await page.shows('Known words.A part that this page does not know yet (timeline)')
})

/** Resolves when such words come over a socket of the page that is opened next. */
function nextPageHears({ context }: Device, words: string): Promise<void> {
  return new Promise((resolve) => {
    context.once('page', (page) =>
      page.on('websocket', (socket) =>
        socket.on('framereceived', ({ payload }) => {
          if (payload.includes(words)) resolve()
        }),
      ),
    )
  })
}
