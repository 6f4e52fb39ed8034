// welcome.ts — the document that is there at first: made once, when nobody made any, and the relay agrees or none answers.
import { useEffect } from 'react'
import type { Workspace } from 'syncline/client'
import { useSyncStatus, useWorkspace } from 'syncline/react'
import type { DocumentList } from './document-list-hook.ts'
import { isEmpty, listName } from './document-list.ts'
import { makeFromMarkdown } from './document-making.ts'
import { welcome } from './texts.ts'

/** Of this page: what is under way is not in the list yet. */
let isMaking = false

/** Shows nothing; `onMade` is told its id. A component of its own, for statuses change with every key. */
export function Welcome({
  list,
  onMade,
}: {
  list: DocumentList | undefined
  onMade: (id: string) => void
}): undefined {
  const workspace = useWorkspace()
  const { isUpToDate, mayWrite } = useSyncStatus(listName)
  const { phase, reason } = useSyncStatus()
  const isAlone = phase === 'waiting' || reason === 'workOffline'
  useEffect(() => {
    if (workspace === undefined || list === undefined || isMaking) return
    if (!isEmpty(list.doc) || !(isUpToDate || isAlone) || mayWrite === false) return
    isMaking = true
    void makeWelcome(workspace, list)
      .then(onMade)
      .finally(() => {
        isMaking = false
      })
  }, [workspace, list, isUpToDate, isAlone, mayWrite, onMade])
}

function makeWelcome(workspace: Workspace, list: DocumentList): Promise<string> {
  return makeFromMarkdown(workspace, list.doc, { ...welcome, isWelcome: true })
}
