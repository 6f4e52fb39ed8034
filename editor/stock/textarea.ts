// textarea.ts — binds a <textarea> to a Y.Text, both ways, each keystroke one transaction. Knows: the element's
// value and selection, and one Y.Text. Must not know: who else changes the text, or where it is kept.
import { simpleDiffStringWithCursor } from 'lib0/diff'
import * as Y from 'yjs'

/**
 * From now on what is typed goes into the text and what the text becomes is shown. Returns the way to end that.
 *
 * @example
 * const unbind = bindTextarea(doc.getText('text'), document.querySelector('textarea'))
 */
export function bindTextarea(text: Y.Text, textarea: HTMLTextAreaElement): () => void {
  const doc = text.doc
  if (doc === null) throw new Error('The text belongs to no document yet.')

  // The text as the element shows it. That is the text itself, except while an input method composes a word:
  // to change the value then would break the word off, so others' changes are not shown before its end, and until
  // then typing goes into a copy that lacks them. Yjs merges the two; to compute positions by hand goes wrong as
  // soon as two others write, one above and one below.
  let seen = text
  let composing = false
  let selection: Selection | null = null

  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([textarea]) })

  function inputOnTyped(): void {
    const before = plain(seen)
    const shown = withTextareaBreaks(before)
    const value = textarea.value
    if (value === shown) return
    // In «aa» a third «a» fits at three places, and only the caret tells at which it was typed.
    const caret = textarea.selectionStart
    const typed = simpleDiffStringWithCursor(
      shown,
      value,
      Math.min(caret, caret + shown.length - value.length),
    )
    const start = indexInText(before, typed.index)
    const end = indexInText(before, typed.index + typed.remove)
    seen.doc?.transact(() => {
      seen.delete(start, end - start)
      seen.insert(start, typed.insert)
    }, textarea)
  }

  function docOnBeforeTransaction(transaction: Y.Transaction): void {
    if (transaction.origin === textarea || seen !== text) return
    if (composing) seen = copyThatFeeds(text, textarea)
    else selection = selectionIn(seen, textarea)
  }

  function textOnChanged(_event: Y.YTextEvent, transaction: Y.Transaction): void {
    if (transaction.origin === textarea || seen !== text) return
    show(text, textarea, selection)
  }

  function compositionOnStart(): void {
    composing = true
  }

  function compositionOnEnd(): void {
    composing = false
    inputOnTyped()
    if (seen === text) return
    const typedAt = selectionIn(seen, textarea)
    seen.doc?.destroy()
    seen = text
    show(text, textarea, typedAt)
  }

  // The browser's own undo forgets everything, or undoes others' words, once a script has set the value.
  function inputOnBefore(event: InputEvent): void {
    if (event.inputType === 'historyUndo' || event.inputType === 'historyRedo') event.preventDefault()
    if (event.inputType === 'historyUndo') undo.undo()
    if (event.inputType === 'historyRedo') undo.redo()
  }

  function keyOnDown(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || composing || textarea.readOnly) return
    const key = event.key.toLowerCase()
    if (key !== 'z' && key !== 'y') return
    event.preventDefault()
    if (key === 'y' || event.shiftKey) undo.redo()
    else undo.undo()
  }

  doc.on('beforeTransaction', docOnBeforeTransaction)
  text.observe(textOnChanged)
  textarea.addEventListener('beforeinput', inputOnBefore)
  textarea.addEventListener('input', inputOnTyped)
  textarea.addEventListener('keydown', keyOnDown)
  textarea.addEventListener('compositionstart', compositionOnStart)
  textarea.addEventListener('compositionend', compositionOnEnd)
  show(text, textarea, null)

  return function unbind() {
    if (composing) compositionOnEnd()
    doc.off('beforeTransaction', docOnBeforeTransaction)
    text.unobserve(textOnChanged)
    textarea.removeEventListener('beforeinput', inputOnBefore)
    textarea.removeEventListener('input', inputOnTyped)
    textarea.removeEventListener('keydown', keyOnDown)
    textarea.removeEventListener('compositionstart', compositionOnStart)
    textarea.removeEventListener('compositionend', compositionOnEnd)
    undo.destroy()
  }
}

interface Selection {
  readonly start: Y.RelativePosition
  readonly end: Y.RelativePosition
  readonly direction: HTMLTextAreaElement['selectionDirection']
}

/** Where the selection is, said by its neighbours, so that it is found again after others' changes. */
function selectionIn(text: Y.Text, textarea: HTMLTextAreaElement): Selection {
  const { selectionStart, selectionEnd, selectionDirection: direction } = textarea
  const written = plain(text)
  // A caret stays behind what was typed last, a selection does not grow: others' words come outside of both.
  const startSide = selectionStart === selectionEnd ? -1 : 0
  return {
    start: Y.createRelativePositionFromTypeIndex(text, indexInText(written, selectionStart), startSide),
    end: Y.createRelativePositionFromTypeIndex(text, indexInText(written, selectionEnd), -1),
    direction,
  }
}

function show(text: Y.Text, textarea: HTMLTextAreaElement, selection: Selection | null): void {
  const written = plain(text)
  const value = withTextareaBreaks(written)
  if (value === textarea.value) return
  const { scrollTop } = textarea
  textarea.value = value
  textarea.scrollTop = scrollTop
  if (selection === null || text.doc === null) return
  const start = Y.createAbsolutePositionFromRelativePosition(selection.start, text.doc)
  const end = Y.createAbsolutePositionFromRelativePosition(selection.end, text.doc)
  if (start === null || end === null) return
  const from = indexInTextarea(written, start.index)
  // Of a selection whose words are all gone the end may come to lie before the start.
  textarea.setSelectionRange(from, Math.max(from, indexInTextarea(written, end.index)), selection.direction)
}

/** A second replica of the text's document as it is now. What is written into it goes on into the first. */
function copyThatFeeds(text: Y.Text, origin: HTMLTextAreaElement): Y.Text {
  const doc = text.doc
  if (doc === null) throw new Error('The text belongs to no document any more.')
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  copy.on('update', (update: Uint8Array) => Y.applyUpdate(doc, update, origin))
  return copy.getText(Y.findRootTypeKey(text))
}

/** The characters of a text, with a stand-in for each embedded thing, which takes one place in the text too. */
function plain(text: Y.Text): string {
  const pieces: { insert: unknown }[] = text.toDelta()
  return pieces.map(({ insert }) => (typeof insert === 'string' ? insert : '\uFFFC')).join('')
}

/** A textarea knows one line break, so positions in its value and in a text with others differ. */
function withTextareaBreaks(written: string): string {
  return written.replace(/\r\n?/g, '\n')
}

function indexInTextarea(written: string, index: number): number {
  return withTextareaBreaks(written.slice(0, index)).length
}

function indexInText(written: string, indexShown: number): number {
  let index = indexShown
  for (let at = written.indexOf('\r\n'); at !== -1 && at < index; at = written.indexOf('\r\n', at + 2))
    index += 1
  return index
}
