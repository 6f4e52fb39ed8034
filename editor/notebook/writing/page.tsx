// page.tsx — one document: its title, its text, who is here, what is saved of it. Knows: what the person may do with it.
import { memo, useCallback, useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { useDocument, useSyncStatus } from 'syncline/react'
import type { DocumentView } from 'syncline/react'
import type * as Y from 'yjs'
import { DocumentIndicator } from '../components/indicator.tsx'
import { Icon } from '../components/icon.tsx'
import { lastTime, listName, nameOf, rename } from '../document-list.ts'
import type { Entry } from '../document-list.ts'
import { usePerson } from '../person.ts'
import { isOfAnother, isReached } from '../indicator.ts'
import { recording } from '../leftovers.ts'
import { markSeen } from '../seen.ts'
import { labels, writing } from '../texts.ts'
import { Touching } from '../touching.ts'
import type { DocumentActions } from '../use-actions.ts'
import { FindBar } from './find-bar.tsx'
import { useFindKey } from './find-key.ts'
import { LeftoverNote } from './leftover-note.tsx'
import { Notes } from './notes.tsx'
import { PageMenu } from './page-menu.tsx'
import { People } from './people.tsx'
import { Reactions } from './reactions.tsx'
import { Toolbar } from './toolbar.tsx'
import { useHasCome } from './use-arrival.ts'
import { useEditor } from './use-editor.ts'
import type { Shown } from './use-editor.ts'
import { useLeftovers } from './use-leftovers.ts'
import { useNews } from './use-news.ts'
import type { Currency } from './use-news.ts'
import { WordCount } from './word-count.tsx'

type PageProps = {
  readonly id: string
  readonly entry: Entry | undefined
  /** The list's Y.Doc. */
  readonly list: Y.Doc
  readonly actions: DocumentActions
  readonly onPanel: () => void
}

/** A status is another one after every key, and the page is not. */
export default function Page(props: PageProps): ReactElement {
  const { mayWrite, waitingFor, isUpToDate, phase } = useSyncStatus(nameOf(props.id))
  const workspace = useSyncStatus()
  const mayRename = useSyncStatus(listName).mayWrite !== false
  const isOthers = isOfAnother(workspace)
  return (
    <PageOfDocument
      {...props}
      mayWrite={isOthers ? false : mayWrite}
      mayRename={mayRename && !isOthers}
      isForbidden={waitingFor === 'forbidden'}
      isReached={isReached(workspace)}
      isUpToDate={isUpToDate}
      isLive={phase === 'live'}
    />
  )
}

const PageOfDocument = memo(function PageOfDocument(
  props: PageProps &
    Currency & {
      mayWrite: boolean | undefined
      mayRename: boolean
      isForbidden: boolean
      isLive: boolean
    },
): ReactElement {
  const { id, entry, list, mayWrite, mayRename, isForbidden } = props
  const view = useDocument(nameOf(id))
  const place = useRef<HTMLDivElement>(null)
  const shown = useEditor(place, view, usePerson())
  const [isFinding, setFinding] = useState(false)
  const hasCome = useHasCome(view?.doc)
  const isMissing = view !== undefined && !hasCome && !props.isUpToDate
  const isThere = entry !== undefined && entry.trashed === undefined && !isMissing
  const isWritable = isThere && mayWrite !== false && shown?.isBound === true
  useEffect(() => {
    if (shown?.isBound === true) shown.editor.setEditable(isWritable, false)
    shown?.editor.view.dom.setAttribute('aria-label', labels.text(entry?.title ?? ''))
  }, [shown, isWritable, entry?.title])
  useEffect(() => {
    if (entry !== undefined) markSeen(entry.id, lastTime(entry))
  }, [entry])
  useNews(shown?.isBound === true ? shown.editor : undefined, id, props)
  useTouch(view, list, id)
  const leftovers = useLeftovers(view?.doc, isWritable && props.isLive)
  const openFind = useCallback(() => setFinding(true), [])
  useFindKey(openFind)

  return (
    <article className="page">
      <Bar {...props} shown={shown} onFind={openFind} />
      {shown !== undefined && isWritable && <Toolbar editor={shown.editor} />}
      {isFinding && shown !== undefined && (
        <FindBar editor={shown.editor} onClose={() => setFinding(false)} />
      )}
      <div className="scroll">
        <div className="paper" hidden={isForbidden}>
          <Notes
            entry={entry}
            shown={shown}
            mayWrite={mayWrite}
            isMissing={isMissing}
            actions={mayRename ? props.actions : undefined}
          />
          {view !== undefined && (
            <LeftoverNote
              doc={view.doc}
              leftovers={leftovers}
              mayWrite={isWritable}
              onEnd={() => shown?.editor.view.focus()}
            />
          )}
          {entry !== undefined && (
            <textarea
              className="title"
              rows={1}
              aria-label={labels.documentTitle}
              placeholder={labels.documentTitle}
              // Who began it goes on with its name.
              autoFocus={entry.title === ''}
              value={entry.title}
              readOnly={!mayRename || entry.trashed !== undefined}
              onChange={(event) => rename(list, id, event.target.value.replaceAll('\n', ' '))}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                shown?.editor.commands.focus('start')
              }}
            />
          )}
          <div ref={place} className="prose" />
          {entry !== undefined && shown !== undefined && view !== undefined && (
            <footer className="page-foot">
              <Reactions doc={view.doc} mayWrite={isThere && mayWrite !== false} />
              <WordCount editor={shown.editor} />
            </footer>
          )}
        </div>
        {isForbidden && <p className="nothing">{labels.mayNotRead}</p>}
      </div>
    </article>
  )
})

function Bar({
  id,
  entry,
  actions,
  mayRename,
  shown,
  onPanel,
  onFind,
}: PageProps & { mayRename: boolean; shown: Shown | undefined; onFind: () => void }): ReactElement {
  return (
    <header className="bar">
      <a className="icon-button back" href="#" aria-label={labels.backToDocuments}>
        <Icon name="back" />
      </a>
      <People id={id} editor={shown?.editor} />
      <DocumentIndicator id={id} onOpen={onPanel} />
      <button className="icon-button" aria-label={writing.find} title={writing.find} onClick={onFind}>
        <Icon name="search" />
      </button>
      <PageMenu
        id={id}
        entry={entry}
        // Without what this page does not know a copy would be less than it looks.
        editor={shown?.isBound === true ? shown.editor : undefined}
        actions={mayRename ? actions : undefined}
      />
    </header>
  )
}

/** The list says when somebody last wrote in it: only of what is written here. */
function useTouch(view: DocumentView | undefined, list: Y.Doc, id: string): void {
  useEffect(() => {
    if (view === undefined) return undefined
    const { doc } = view
    // What one writes oneself one has seen.
    const touching = new Touching(list, id, (time) => markSeen(id, time))
    const rest = (): void => touching.rest()
    const docOnUpdate = (
      _update: Uint8Array,
      origin: unknown,
      _doc: Y.Doc,
      { local }: Y.Transaction,
    ): void => {
      if (local && origin !== recording) touching.write()
    }
    doc.on('update', docOnUpdate)
    addEventListener('pagehide', rest)
    return () => {
      rest()
      doc.off('update', docOnUpdate)
      removeEventListener('pagehide', rest)
    }
  }, [view, list, id])
}
