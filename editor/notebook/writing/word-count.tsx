// word-count.tsx — how many words the text has, when the typing rests: to count them at each key would be felt in a long one.
import type { Editor } from '@tiptap/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { labels } from '../texts.ts'

const restMs = 400

export function WordCount({ editor }: { editor: Editor }): ReactElement {
  const [count, setCount] = useState(() => wordsIn(editor))
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const editorOnUpdate = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => setCount(wordsIn(editor)), restMs)
    }
    editorOnUpdate()
    editor.on('update', editorOnUpdate)
    return () => {
      clearTimeout(timer)
      editor.off('update', editorOnUpdate)
    }
  }, [editor])
  return <span className="quiet">{labels.words(count)}</span>
}

function wordsIn({ state: { doc } }: Editor): number {
  return doc.textBetween(0, doc.content.size, ' ', ' ').match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0
}
