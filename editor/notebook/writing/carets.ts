// carets.ts — where others are in the text. What they say of themselves is looked at before it is drawn. [P1]
import type { DecorationAttrs } from '@tiptap/pm/view'
import { personFrom } from '../person.ts'

/** A class may be said of anybody; this is how a caret is found whom somebody follows. */
export function caretOf(id: string): string {
  return `[data-person="${CSS.escape(id)}"]`
}

export function drawCaret(said: unknown): HTMLElement {
  const caret = document.createElement('span')
  const person = personFrom(said)
  if (person === undefined) return caret
  caret.className = 'caret'
  caret.dataset['person'] = person.id
  caret.style.borderColor = person.color
  const label = document.createElement('span')
  label.className = 'caret-label'
  label.style.backgroundColor = person.color
  label.textContent = person.name
  caret.append(label)
  return caret
}

export function drawSelection(said: unknown): DecorationAttrs {
  const person = personFrom(said)
  return person === undefined
    ? {}
    : { class: 'others-selection', style: `background-color: ${person.color}33` }
}
