// markdown-fitting.ts — what Markdown holds, as a document can hold it. An image stands between lines here and not in one,
// there are three levels of headings, and code has no other mark. No words are left out: what fits nowhere is an error. [D3]
import type { JSONContent } from '@tiptap/core'
import { Mark } from '@tiptap/pm/model'
import type { Node, NodeType } from '@tiptap/pm/model'
import { writing } from '../texts.ts'
import { contentSchema } from './extensions.ts'

const levelMax = 3

export function documentFrom(parsed: JSONContent): Node {
  const [doc, ...others] = nodesFrom(parsed)
  if (doc?.type !== contentSchema.topNodeType || others.length > 0) throw unfit(parsed.type)
  doc.check()
  return doc
}

/** One block can become several: an image parts the lines that it stands in. */
function nodesFrom(json: JSONContent): readonly Node[] {
  const type = contentSchema.nodes[json.type ?? '']
  if (type === undefined) throw unfit(json.type)
  if (type.isText) return json.text ? [contentSchema.text(json.text, marksFrom(json))] : []
  const children = (json.content ?? []).flatMap(nodesFrom)
  const attrs = attributesOf(type, json)
  if (!type.inlineContent) return [filled(type, attrs, linesIn(children, contentSchema.nodes['paragraph']))]
  const blocks = linesIn(children, type, attrs)
  return blocks.length === 0 ? [filled(type, attrs, [])] : blocks
}

/** Blocks as they are, and what stands in lines between them in lines of that type. */
function linesIn(
  children: readonly Node[],
  type: NodeType | undefined,
  attrs: JSONContent['attrs'] = {},
): readonly Node[] {
  const blocks: Node[] = []
  let line: Node[] = []
  const endLine = (): void => {
    // Between two images there may be no more than a space.
    if (line.some((node) => !node.isText || node.text?.trim() !== '') && type !== undefined)
      blocks.push(filled(type, attrs, line))
    line = []
  }
  for (const child of children) {
    if (child.isInline) {
      line.push(child)
      continue
    }
    endLine()
    blocks.push(child)
  }
  endLine()
  return blocks
}

/** With what it needs besides, as a list item that begins with an image needs a line before it. */
function filled(type: NodeType, attrs: JSONContent['attrs'], content: readonly Node[]): Node {
  const node = type.createAndFill(attrs, [...content])
  if (node === null) throw unfit(type.name)
  return node
}

function attributesOf(type: NodeType, { attrs }: JSONContent): JSONContent['attrs'] {
  if (type.name !== 'heading') return attrs
  return { ...attrs, level: Math.min(Number(attrs?.['level'] ?? 1), levelMax) }
}

/** Code that is a link is a link: its address is more than its looks. */
function marksFrom({ marks = [] }: JSONContent): readonly Mark[] {
  const isLink = marks.some(({ type }) => type === 'link')
  return marks
    .filter(({ type }) => !isLink || type !== 'code')
    .reduce<readonly Mark[]>(
      (set, { type, attrs }) => contentSchema.mark(type, attrs).addToSet(set),
      Mark.none,
    )
}

function unfit(name: string | undefined): Error {
  return new Error(writing.unfit(name ?? ''))
}
