// markdown.test.ts — documents from Markdown, and back, as Y.Docs: nothing written is lost on the way, in or out.
import type { JSONContent } from '@tiptap/core'
import { yXmlFragmentToProsemirrorJSON } from '@tiptap/y-tiptap'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { fillFromMarkdown, markdownFrom } from '../../editor/notebook/writing/markdown.ts'

const image = '<image alt="a view" src="https://example.org/i.png"></image>'
const picture = '![a view](https://example.org/i.png)'

test.for([
  [
    'in a line',
    `before ${picture} after`,
    `<paragraph>before </paragraph>${image}<paragraph> after</paragraph>`,
  ],
  ['in a heading', `## Title ${picture}`, `<heading level="2">Title </heading>${image}`],
  ['beside another', `${picture} ${picture}`, `${image}${image}`],
  ['that is a link', `[${picture}](https://example.org)`, image],
  [
    'in a list',
    `- one ${picture}\n- ${picture}`,
    `<bulletlist><listitem><paragraph>one </paragraph>${image}</listitem><listitem><paragraph></paragraph>${image}</listitem></bulletlist>`,
  ],
] as const)('[D3] an image %s parts it, and no words are lost', ([, markdown, expected]) => {
  expect(proseFrom(markdown).toString()).toBe(expected)
})

test('[D3] an image in a table stays in its cell', () => {
  const row = proseFrom(`| a | b |\n| --- | --- |\n| ${picture} | two |`).toString()
  expect(row).toMatch(new RegExp(`<tablecell[^>]*>${image}</tablecell><tablecell[^>]*><paragraph>two<`))
})

test('[W1] levels and marks that no document has become those that it has', () => {
  expect(proseFrom('#### Four\n\n**`code`** [`link`](https://example.org)').toString()).toBe(
    '<heading level="3">Four</heading><paragraph><code>code</code> <link href="https://example.org">link</link></paragraph>',
  )
})

test.for([
  '# no heading',
  '###### nor this',
  '- no list',
  '+ no list',
  '1. no number',
  '12) no number',
  '---',
  '- - -',
  '===',
  '| a | b |',
  '> no quote',
  '```',
  '5 * 3 and _under_ a `tick` \\ [a](b) ![x](y) <b>tags</b> ~~no~~',
])('what looks like Markdown and is not goes out and comes back as words: %s', (words) => {
  const lines = [text('above'), { type: 'hardBreak' }, text(words)]
  isKept([paragraph(text(words)), paragraph(text('a word')), paragraph(...lines), heading(text(words))])
})

test('what stands in code, tables, images and links goes out and comes back', () => {
  const code = (words: string) => ({ ...text(words), marks: [{ type: 'code', attrs: {} }] })
  const link = { type: 'link', attrs: { href: 'https://example.org/a_(b c' } }
  isKept([
    paragraph(code('a`b'), text(' and '), code('``'), text(' and '), code('c|d')),
    { type: 'codeBlock', attrs: { language: 'md' }, content: [text('```js\nlet a\n```\n````')] },
    { type: 'image', attrs: { src: 'https://example.org/a (b).png', alt: 'a ] view', title: 'of "it"' } },
    paragraph({ ...text('far'), marks: [link] }, text('.')),
    paragraph(text('one'), { type: 'hardBreak' }, { type: 'hardBreak' }, text('two')),
    table([
      [text('a|b'), code('c|d')],
      [text('# no | heading'), text('\\|')],
    ]),
    heading(text('sharp #')),
  ])
})

test.for(['', '# ', '- '])(
  '[B1] a file of 2,000,000 characters, each line of it beginning with "%s", is read in seconds',
  { timeout: 20_000 },
  (start) => {
    const line = `${start}${'word '.repeat(18)}\n\n`
    expect(proseFrom(line.repeat(2_000_000 / line.length)).length).toBeGreaterThan(0)
  },
)

function proseFrom(markdown: string): Y.XmlFragment {
  const doc = new Y.Doc()
  doc.transact(() => fillFromMarkdown(doc, markdown))
  return doc.getXmlFragment('prose')
}

function isKept(content: JSONContent[]): void {
  const markdown = markdownFrom('', { type: 'doc', content })
  expect(yXmlFragmentToProsemirrorJSON(proseFrom(markdown)), markdown).toMatchObject({ type: 'doc', content })
}

function text(words: string): JSONContent {
  return { type: 'text', text: words }
}

function paragraph(...content: JSONContent[]): JSONContent {
  return { type: 'paragraph', content }
}

function heading(...content: JSONContent[]): JSONContent {
  return { type: 'heading', attrs: { level: 2 }, content }
}

function table(rows: JSONContent[][]): JSONContent {
  const content = rows.map((cells, row) => ({
    type: 'tableRow',
    content: cells.map((cell) => ({
      type: row === 0 ? 'tableHeader' : 'tableCell',
      content: [paragraph(cell)],
    })),
  }))
  return { type: 'table', content }
}
