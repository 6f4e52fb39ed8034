// refused-edits.tsx — what the relay will never take, document by document: kept on this device until its author exports or
// discards it. [D3]
import { useCallback, useSyncExternalStore } from 'react'
import type { ReactElement } from 'react'
import type { RefusedEdit } from 'syncline/client'
import { useWorkspace } from 'syncline/react'
import type { DocumentList } from '../document-list-hook.ts'
import { listName, titleOf } from '../document-list.ts'
import { saveFile } from '../files.ts'
import { panel } from '../texts.ts'
import { dayWords } from '../times.ts'

const none: readonly RefusedEdit[] = []

export function RefusedEdits({ list }: { list: DocumentList | undefined }): ReactElement | undefined {
  const refused = useWorkspace()?.refused
  const subscribe = useCallback(
    (listener: () => void) => refused?.subscribe(listener) ?? (() => undefined),
    [refused],
  )
  const edits = useSyncExternalStore(subscribe, () => refused?.current ?? none)
  if (refused === undefined || edits.length === 0) return undefined
  return (
    <section>
      <h3>{panel.refused}</h3>
      <p className="quiet">{panel.refusedWhy}</p>
      <ul className="rows">
        {groupsOf(edits).map(({ document, reason, group, last }) => (
          <li key={`${document} ${reason}`}>
            <div className="refused">
              <strong>{document === listName ? panel.list : titleOf(list?.entries ?? [], document)}</strong>{' '}
              <span className="quiet">
                {panel.changes(group.length)}, {dayWords(last)}
              </span>
              <p>{reason}</p>
            </div>
            <button
              className="button"
              onClick={() => void Promise.all(group.map((edit) => refused.discard(edit)))}
            >
              {panel.discard}
            </button>
          </li>
        ))}
      </ul>
      <button
        className="button"
        onClick={() => saveFile('refused-changes.json', 'application/json', refused.export())}
      >
        {panel.export}
      </button>
    </section>
  )
}

type Group = {
  readonly document: string
  readonly reason: string
  readonly group: readonly RefusedEdit[]
  readonly last: number
}

/** A sentence that was typed is many edits, and one thing to decide about. */
function groupsOf(edits: readonly RefusedEdit[]): readonly Group[] {
  const groups = new Map<string, RefusedEdit[]>()
  for (const edit of edits) {
    const key = `${edit.document}\n${edit.reason}`
    groups.set(key, [...(groups.get(key) ?? []), edit])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const last = Math.max(...group.map(({ filedAt }) => filedAt))
    return [{ document: first.document, reason: first.reason, group, last }]
  })
}
