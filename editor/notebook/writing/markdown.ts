// markdown.ts — documents from Markdown, and Markdown from documents. A part of its own: few open it.
import type { JSONContent } from '@tiptap/core'
import { MarkdownManager } from '@tiptap/markdown'
import { prosemirrorToYXmlFragment } from '@tiptap/y-tiptap'
import type * as Y from 'yjs'
import { proseOf } from '../document-parts.ts'
import { contentExtensions } from './extensions.ts'
import { escaping, withCodeEdges } from './markdown-escapes.ts'
import { documentFrom } from './markdown-fitting.ts'

/** Of a list, or with a pipe of a table. */
const firstLine = /^(?:\s*(?:[-+*]|\w{1,9}[.)])\s|.*\|)/

const manager = new MarkdownManager({ extensions: contentExtensions.map(escaping) })
askOnlyWhereItMayBegin()

/** Writes nothing at all when what it holds cannot be a document. */
export function fillFromMarkdown(doc: Y.Doc, markdown: string): void {
  prosemirrorToYXmlFragment(documentFrom(manager.parse(markdown)), proseOf(doc))
}

export function markdownFrom(title: string, content: JSONContent): string {
  const heading = title === '' ? '' : `# ${title}\n\n`
  return `${heading}${manager.serialize(withCodeEdges(content)).trim()}\n`
}

/** TipTap's lists and tables read all that is left of a text to say that none begins here: long texts would take minutes. */
function askOnlyWhereItMayBegin(): void {
  const { extensions } = manager.instance.defaults
  if (!extensions) return
  const { block = [], startBlock = [] } = extensions
  extensions.block = block.map(
    (tokenize) =>
      function (text, tokens) {
        return firstLine.test(text) ? tokenize.call(this, text, tokens) : undefined
      },
  )
  extensions.startBlock = startBlock.map(
    (start) =>
      function (text) {
        return start.call(this, /^.*\n?.*/.exec(text)?.[0] ?? '')
      },
  )
}
