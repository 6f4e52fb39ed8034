// use-editor.ts — the editor of a document, as long as it is shown: bound to its Y.Doc, or, where it holds what the binding
// would delete, showing it for reading. A rebuilt Y.Doc, and a change from one to the other, makes another editor.
import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Placeholder } from '@tiptap/extensions'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { RefObject } from 'react'
import type { DocumentView } from 'syncline/react'
import type * as Y from 'yjs'
import { say } from '../components/notices.tsx'
import { proseField, proseOf } from '../document-parts.ts'
import type { Person } from '../person.ts'
import { labels, writing } from '../texts.ts'
import { drawCaret, drawSelection, tellingOfOthers } from './carets.ts'
import { contentExtensions, contentSchema } from './extensions.ts'
import { Find } from './find.ts'
import { followLink } from './link-following.ts'
import { writeBelow } from './line-below.ts'
import { NewsMarks } from './news.ts'
import { putInOrder } from './order.ts'
import { readableExtensions, readableFrom } from './readable.ts'
import { guard, unfitIn } from './schema-guard.ts'
import type { Unfit } from './schema-guard.ts'

export type Shown = {
  readonly editor: Editor
  readonly isBound: boolean
  /** Why it is not bound. */
  readonly unfit?: Unfit
  readonly putInOrder?: () => void
}

const pastedLengthMax = 1_000_000

export function useEditor(
  place: RefObject<HTMLElement | null>,
  view: DocumentView | undefined,
  person: Person,
): Shown | undefined {
  const [shown, setShown] = useState<Shown>()
  useEffect(() => {
    if (view === undefined || place.current === null) return undefined
    const { current: element } = place
    let end = show()
    function show(): () => void {
      if (view === undefined) return () => undefined
      const unfit = unfitIn(view.doc, contentSchema)
      if (unfit !== undefined) return showReadable(view, unfit)
      const editor = boundEditor(element, view, person)
      setShown({ editor, isBound: true })
      const unguard = guard(view.doc, contentSchema, (came) => {
        // Before the binding hears of it: it is gone by then.
        end()
        end = showReadable(view, came)
      })
      return () => {
        unguard()
        editor.destroy()
      }
    }
    function showReadable({ doc }: DocumentView, unfit: Unfit): () => void {
      const editor = readingEditor(element, doc)
      setShown({ editor, isBound: false, unfit, putInOrder: () => putInOrder(doc) })
      const prose = proseOf(doc)
      const look = (): void => {
        if (unfitIn(doc, contentSchema) === unfit) return void editor.commands.setContent(readableFrom(doc))
        end()
        end = show()
      }
      prose.observeDeep(look)
      return () => {
        prose.unobserveDeep(look)
        editor.destroy()
      }
    }
    return () => {
      end()
      setShown(undefined)
    }
    // What a person is called is told to the editor that is there.
  }, [place, view])
  useEffect(() => {
    if (shown?.isBound === true) shown.editor.commands.updateUser(person)
  }, [shown, person])
  return shown
}

/** One value of an editor for React: it renders when the value is another one. */
export function useEditorValue<Value extends string | number | boolean>(
  editor: Editor,
  valueOf: (editor: Editor) => Value,
): Value {
  const subscribe = useCallback(
    (listener: () => void) => {
      editor.on('transaction', listener)
      return () => void editor.off('transaction', listener)
    },
    [editor],
  )
  return useSyncExternalStore(subscribe, () => valueOf(editor))
}

function boundEditor(element: HTMLElement, { doc, awareness }: DocumentView, person: Person): Editor {
  return new Editor({
    element,
    // A style element of its own would be against the content security policy: prose.css has what it needs.
    injectCSS: false,
    extensions: [
      ...contentExtensions,
      Collaboration.configure({ document: doc, field: proseField }),
      CollaborationCaret.configure({
        provider: { awareness: tellingOfOthers(awareness) },
        user: person,
        render: drawCaret,
        selectionRender: drawSelection,
      }),
      Find,
      NewsMarks,
      Placeholder.configure({ placeholder: labels.placeholder }),
    ],
    editorProps: {
      attributes: { role: 'textbox', 'aria-multiline': 'true', spellcheck: 'true' },
      handleClick: (view, _place, event) => followLink(event) || writeBelow(view, event),
      handlePaste: (_view, event) => isTooMuch(event.clipboardData),
      handleDrop: (_view, event, _slice, isMoved) => !isMoved && isTooMuch(event.dataTransfer),
    },
  })
}

function readingEditor(element: HTMLElement, doc: Y.Doc): Editor {
  return new Editor({
    element,
    injectCSS: false,
    editable: false,
    extensions: [...readableExtensions, Find],
    content: readableFrom(doc),
    editorProps: { handleClick: (_view, _place, event) => followLink(event) },
  })
}

/** True: nothing is pasted, or dropped. A page that takes minutes over it would look broken. */
function isTooMuch(data: DataTransfer | null): boolean {
  const length = Math.max(data?.getData('text/plain').length ?? 0, data?.getData('text/html').length ?? 0)
  if (length <= pastedLengthMax) return false
  say(writing.tooMuchPasted(length))
  return true
}
