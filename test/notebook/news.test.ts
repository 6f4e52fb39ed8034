// news.test.ts — what changed while one was away: told, marked, and gone when one goes on writing.
import { expect } from 'vitest'
import { CutLine } from './cut-line.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'

test.concurrent('[T1] who comes back to a document is shown which parts changed', async ({
  ann,
  bob,
  relay,
}) => {
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('News')
  await atAnn.write('First.\nSecond.\nThird.')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  await atBob.shows('First.Second.Third.')
  await atBob.begin('Elsewhere')
  await atAnn.write('The very ', 'Control+Home')
  await atAnn.says('Saved')

  // Where Ann has rested for a while, there is a dot before the title.
  await atBob.page.getByRole('link', { name: /News/ }).click()
  await atBob.page.getByText('One part changed since you were here.').waitFor()
  expect(await atBob.news).toEqual(['The very First.'])
  // What comes while one looks is no news.
  await atAnn.write(' More.', 'Control+End')
  await atBob.shows('The very First.Second.Third. More.')
  expect(await atBob.news).toEqual(['The very First.'])
  await atBob.write(' Bob.', 'Control+End')
  await atBob.page.locator('.news-part').waitFor({ state: 'detached' })
})

test.concurrent('[T1] who was offline is shown what others wrote, and not what they wrote themselves', async ({
  ann,
  bob,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('Offline')
  await atAnn.write('First.\nSecond.\nThird.')
  const atBob = await NotebookPage.open(bob, line.port, id)
  await atBob.shows('First.Second.Third.')
  await atBob.says('Saved')
  line.cut()
  await atBob.says('Offline')
  await atBob.write(' From Bob.')
  await atAnn.write('From Ann. ', 'Control+Home')
  await atAnn.says('Saved')
  line.mend()
  await atBob.page.getByText('One part changed since you were here.').waitFor()
  expect(await atBob.news).toEqual(['From Ann. First.'])
  await atBob.button('Seen').click()
  await atBob.page.locator('.news-part').waitFor({ state: 'detached' })
})

test.concurrent('[T1] the list has a dot for what was written since one looked in, be it a moment later, and none at who wrote it', async ({
  ann,
  bob,
  relay,
}) => {
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('Dotted')
  await atAnn.write('First.')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  await atBob.shows('First.')
  await atBob.begin('Of Bob')
  await atBob.says('Saved')
  await atAnn.write(' Second.')
  await atAnn.page.getByRole('link', { name: /^Of Bob/ }).click()
  await atBob.page.getByRole('link', { name: /^Changed since you were here Dotted/ }).waitFor()
  await atAnn.says('Saved')
  expect(await atAnn.page.locator('.entry .news').count()).toBe(0)
})
