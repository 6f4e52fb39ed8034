// waiting-documents.tsx — document by document, what waits and why: the one that is shown, the list, and whichever others the
// relay lacks something of.
import type { ReactElement } from 'react'
import { useSyncStatus } from 'syncline/react'
import type { DocumentList } from '../document-list-hook.ts'
import { listName, nameOf } from '../document-list.ts'
import type { Entry } from '../document-list.ts'
import { panel, untitled } from '../texts.ts'
import { timeWords } from '../times.ts'

/** Each is opened to be counted. */
const rowsMax = 20

export function WaitingDocuments({
  list,
  openId,
}: {
  list: DocumentList | undefined
  openId: string | undefined
}): ReactElement {
  const { waiting } = useSyncStatus()
  const entries = new Map(list?.entries.map((entry) => [nameOf(entry.id), entry]))
  const openName = openId === undefined ? undefined : nameOf(openId)
  const shown = openName !== undefined && entries.has(openName) ? [openName, listName] : [listName]
  const names = [...new Set([...shown, ...waiting])]
  return (
    <section>
      <h3>{panel.documents}</h3>
      <ul className="rows">
        {names.slice(0, rowsMax).map((name) => (
          <Row key={name} name={name} title={titleOf(entries.get(name), name)} />
        ))}
      </ul>
      {names.length > rowsMax && <p className="quiet">{panel.moreWait(names.length - rowsMax)}</p>}
    </section>
  )
}

function titleOf(entry: Entry | undefined, name: string): string {
  if (entry !== undefined) return entry.title || untitled
  return name === listName ? panel.list : name
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
