// find-bar.tsx — the field for what is looked for in the text. Enter goes on, Escape leaves the caret where it was found.
import type { Editor } from '@tiptap/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { Icon } from '../components/icon.tsx'
import { labels, writing } from '../texts.ts'
import { endFind, find, findNext, foundIn } from './find.ts'
import { useFindKey } from './find-key.ts'
import { useEditorValue } from './use-editor.ts'

export function FindBar({ editor, onClose }: { editor: Editor; onClose: () => void }): ReactElement {
  const field = useRef<HTMLInputElement>(null)
  const [words, setWords] = useState('')
  const count = useEditorValue(editor, (one) => foundIn(one).ranges.length)
  const at = useEditorValue(editor, (one) => foundIn(one).at)
  const goToField = useCallback(() => field.current?.select(), [])
  useEffect(goToField, [goToField])
  useFindKey(goToField)
  useEffect(() => find(editor, words), [editor, words])
  const close = (): void => {
    endFind(editor)
    onClose()
  }
  return (
    <search className="find">
      <input
        ref={field}
        aria-label={writing.find}
        placeholder={writing.find}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') findNext(editor, event.shiftKey ? -1 : 1)
          else if (event.key === 'Escape') close()
        }}
      />
      <span className="quiet" role="status">
        {words === '' ? '' : writing.found(at + 1, count)}
      </span>
      <button className="icon-button" aria-label={writing.findPrevious} onClick={() => findNext(editor, -1)}>
        <Icon name="up" />
      </button>
      <button className="icon-button" aria-label={writing.findNext} onClick={() => findNext(editor, 1)}>
        <Icon name="down" />
      </button>
      <button className="icon-button" aria-label={labels.close} onClick={close}>
        <Icon name="close" />
      </button>
    </search>
  )
}
