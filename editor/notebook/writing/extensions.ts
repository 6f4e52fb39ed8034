// extensions.ts — what a document can hold: the schema, and with it the shortcuts of Markdown. What is added here grows
// `schemaVersion`. Must not know: React, the page around it.
import { getSchema } from '@tiptap/core'
import type { AnyExtension } from '@tiptap/core'
import { Blockquote } from '@tiptap/extension-blockquote'
import { Bold } from '@tiptap/extension-bold'
import { Code } from '@tiptap/extension-code'
import { CodeBlock } from '@tiptap/extension-code-block'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { Heading } from '@tiptap/extension-heading'
import { HorizontalRule } from '@tiptap/extension-horizontal-rule'
import { Image } from '@tiptap/extension-image'
import { Italic } from '@tiptap/extension-italic'
import { BulletList, ListItem, ListKeymap, OrderedList, TaskItem, TaskList } from '@tiptap/extension-list'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Strike } from '@tiptap/extension-strike'
import { TableKit } from '@tiptap/extension-table'
import { Text } from '@tiptap/extension-text'
import { Dropcursor, Gapcursor } from '@tiptap/extensions'
import type { Schema } from '@tiptap/pm/model'
import { writing } from '../texts.ts'
import { imageView } from './image-view.ts'
import { Link } from './link.ts'

/** Without the extension that keeps an empty line at the end: it writes for being opened, and a reader makes no edit. */
export const contentExtensions: AnyExtension[] = [
  Document,
  Paragraph,
  Text,
  Heading.configure({ levels: [1, 2, 3] }),
  Bold,
  Italic,
  Strike,
  Code,
  Link,
  BulletList,
  OrderedList,
  ListItem,
  ListKeymap,
  TaskList,
  TaskItem.configure({
    nested: true,
    a11y: { checkboxLabel: ({ textContent }) => `${writing.taskDone}: ${textContent}` },
  }),
  Blockquote,
  CodeBlock,
  HardBreak,
  HorizontalRule,
  TableKit.configure({ table: { resizable: false } }),
  Image.extend({ addNodeView: () => imageView }),
  Dropcursor.configure({ color: false, class: 'drop-mark' }),
  Gapcursor,
]

export const contentSchema: Schema = getSchema(contentExtensions)
