// block-insertion.ts — a block put where the caret is, or behind what is selected: nothing gives way to it. The caret is where
// one goes on writing: in it, or, where nothing can be written in it, below.
import type { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Selection } from '@tiptap/pm/state'
import type { Transaction } from '@tiptap/pm/state'

export function insertBlock({ state, view }: Editor, block: Node): void {
  const { tr } = state
  const { to } = tr.selection
  tr.replaceRangeWith(to, to, block)
  const place = placeOfInserted(tr, block)
  if (place !== undefined) {
    const caret = block.isLeaf ? lineBelow(tr, place + block.nodeSize) : place
    tr.setSelection(Selection.near(tr.doc.resolve(caret + 1)))
  }
  view.dispatch(tr.scrollIntoView())
}

function placeOfInserted({ doc, mapping }: Transaction, { type }: Node): number | undefined {
  let found: number | undefined
  mapping.maps.at(-1)?.forEach((_oldFrom, _oldTo, from, to) => {
    doc.nodesBetween(from, to, (node, place) => {
      if (node.type === type && place >= from) found ??= place
    })
  })
  return found
}

/** The place before a line there: the one that was there, or a new one. */
function lineBelow(tr: Transaction, place: number): number {
  const paragraph = tr.doc.type.schema.nodes['paragraph']?.create()
  if (tr.doc.resolve(place).nodeAfter?.isTextblock !== true && paragraph !== undefined)
    tr.insert(place, paragraph)
  return place
}
