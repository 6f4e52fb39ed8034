// readable.ts — a document of a newer version as this page can show it: what it does not know stands there as such, with the
// words in it. For reading only: nothing of it is written back.
import { Node } from '@tiptap/core'
import type { AnyExtension, JSONContent } from '@tiptap/core'
import { yXmlFragmentToProsemirrorJSON } from '@tiptap/y-tiptap'
import { getSchema } from '@tiptap/core'
import type * as Y from 'yjs'
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
  const whole: JSONContent = yXmlFragmentToProsemirrorJSON(proseOf(doc))
  const content = (whole.content ?? []).map((block) => {
    const readable = known(block, false)
    return isWellFormed(readable) ? readable : unknown(block, false)
  })
  return { type: 'doc', content: content.length === 0 ? [{ type: 'paragraph' }] : content }
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
