// line-below.ts — a click below a text that ends with a table, a list or the like begins a line there: a person's edit, and
// made by no one else.
import { TextSelection } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'

/** Whether it was such a click. */
export function writeBelow(view: EditorView, event: MouseEvent): boolean {
  const { dom, state } = view
  const bottom = dom.lastElementChild?.getBoundingClientRect().bottom ?? 0
  const paragraph = state.schema.nodes['paragraph']?.create()
  if (event.target !== dom || event.clientY <= bottom || !view.editable || paragraph === undefined)
    return false
  if (state.doc.lastChild?.type === paragraph.type) return false
  const transaction = state.tr.insert(state.doc.content.size, paragraph)
  const end = TextSelection.atEnd(transaction.doc)
  view.dispatch(transaction.setSelection(end).scrollIntoView())
  return true
}
