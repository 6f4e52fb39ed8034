// older.test.ts — what a page does with what it does not know: a newer version's nodes and marks, addresses that would run.
import { expect } from 'vitest'
import * as Y from 'yjs'
import { eventually } from '../eventually.ts'
import { StockClient } from '../stock-client.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'

test.concurrent.for([
  {
    what: 'a node',
    write: (prose: Y.XmlFragment) => prose.push([withText(new Y.XmlElement('timeline'), '1969')]),
  },
  {
    what: 'a node in a line',
    write: (prose: Y.XmlFragment) => {
      const paragraph = prose.get(0) as Y.XmlElement
      paragraph.push([new Y.XmlElement('mention')])
    },
  },
  {
    what: 'a mark',
    write: (prose: Y.XmlFragment) => {
      const text = (prose.get(0) as Y.XmlElement).get(0) as Y.XmlText
      text.format(0, 4, { sparkle: true })
    },
  },
  {
    what: 'a version',
    write: (prose: Y.XmlFragment) => prose.doc?.getMap('meta').set('schema', 2),
  },
])(
  '[D3] $what of a newer page, come while one writes: the older page shows it, and deletes nothing',
  async ({ what, write }, { ann, relay }) => {
    const page = await NotebookPage.open(ann, relay.port)
    const id = await page.begin(what)
    await page.write('Known words.')
    await page.says('Saved')
    using newer = new StockClient(relay.url, `notebook/${id}`)
    const prose = newer.doc.getXmlFragment('prose')
    await eventually([newer.doc], () => prose.toString().includes('Known words.'))
    newer.doc.transact(() => write(prose))
    await page.page.getByText('A new version is there.').waitFor()
    await page.page.getByText('Known words.').waitFor()
    expect(await page.text.getAttribute('contenteditable')).toBe('false')
    const before = prose.toString()
    await page.text.click()
    await page.page.keyboard.type('nothing of this')
    // Also who opens it anew, and whatever is written by others meanwhile.
    await page.page.reload()
    await page.page.getByText('A new version is there.').waitFor()
    newer.doc.transact(() => prose.push([withText(new Y.XmlElement('paragraph'), 'Later words.')]))
    await page.page.getByText('Later words.').waitFor()
    await page.react('Heart')
    const hearts = newer.doc.getMap('reactions')
    await eventually([newer.doc], () => hearts.size === 1)
    expect(prose.toString()).toBe(`${before}<paragraph>Later words.</paragraph>`)
  },
)

test.concurrent('[W1] addresses that would run, written straight into the document, do nothing', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const id = await page.begin('Inert')
  await page.says('Saved')
  using other = new StockClient(relay.url, `notebook/${id}`)
  await other.synced()
  const prose = other.doc.getXmlFragment('prose')
  const address = 'javascript:document.title="ran"'
  const link = new Y.XmlText()
  link.insert(0, 'a link', { link: { href: address } })
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [link])
  const image = new Y.XmlElement('image')
  image.setAttribute('src', address)
  prose.push([paragraph, image])
  await page.page.getByText('This image does not load: javascript:').waitFor()
  const shown = page.text.locator('a')
  expect(await shown.getAttribute('href')).toBe(null)
  await shown.click({ modifiers: ['ControlOrMeta'] })
  await page.write('on')
  await page.says('Saved')
  expect(await page.page.title()).toBe('Inert · Notebook')
  expect(ann.context.pages().filter((one) => one.url() !== 'about:blank').length).toBe(1)
})

function withText(element: Y.XmlElement, words: string): Y.XmlElement {
  element.insert(0, [new Y.XmlText(words)])
  return element
}
