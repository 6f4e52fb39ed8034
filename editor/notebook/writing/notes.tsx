// notes.tsx — sentences over the text: why it is not as one would think, and what is new in it.
import type { Editor } from '@tiptap/core'
import type { ReactElement } from 'react'
import type { Entry } from '../document-list.ts'
import { labels } from '../texts.ts'
import type { DocumentActions } from '../use-actions.ts'
import { markNews, newsCount, showNews } from './news.ts'
import { useEditorValue } from './use-editor.ts'
import type { Shown } from './use-editor.ts'

export function Notes({
  entry,
  shown,
  mayWrite,
  isMissing,
  actions,
}: {
  entry: Entry | undefined
  shown: Shown | undefined
  mayWrite: boolean | undefined
  isMissing: boolean
  /** Undefined: they are not this person's. */
  actions: DocumentActions | undefined
}): ReactElement {
  return (
    <div className="notes" role="status">
      {entry === undefined && <p>{labels.noSuchDocument}</p>}
      {entry?.trashed !== undefined && (
        <p>
          {labels.inTrash}{' '}
          {actions !== undefined && (
            <button className="button" onClick={() => actions.bringBack(entry)}>
              {labels.bringBack}
            </button>
          )}
        </p>
      )}
      {entry !== undefined && isMissing && <p>{labels.notHereYet}</p>}
      {mayWrite === false && <p>{labels.mayNotWrite}</p>}
      {shown?.unfit === 'misplaced' && (
        <p>
          {labels.misplaced}{' '}
          {mayWrite !== false && entry !== undefined && entry.trashed === undefined && (
            <button className="button" onClick={shown.putInOrder}>
              {labels.putInOrder}
            </button>
          )}
        </p>
      )}
      {shown?.unfit === 'newer' && (
        <p>
          {wasReloaded() ? labels.noNewerVersion : labels.newerVersion}{' '}
          <button className="button" onClick={reload}>
            {labels.reload}
          </button>
        </p>
      )}
      {shown?.isBound === true && <News editor={shown.editor} />}
    </div>
  )
}

/** Kept with this one entry of the tab's history, which a reload does not leave. */
function reload(): void {
  history.replaceState({ wasReloaded: true }, '')
  location.reload()
}

function wasReloaded(): boolean {
  const said: unknown = history.state
  return typeof said === 'object' && said !== null && 'wasReloaded' in said
}

function News({ editor }: { editor: Editor }): ReactElement | undefined {
  const count = useEditorValue(editor, newsCount)
  if (count === 0) return undefined
  return (
    <p>
      {labels.news(count)}{' '}
      <button className="button" onClick={() => showNews(editor)}>
        {labels.showNews}
      </button>
      <button className="button" onClick={() => markNews(editor, undefined)}>
        {labels.newsAreSeen}
      </button>
    </p>
  )
}
