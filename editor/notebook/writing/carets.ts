// carets.ts — where others are in the text. What they say of themselves is looked at before it is drawn. [P1]
import type { DecorationAttrs } from '@tiptap/pm/view'
import type { DocumentView } from 'syncline/react'
import { personFrom } from '../person.ts'

type Awareness = DocumentView['awareness']
type Changes = Readonly<Record<'added' | 'updated' | 'removed', readonly number[]>>
type Listener = (changes: Changes, origin: unknown) => void

/**
 * The same, but silent where only one's own state has changed. With each key one's own caret moves, and to draw the others'
 * anew for that was a tenth of what a key cost.
 */
export function tellingOfOthers(awareness: Awareness): Awareness {
  const listening = new Map<string, Map<Listener, Listener>>()
  const on = (name: string, listener: Listener): void => {
    const ofOthers: Listener = (changes, origin) => {
      const changed = [...changes.added, ...changes.updated, ...changes.removed]
      if (changed.some((client) => client !== awareness.clientID)) listener(changes, origin)
    }
    const ofName = listening.get(name) ?? new Map<Listener, Listener>()
    listening.set(name, ofName.set(listener, ofOthers))
    awareness.on(name, ofOthers)
  }
  const off = (name: string, listener: Listener): void =>
    awareness.off(name, listening.get(name)?.get(listener) ?? listener)
  const own: Readonly<Record<PropertyKey, unknown>> = { on, off }
  return new Proxy(awareness, {
    get: (all, name): unknown => (Object.hasOwn(own, name) ? own[name] : Reflect.get(all, name)),
  })
}

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
