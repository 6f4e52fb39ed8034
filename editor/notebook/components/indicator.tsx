// indicator.tsx — the one line that says what is saved, and the way to the panel behind it.
import { memo, useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import type { DocumentStatus, WorkspaceStatus } from 'syncline/client'
import { useSyncStatus } from 'syncline/react'
import { listName, nameOf } from '../document-list.ts'
import { indicatorOf } from '../indicator.ts'
import type { Indicator } from '../indicator.ts'
import { indicatorWords, panel } from '../texts.ts'

/** «Saved» between two keys would only flicker: it may be said late, and never early. */
const calmMs = 500
/** Ears are told what has come to rest, not each step on the way. */
const announceMs = 1_500

export function DocumentIndicator({ id, onOpen }: { id: string; onOpen: () => void }): ReactElement {
  return <Shown workspace={useSyncStatus()} document={useSyncStatus(nameOf(id))} onOpen={onOpen} />
}

/** Of the list, and of whatever else waits on this device. */
export function WorkspaceIndicator({ onOpen }: { onOpen: () => void }): ReactElement {
  const workspace = useSyncStatus()
  const list = useSyncStatus(listName)
  const { inMemory, pending } = workspace
  return <Shown workspace={workspace} document={{ ...list, inMemory, pending }} onOpen={onOpen} />
}

function Shown({
  workspace,
  document,
  onOpen,
}: {
  workspace: WorkspaceStatus
  document: DocumentStatus
  onOpen: () => void
}): ReactElement {
  const indicator = useCalm(indicatorOf(workspace, document))
  const words = indicatorWords(indicator)
  const announced = useLate(words, announceMs)
  return <Words is={indicator.is} words={words} announced={announced} onOpen={onOpen} />
}

/**
 * A status is another one several times a key, and the words are not: for each element that it renders anew React looks for
 * the selection in all of a long text.
 */
const Words = memo(function Words({
  is,
  words,
  announced,
  onOpen,
}: {
  is: Indicator['is']
  words: string
  announced: string
  onOpen: () => void
}): ReactElement {
  return (
    <>
      <button
        className="indicator"
        data-is={is}
        aria-haspopup="dialog"
        aria-label={`${panel.title}: ${words}`}
        onClick={onOpen}
      >
        {words}
      </button>
      <span className="for-ears" role="status">
        {announced}
      </span>
    </>
  )
})

/** Bad news at once; that all is saved, when it has been so for a moment. */
function useCalm(indicator: Indicator): Indicator {
  const isSaved = indicator.is === 'saved'
  const [isCalm, setCalm] = useState(isSaved)
  if (isCalm && !isSaved) setCalm(false)
  useEffect(() => {
    if (!isSaved) return undefined
    const timer = setTimeout(() => setCalm(true), calmMs)
    return () => clearTimeout(timer)
  }, [isSaved])
  return isSaved && !isCalm ? { is: 'saving' } : indicator
}

function useLate<Value>(value: Value, ms: number): Value {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return late
}
