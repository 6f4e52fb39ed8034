// typing.ts — how a person's hands move through a text: the strokes of a recorded session (or of a generated one of
// the same shape), told relative to the cursor, so that they can be made in any text. Must not know: the simulator.
import * as Y from 'yjs'
import { editingSession } from '../editing-session.ts'

/** Moves the cursor, takes away what lies before it, writes. */
export type Stroke = { readonly move: number; readonly deleted: number; readonly inserted: string }

const strokesMax = 3_000
let known: readonly Stroke[] | undefined

export function strokes(): readonly Stroke[] {
  known ??= strokesOf(editingSession('automerge-paper', strokesMax).updates)
  return known
}

function strokesOf(updates: readonly Uint8Array[]): readonly Stroke[] {
  const found: Stroke[] = []
  const doc = new Y.Doc()
  let cursor = 0
  doc.getText('text').observe(({ delta }) => {
    let at = 0
    let deleted = 0
    let inserted = ''
    for (const part of delta) {
      if (part.retain !== undefined) at += part.retain
      deleted += part.delete ?? 0
      if (typeof part.insert === 'string') inserted += part.insert
    }
    found.push({ move: at + deleted - cursor, deleted, inserted })
    cursor = at + inserted.length
  })
  for (const update of updates) Y.applyUpdate(doc, update)
  return found
}
