// sidebar.tsx — the list of documents: search, what is in the trash, who sits here.
import { memo, useState } from 'react'
import type { ReactElement } from 'react'
import { useSyncStatus } from 'syncline/react'
import { addressOf } from '../address.ts'
import type { DocumentList } from '../document-list-hook.ts'
import { lastTime, listName } from '../document-list.ts'
import type { Entry } from '../document-list.ts'
import { isOfAnother } from '../indicator.ts'
import { useHasNews } from '../seen.ts'
import type { DocumentActions } from '../use-actions.ts'
import { appName, labels, untitled } from '../texts.ts'
import { dayWords } from '../times.ts'
import { Icon } from './icon.tsx'
import { WorkspaceIndicator } from './indicator.tsx'
import { Menu } from './menu.tsx'
import { You } from './you.tsx'

type SidebarProps = {
  readonly list: DocumentList | undefined
  readonly openId: string | undefined
  readonly actions: DocumentActions
  readonly onPanel: () => void
}

/** A status is another one after every key, and the list is not. */
export function SidebarByRights(props: SidebarProps): ReactElement {
  const { mayWrite } = useSyncStatus(listName)
  const isOthers = isOfAnother(useSyncStatus())
  return <Sidebar {...props} mayWrite={mayWrite !== false && !isOthers} />
}

const Sidebar = memo(function Sidebar({
  list,
  openId,
  mayWrite,
  actions,
  onPanel,
}: SidebarProps & { mayWrite: boolean }): ReactElement {
  const [words, setWords] = useState('')
  const [showsTrash, setShowsTrash] = useState(false)
  const inTrash = list?.entries.filter(({ trashed }) => trashed !== undefined) ?? []
  const shown = (list?.entries ?? []).filter(
    ({ title, trashed }) =>
      (trashed !== undefined) === showsTrash && title.toLowerCase().includes(words.trim().toLowerCase()),
  )
  return (
    <nav className="sidebar" aria-label={labels.documents}>
      <header className="sidebar-head">
        <h1>{appName}</h1>
        <button
          className="icon-button"
          aria-label={labels.newDocument}
          title={labels.newDocument}
          disabled={list === undefined || !mayWrite}
          onClick={actions.create}
        >
          <Icon name="plus" />
        </button>
        {mayWrite && (
          <Menu label={labels.more} items={[{ name: labels.importMarkdown, act: actions.importMarkdown }]} />
        )}
      </header>
      <div className="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={labels.search}
          placeholder={labels.search}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      <div className="entries">
        {list === undefined && <p className="quiet">{labels.opening}</p>}
        {list !== undefined && shown.length === 0 && <p className="quiet">{emptyWords(words, showsTrash)}</p>}
        <ul>
          {shown.map((entry) => (
            <EntryRow
              key={entry.id}
              entry={entry}
              isOpen={entry.id === openId}
              actions={mayWrite ? actions : undefined}
            />
          ))}
        </ul>
      </div>
      <footer className="sidebar-foot">
        <WorkspaceIndicator onOpen={onPanel} />
        <button className="quiet-button" aria-pressed={showsTrash} onClick={() => setShowsTrash(!showsTrash)}>
          <Icon name="trash" />
          {labels.trash}
          {inTrash.length > 0 && <span className="count">{inTrash.length}</span>}
        </button>
        <You />
      </footer>
    </nav>
  )
})

function EntryRow({
  entry,
  isOpen,
  actions,
}: {
  entry: Entry
  isOpen: boolean
  /** Undefined: they are not this person's. */
  actions: DocumentActions | undefined
}): ReactElement {
  const { id, title, trashed } = entry
  const hasNews = useHasNews(entry) && !isOpen
  return (
    <li className="entry" data-open={isOpen}>
      <a href={addressOf(id)} aria-current={isOpen ? 'page' : undefined}>
        {hasNews && <span className="news" role="img" aria-label={labels.hasNews} title={labels.hasNews} />}
        <span className="entry-title">{title || untitled}</span>
        <time className="entry-time">{dayWords(lastTime(entry))}</time>
      </a>
      {actions !== undefined && (
        <Menu
          label={labels.actionsFor(title)}
          items={
            trashed === undefined
              ? [
                  { name: labels.duplicate, act: () => actions.duplicate(entry) },
                  { name: labels.moveToTrash, act: () => actions.moveToTrash(entry) },
                ]
              : [{ name: labels.bringBack, act: () => actions.bringBack(entry) }]
          }
        />
      )}
    </li>
  )
}

function emptyWords(words: string, showsTrash: boolean): string {
  if (words.trim() !== '') return labels.noMatch(words.trim())
  return showsTrash ? labels.trashIsEmpty : labels.noDocument
}
