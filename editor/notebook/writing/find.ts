// find.ts — words looked for in the text: which places have them, and which of those one is at. Must not know: the field one
// types them in.
import { Extension } from '@tiptap/core'
import type { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey, TextSelection } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'

type Range = { readonly from: number; readonly to: number }
type Found = { readonly words: string; readonly ranges: readonly Range[]; readonly at: number }

const nothing: Found = { words: '', ranges: [], at: 0 }
const key = new PluginKey<Found>('find')

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
          return { words, ranges, at: ranges.length === 0 ? 0 : (at + ranges.length) % ranges.length }
        },
      },
      props: {
        decorations: (state) => {
          const { ranges, at } = key.getState(state) ?? nothing
          const marks = ranges.map(({ from, to }, index) =>
            Decoration.inline(from, to, { class: index === at ? 'found found-here' : 'found' }),
          )
          return DecorationSet.create(state.doc, marks)
        },
      },
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

function rangesOf(doc: Node, words: string): readonly Range[] {
  const sought = new RegExp(words.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'giu')
  const ranges: Range[] = []
  doc.descendants((node, place) => {
    if (!node.isTextblock) return true
    // A picture in the midst of a line takes one place, as it does in the document.
    const text = node.textBetween(0, node.content.size, undefined, '\ufffc')
    for (const { index, 0: match } of text.matchAll(sought))
      ranges.push({ from: place + 1 + index, to: place + 1 + index + match.length })
    return false
  })
  return ranges
}
