// markdown.ts — documents from Markdown, and Markdown from documents. A part of its own: few open it.
import type { JSONContent } from '@tiptap/core'
import { MarkdownManager } from '@tiptap/markdown'
import { prosemirrorJSONToYXmlFragment } from '@tiptap/y-tiptap'
import type * as Y from 'yjs'
import { proseOf } from '../document-parts.ts'
import { contentExtensions, contentSchema } from './extensions.ts'

const manager = new MarkdownManager({ extensions: contentExtensions })

export function fillFromMarkdown(doc: Y.Doc, markdown: string): void {
  prosemirrorJSONToYXmlFragment(contentSchema, manager.parse(markdown), proseOf(doc))
}

export function markdownFrom(title: string, content: JSONContent): string {
  const heading = title === '' ? '' : `# ${title}\n\n`
  return `${heading}${manager.serialize(content).trim()}\n`
}
