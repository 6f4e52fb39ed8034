// older.test.ts — what a page does with what it does not know, or not there: a newer version's nodes and marks, known ones in
// places of their own, addresses that would run.
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
    what: 'an attribute',
    write: (prose: Y.XmlFragment) => (prose.get(0) as Y.XmlElement).setAttribute('textAlign', 'center'),
  },
  {
    what: 'an attribute of a mark',
    write: (prose: Y.XmlFragment) => {
      const text = (prose.get(0) as Y.XmlElement).get(0) as Y.XmlText
      text.format(0, 4, { bold: { weight: 600 } })
    },
  },
  {
    what: 'an embed',
    write: (prose: Y.XmlFragment) => {
      const text = (prose.get(0) as Y.XmlElement).get(0) as Y.XmlText
      text.insertEmbed(12, { chart: 1 })
    },
  },
  {
    what: 'a hook',
    // Not among what Yjs' types let in there, and let in all the same.
    write: (prose: Y.XmlFragment) => prose.push([new Y.XmlHook('thing') as unknown as Y.XmlElement]),
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

test.concurrent.for([
  { what: 'bold in a code block', part: () => node('codeBlock', bold('let')), after: 'p' },
  {
    what: 'a heading in a list item',
    part: () => node('bulletList', node('listItem', node('heading', new Y.XmlText('let')))),
    after: 'h1',
  },
  {
    what: 'a paragraph in a paragraph',
    part: () => node('paragraph', node('paragraph', bold('let'))),
    after: 'p',
  },
  { what: 'a row without a table', part: () => node('tableRow', new Y.XmlText('let')), after: 'p' },
  { what: 'text at the top', part: () => new Y.XmlText('let'), after: 'p' },
])(
  '[D3] $what is shown where it stands, and nothing of it deleted; a person may put it in order',
  async ({ what, part, after }, { ann, relay }) => {
    const page = await NotebookPage.open(ann, relay.port)
    const id = await page.begin(what)
    await page.write('Known words.')
    await page.says('Saved')
    using other = new StockClient(relay.url, `notebook/${id}`)
    const prose = other.doc.getXmlFragment('prose')
    await eventually([other.doc], () => prose.toString().includes('Known words.'))
    other.doc.transact(() => prose.push([part()]))
    const before = prose.toString()
    await page.button('Put in order').waitFor()
    await page.page.reload()
    await page.button('Put in order').waitFor()
    await page.page.getByText('Known words.').waitFor()
    expect(await page.text.getAttribute('contenteditable')).toBe('false')
    await page.react('Heart')
    await eventually([other.doc], () => other.doc.getMap('reactions').size === 1)
    expect(prose.toString()).toBe(before)
    await page.button('Put in order').click()
    await page.page.locator('.ProseMirror[contenteditable=true]').waitFor()
    await page.shows('Known words.let')
    expect(
      await page.text
        .locator(':scope > *')
        .last()
        .evaluate(({ localName }) => localName),
    ).toBe(after)
    await page.write(' it be')
    await eventually([other.doc], () => prose.toString().includes(' it be'))
  },
)

test.concurrent('[T1] what stood in a wrong place, and is joined by what this page does not know, is said to be newer', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const id = await page.begin('Both')
  await page.write('Known words.')
  using other = new StockClient(relay.url, `notebook/${id}`)
  const prose = other.doc.getXmlFragment('prose')
  await eventually([other.doc], () => prose.toString().includes('Known words.'))
  prose.push([node('tableRow', new Y.XmlText('let'))])
  await page.button('Put in order').waitFor()
  prose.push([node('timeline')])
  await page.page.getByText('A new version is there.').waitFor()
  expect(await page.button('Put in order').count()).toBe(0)
})

test.concurrent('[L1] a list that two people have emptied together goes, and the page goes on', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const id = await page.begin('Husk')
  await page.says('Saved')
  using other = new StockClient(relay.url, `notebook/${id}`)
  await other.synced()
  const prose = other.doc.getXmlFragment('prose')
  prose.push([node('bulletList', node('listItem')), node('paragraph', new Y.XmlText('below'))])
  await page.page.getByText('below').waitFor()
  await page.write(' it')
  await eventually([other.doc], () => prose.toString().includes('below it'))
})

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

function node(name: string, ...content: (Y.XmlElement | Y.XmlText)[]): Y.XmlElement {
  const made = new Y.XmlElement(name)
  made.insert(0, content)
  return made
}

function bold(words: string): Y.XmlText {
  const text = new Y.XmlText()
  text.insert(0, words, { bold: {} })
  return text
}

function withText(element: Y.XmlElement, words: string): Y.XmlElement {
  element.insert(0, [new Y.XmlText(words)])
  return element
}
