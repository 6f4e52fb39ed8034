// markdown-escapes.ts — keeps words from being taken for Markdown when an export is read again. TipTap's renderers escape
// what means something within a line; this adds how a line begins, pipes in a table, backticks in code, and addresses.
import { Extension, getExtensionField, Node } from '@tiptap/core'
import type { AnyExtension, JSONContent, MarkdownExtensionSpec } from '@tiptap/core'

type Rendering = NonNullable<MarkdownExtensionSpec['renderMarkdown']>

const edgeAttribute = 'edge'

const renderings: Readonly<Record<string, (plain: Rendering) => Rendering>> = {
  paragraph: (plain) => (node, to, at) => plain(node, to, at).replaceAll(/^.*$/gm, asLine),

  // Two spaces would end a line as well, but a second break behind them the whole paragraph.
  hardBreak: () => () => '\\\n',

  heading: (plain) => (node, to, at) =>
    node.content === undefined
      ? '#'.repeat(Number(node.attrs?.level))
      : plain(node, to, at)
          .replaceAll('\\\n', '<br>')
          .replace(/ (#+)$/, ' \\$1'),

  codeBlock: (plain) => (node, to, at) =>
    plain(node, to, at).replaceAll(/^```|```$/g, longerThanAny(wordsOf(node), 3)),

  image:
    () =>
    ({ attrs }) => {
      const words = String(attrs?.alt ?? '').replaceAll(/[\\[\]]/g, '\\$&')
      const title = attrs?.title ? ` "${String(attrs.title).replaceAll(/[\\"]/g, '\\$&')}"` : ''
      return `![${words}](${addressFrom(attrs?.src)}${title})`
    },

  table: (plain) => (node, to, at) => {
    const renderChildren: typeof to.renderChildren = (nodes, separator) =>
      to.renderChildren(nodes, separator).replaceAll('\\\n', '\n').replaceAll('|', '\\|')
    return plain(node, { ...to, renderChildren }, at)
  },

  link: () => (node, to) => `[${to.renderChildren(node)}](${addressFrom(node.attrs?.href)})`,

  code: () => (node, to) => {
    const edge = String(node.attrs?.[edgeAttribute] ?? '`')
    return `${edge}${to.renderChildren(node)}${edge.endsWith(' ') ? ` ${edge.trim()}` : edge}`
  },
}

export function escaping(extension: AnyExtension): AnyExtension {
  // A kit brings others.
  if (extension instanceof Extension)
    return extension.extend({
      addExtensions: function () {
        return (this.parent?.() ?? []).map(escaping)
      },
    })
  const rendering = renderings[extension.name]
  if (rendering === undefined) return extension
  const plain: Rendering = getExtensionField(extension, 'renderMarkdown')
  const renderMarkdown = rendering(plain)
  return extension instanceof Node
    ? extension.extend({ renderMarkdown })
    : extension.extend({ renderMarkdown })
}

/** A mark is rendered without the words in it: what has to stand around them is told to it here. Code has no other. */
export function withCodeEdges(node: JSONContent): JSONContent {
  const { content, marks, text } = node
  if (content !== undefined) return { ...node, content: content.map(withCodeEdges) }
  if (text === undefined || marks?.some(({ type }) => type === 'code') !== true) return node
  const isOpen = /^[` ]|[` ]$/.test(text) && text.trim() !== ''
  const edge = longerThanAny(text, 1) + (isOpen ? ' ' : '')
  return { ...node, marks: [{ type: 'code', attrs: { [edgeAttribute]: edge } }] }
}

/** What begins a block or a row, or underlines the line before, at its beginning. */
function asLine(line: string): string {
  return line
    .trimStart()
    .replace(/^(?:#{1,6}(?=\s|$)|[-+](?=[-+\s|:]|$)|=+\s*$|[:|](?=\s*[:-]))/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
}

function longerThanAny(words: string, lengthMin: number): string {
  const runs = words.match(/`+/g) ?? []
  return '`'.repeat(runs.reduce((length, run) => Math.max(length, run.length + 1), lengthMin))
}

function addressFrom(address: unknown): string {
  const words = String(address ?? '')
  return /[\s()<>]/.test(words) ? `<${words.replaceAll(/[\n<>]/g, encodeURIComponent)}>` : words
}

function wordsOf({ text, content }: JSONContent): string {
  return text ?? (content ?? []).map(wordsOf).join('')
}
