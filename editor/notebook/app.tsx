// app.tsx — which part of the page is shown: the list, and beside it, or on a phone instead of it, a document.
import { lazy, useCallback, useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { documentInAddress, goInstead, goTo, useDocumentInAddress } from './address.ts'
import { Part } from './components/part.tsx'
import { Notices } from './components/notices.tsx'
import { SidebarByRights } from './components/sidebar.tsx'
import { SignIn } from './components/sign-in.tsx'
import { useDocumentList } from './document-list-hook.ts'
import { shownInstead } from './document-list.ts'
import type { Figures } from './figures.ts'
import { labels } from './texts.ts'
import { useActions } from './use-actions.ts'
import { Welcome } from './welcome.ts'

const restAfterMs = 1_500

const loadPage = () => import('./writing/page.tsx')
const loadPanel = () => import('./components/panel.tsx')
const Page = lazy(loadPage)
const Panel = lazy(loadPanel)

export function App({ figures }: { figures: Figures }): ReactElement {
  const list = useDocumentList()
  const id = useDocumentInAddress()
  const actions = useActions(list)
  const [isPanelOpen, setPanelOpen] = useState(false)
  const openPanel = useCallback(() => setPanelOpen(true), [])
  const showWelcome = useCallback((made: string) => {
    if (documentInAddress() === undefined && !isNarrow()) goTo(made)
  }, [])
  useEffect(loadTheRest, [])
  const entry = list?.entries.find((one) => one.id === id)
  useEffect(() => {
    const other = list === undefined || id === undefined ? undefined : shownInstead(list.doc, id)
    if (other !== undefined) goInstead(other.id)
  }, [list, id])
  useEffect(() => {
    document.title = labels.title(entry?.title ?? '')
  }, [entry?.title])

  return (
    <div className="app" data-shows={id === undefined ? 'list' : 'document'}>
      {id !== undefined && (
        <button className="skip" onClick={focusText}>
          {labels.skipToText}
        </button>
      )}
      <SignIn />
      <Part meanwhile={undefined}>
        <SidebarByRights list={list} openId={id} actions={actions} onPanel={openPanel} />
      </Part>
      <main className="main">
        {id === undefined || list === undefined ? (
          <p className="nothing">{list === undefined ? labels.opening : labels.noDocument}</p>
        ) : (
          <Part key={id} meanwhile={<p className="nothing">{labels.opening}</p>}>
            <Page id={id} entry={entry} list={list.doc} actions={actions} onPanel={openPanel} />
          </Part>
        )}
      </main>
      {isPanelOpen && (
        <Part meanwhile={undefined}>
          <Panel list={list} openId={id} figures={figures} onClose={() => setPanelOpen(false)} />
        </Part>
      )}
      <Welcome list={list} onMade={showWelcome} />
      <Notices />
    </div>
  )
}

/** Past the list, which may be long. */
function focusText(): void {
  document.querySelector<HTMLElement>('.ProseMirror')?.focus()
}

/** Two columns need some room. */
function isNarrow(): boolean {
  return matchMedia('(max-width: 45rem)').matches
}

/** What is not shown yet comes when the list has been: later there may be no network, or a newer version. */
function loadTheRest(): () => void {
  // What does not come is asked for again, and missed aloud, where it is needed.
  const load = (): void => void Promise.allSettled([loadPage(), loadPanel(), import('./writing/markdown.ts')])
  const timer = setTimeout(load, restAfterMs)
  return () => clearTimeout(timer)
}
