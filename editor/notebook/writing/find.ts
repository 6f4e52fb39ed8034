// find.ts — words looked for in the text: which places have them, and which of those one is at. Must not know: the field one
// types them in.
import { Extension } from '@tiptap/core'
import type { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey, TextSelection } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'

type Range = { readonly from: number; readonly to: number }
type Found = {
  readonly words: string
  readonly ranges: readonly Range[]
  readonly at: number
  readonly marks: DecorationSet
}

/** To mark each letter e of a long text would be felt at every key: those around the one that one is at are marked. */
const marksMax = 1_000

const nothing: Found = { words: '', ranges: [], at: 0, marks: DecorationSet.empty }
const key = new PluginKey<Found>('find')
/** Nodes never change: in one that is not touched nothing is looked for again. */
const foundInLine = new WeakMap<Node, { readonly words: string; readonly ranges: readonly Range[] }>()

export const Find = Extension.create({
  name: 'find',
  addProseMirrorPlugins: () => [
    new Plugin<Found>({
      key,
      state: {
        init: () => nothing,
        apply: (transaction, found, _before, { doc }) => {
          const next: Partial<Found> | undefined = transaction.getMeta(key)
          const { words, at } = { ...found, ...next }
          if (words === '') return nothing
          if (next === undefined && !transaction.docChanged) return found
          const isSame = words === found.words && !transaction.docChanged
          const ranges = isSame ? found.ranges : rangesOf(doc, words)
          const here = ranges.length === 0 ? 0 : (at + ranges.length) % ranges.length
          return { words, ranges, at: here, marks: marksOf(doc, ranges, here) }
        },
      },
      props: { decorations: (state) => key.getState(state)?.marks },
    }),
  ],
})

export function foundIn(editor: Editor): Found {
  return key.getState(editor.state) ?? nothing
}

export function find(editor: Editor, words: string): void {
  tell(editor, { words, at: 0 })
}

export function findNext(editor: Editor, step: 1 | -1): void {
  tell(editor, { at: foundIn(editor).at + step })
}

/** Leaves the caret where it was found. */
export function endFind(editor: Editor): void {
  const { ranges, at } = foundIn(editor)
  const range = ranges[at]
  const transaction = editor.state.tr.setMeta(key, nothing)
  if (range !== undefined)
    transaction.setSelection(TextSelection.create(transaction.doc, range.from, range.to))
  editor.view.dispatch(transaction)
  editor.view.focus()
}

function tell(editor: Editor, found: Partial<Found>): void {
  editor.view.dispatch(editor.state.tr.setMeta(key, found))
  editor.view.dom.querySelector('.found-here')?.scrollIntoView({ block: 'center' })
}

function marksOf(doc: Node, ranges: readonly Range[], here: number): DecorationSet {
  const first = Math.max(0, Math.min(here - marksMax / 2, ranges.length - marksMax))
  const marks = ranges
    .slice(first, first + marksMax)
    .map(({ from, to }, index) =>
      Decoration.inline(from, to, { class: first + index === here ? 'found found-here' : 'found' }),
    )
  return DecorationSet.create(doc, marks)
}

function rangesOf(doc: Node, words: string): readonly Range[] {
  const sought = new RegExp(words.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'giu')
  const ranges: Range[] = []
  doc.descendants((node, place) => {
    if (!node.isTextblock) return true
    for (const { from, to } of rangesInLine(node, words, sought))
      ranges.push({ from: place + from, to: place + to })
    return false
  })
  return ranges
}

function rangesInLine(line: Node, words: string, sought: RegExp): readonly Range[] {
  const before = foundInLine.get(line)
  if (before?.words === words) return before.ranges
  // A picture in the midst of a line takes one place, as it does in the document.
  const text = line.textBetween(0, line.content.size, undefined, '\ufffc')
  const ranges = [...text.matchAll(sought)].map(({ index, 0: match }) => ({
    from: 1 + index,
    to: 1 + index + match.length,
  }))
  foundInLine.set(line, { words, ranges })
  return ranges
}
