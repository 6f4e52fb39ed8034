// readable.ts — a document that no binding may have, as this page can show it: what it does not know stands there as such,
// with the words in it. For reading only: nothing of it is written back.
import { getSchema, Node } from '@tiptap/core'
import type { AnyExtension, JSONContent } from '@tiptap/core'
import * as Y from 'yjs'
import { proseOf } from '../document-parts.ts'
import { labels } from '../texts.ts'
import { contentExtensions } from './extensions.ts'
import { markNameOf } from './schema-guard.ts'

const unknownBlock = 'unknownBlock'
const unknownInline = 'unknownInline'

export const readableExtensions: AnyExtension[] = [
  ...contentExtensions,
  placeholder(unknownBlock, false),
  placeholder(unknownInline, true),
]

const schema = getSchema(readableExtensions)

export function readableFrom(doc: Y.Doc): JSONContent {
  const content = proseOf(doc)
    .toArray()
    .flatMap(contentFrom)
    .map((block) => {
      const readable = known(block, false)
      return isWellFormed({ type: 'doc', content: [readable] }) ? readable : unknown(block, false)
    })
  return { type: 'doc', content: content.length === 0 ? [{ type: 'paragraph' }] : content }
}

/** Of anything that Yjs can hold there. */
function contentFrom(type: unknown): readonly JSONContent[] {
  if (type instanceof Y.XmlText) return textsFrom(type)
  if (type instanceof Y.XmlElement)
    return [
      { type: type.nodeName, attrs: type.getAttributes(), content: type.toArray().flatMap(contentFrom) },
    ]
  return [{ type: type instanceof Y.XmlHook ? type.hookName : 'embed' }]
}

function textsFrom(text: Y.XmlText): readonly JSONContent[] {
  const parts: readonly { insert: unknown; attributes?: object }[] = text.toDelta()
  return parts.map(({ insert, attributes = {} }) => {
    if (typeof insert !== 'string') return { type: 'embed' }
    return {
      type: 'text',
      text: insert,
      marks: Object.entries(attributes).map(([type, attrs]) => ({ type, attrs })),
    }
  })
}

function known(node: JSONContent, isInline: boolean): JSONContent {
  const type = schema.nodes[node.type ?? '']
  if (type === undefined) return unknown(node, isInline)
  const { content, marks, ...rest } = node
  return {
    ...rest,
    ...(marks === undefined ? {} : { marks: marks.flatMap(knownMark) }),
    ...(content === undefined ? {} : { content: content.map((child) => known(child, type.inlineContent)) }),
  }
}

function knownMark(mark: NonNullable<JSONContent['marks']>[number]): readonly (typeof mark)[] {
  const type = markNameOf(mark.type)
  return schema.marks[type] === undefined ? [] : [{ ...mark, type }]
}

function unknown(node: JSONContent, isInline: boolean): JSONContent {
  const attrs = { name: node.type ?? '', words: wordsOf(node) }
  return { type: isInline ? unknownInline : unknownBlock, attrs }
}

function wordsOf({ text, content }: JSONContent): string {
  return text ?? (content ?? []).map(wordsOf).join(' ')
}

function isWellFormed(node: JSONContent): boolean {
  try {
    schema.nodeFromJSON(node).check()
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function placeholder(name: string, inline: boolean): Node {
  return Node.create({
    name,
    group: inline ? 'inline' : 'block',
    inline,
    atom: true,
    addAttributes: () => ({ name: {}, words: {} }),
    renderHTML: ({ node }) => [
      inline ? 'span' : 'div',
      { class: 'unknown' },
      ['small', labels.unknownPart(String(node.attrs['name']))],
      ['span', String(node.attrs['words'])],
    ],
  })
}
