// leftovers.test.ts — words that one writes into a paragraph while another, who has not seen them, makes it a heading or
// removes it: both are shown them, once, and either puts them back or discards them, for both.
import axe from 'axe-core'
import { expect } from 'vitest'
import type { Locator } from 'playwright-core'
import { eventually } from '../eventually.ts'
import { StockClient } from '../stock-client.ts'
import { CutLine } from './cut-line.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'

const note = ({ page }: NotebookPage): Locator =>
  page.getByRole('region', { name: 'Words that are not in the text' })

const pieces = (page: NotebookPage): Promise<string[]> => note(page).locator('blockquote').allTextContents()

/** As a browser tells it: nobody waits for the next try. */
const networkIsBack = ({ page }: NotebookPage): Promise<unknown> =>
  page.evaluate(() => dispatchEvent(new Event('online')))

const isGone = (page: NotebookPage): Promise<void> => note(page).waitFor({ state: 'detached' })

test.concurrent('[D3] one writes offline in what another makes a heading: both are shown the words, also after a reload, and one puts them back', async ({
  ann,
  bob,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('Unseen')
  await atAnn.write('Above.\nShared.\nBelow.')
  await atAnn.says('Saved')
  const atBob = await NotebookPage.open(bob, line.port, id)
  await atBob.shows('Above.Shared.Below.')
  await atBob.isKept()

  line.cut()
  await atBob.text.getByText('Shared.').click()
  await atBob.page.keyboard.press('End')
  await atBob.page.keyboard.type(' Mine,, ')
  await atBob.page.keyboard.press('Backspace')
  await atBob.page.keyboard.press('Backspace')
  await atBob.page.keyboard.type(' and more.')
  await atBob.says(/^On this device only: \d+ changes$/)
  await atAnn.text.getByText('Shared.').click()
  await atAnn.button('Heading 1').click()
  await atAnn.text.locator('h1').waitFor()
  await atAnn.says('Saved')
  await atBob.page.reload()
  await atBob.shows('Above.Shared. Mine, and more.Below.')
  expect(await note(atBob).count()).toBe(0)

  line.mend()
  await networkIsBack(atBob)
  const both = [atAnn, atBob]
  await Promise.all(both.map((page) => note(page).waitFor()))
  await Promise.all(both.map((page) => page.says('Saved')))
  for (const page of both) {
    expect(await pieces(page)).toEqual([' Mine, and more.'])
    await page.shows('Above.Shared.Below.')
  }
  await atBob.page.evaluate(axe.source)
  const { violations } = await atBob.page.evaluate<{ violations: { id: string }[] }>('axe.run()')
  expect(violations.map((violation) => violation.id)).toEqual([])
  await note(atAnn).getByRole('button', { name: 'Put back' }).focus()
  await atAnn.page.keyboard.press('Enter')
  await atAnn.page.locator('.ProseMirror:focus').waitFor()
  await Promise.all(both.map((page) => page.shows('Above.Shared.Mine, and more.Below.')))
  await Promise.all(both.map(isGone))
  expect(await atBob.text.locator('h1 + p').textContent()).toBe('Mine, and more.')

  // What was dealt with is noticed again where the document is opened again, and stays as it was dealt with.
  await Promise.all(both.map((page) => page.says('Saved')))
  await atBob.page.reload()
  await atBob.shows('Above.Shared.Mine, and more.Below.')
  await atBob.says('Saved')
  expect(await note(atBob).count()).toBe(0)
})

test.concurrent('[D3] who wrote is gone before who removed it comes back: the words wait for both, until one discards them', async ({
  ann,
  bob,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const atAnn = await NotebookPage.open(ann, line.port)
  const id = await atAnn.begin('Left')
  await atAnn.write('Above.\nShared.')
  await atAnn.says('Saved')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  await atBob.shows('Above.Shared.')
  line.cut()
  await atAnn.text.getByText('Shared.').click()
  await atAnn.button('Quote').click()
  await atAnn.text.locator('blockquote').waitFor()
  await atBob.write(' From Bob.')
  using reader = new StockClient(relay.url, `notebook/${id}`)
  const prose = reader.doc.getXmlFragment('prose')
  await eventually([reader.doc], () => prose.toString().includes('Shared. From Bob.'))
  await atBob.page.close()

  line.mend()
  await networkIsBack(atAnn)
  await note(atAnn).waitFor()
  await atAnn.says('Saved')
  expect(await pieces(atAnn)).toEqual([' From Bob.'])
  await atAnn.shows('Above.Shared.')
  const again = await NotebookPage.open(bob, relay.port, id)
  await note(again).waitFor()
  expect(await pieces(again)).toEqual([' From Bob.'])
  await note(again).getByRole('button', { name: 'Discard' }).click()
  await Promise.all([isGone(again), isGone(atAnn)])
  await again.shows('Above.Shared.')
})
