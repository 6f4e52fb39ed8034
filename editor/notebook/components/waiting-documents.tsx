// waiting-documents.tsx — document by document, what waits and why. Documents that are not open are told as one.
import type { ReactElement } from 'react'
import { useSyncStatus } from 'syncline/react'
import type { DocumentList } from '../document-list-hook.ts'
import { listName, nameOf } from '../document-list.ts'
import { panel, untitled } from '../texts.ts'
import { timeWords } from '../times.ts'

export function WaitingDocuments({
  list,
  openId,
}: {
  list: DocumentList | undefined
  openId: string | undefined
}): ReactElement {
  const open = list?.entries.find(({ id }) => id === openId)
  return (
    <section>
      <h3>{panel.documents}</h3>
      <ul className="rows">
        {open !== undefined && <Row name={nameOf(open.id)} title={open.title || untitled} />}
        <Row name={listName} title={panel.list} />
        <Others openName={open === undefined ? undefined : nameOf(open.id)} />
      </ul>
    </section>
  )
}

function Row({ name, title }: { name: string; title: string }): ReactElement {
  const { inMemory, pending, lastSaved, waitingFor, progress } = useSyncStatus(name)
  const waits = inMemory + pending
  return (
    <li>
      <span>{title}</span>
      <span className="quiet">
        {waits > 0 || lastSaved === undefined ? panel.waits(waits) : panel.lastSaved(timeWords(lastSaved))}
        {waits > 0 && waitingFor !== undefined && ` · ${panel.waiting(waitingFor)}`}
      </span>
      {progress !== undefined && <Progress {...progress} />}
    </li>
  )
}

function Progress({ position, head }: { position: number; head: number }): ReactElement {
  const percent = head === 0 ? 0 : Math.floor((position / head) * 100)
  return (
    <label className="quiet">
      {panel.catchingUp(percent)} <progress value={position} max={head} />
    </label>
  )
}

function Others({ openName }: { openName: string | undefined }): ReactElement | undefined {
  const all = useSyncStatus()
  const list = useSyncStatus(listName)
  const open = useSyncStatus(openName ?? listName)
  const shown = waitingIn(list) + (openName === undefined ? 0 : waitingIn(open))
  const left = waitingIn(all) - shown
  if (left <= 0) return undefined
  return (
    <li>
      <span>{panel.others}</span>
      <span className="quiet">{panel.waits(left)}</span>
    </li>
  )
}

function waitingIn({ inMemory, pending }: { inMemory: number; pending: number }): number {
  return inMemory + pending
}
