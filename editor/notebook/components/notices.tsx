// notices.tsx — sentences at the lower edge: what did not work, what just happened, a new version of the page.
import { useEffect, useSyncExternalStore } from 'react'
import type { ReactElement } from 'react'
import { labels } from '../texts.ts'
import { Icon } from './icon.tsx'

type Notice = { readonly words: string; readonly isForReload: boolean; readonly isPassing: boolean }

const passingMs = 5_000
const listeners = new Set<() => void>()
let current: Notice | undefined

export function say(words: string): void {
  show({ words, isForReload: false, isPassing: true })
}

/** Stays until somebody closes it. */
export function sayForGood(words: string): void {
  show({ words, isForReload: false, isPassing: false })
}

export function askToReload(words: string): void {
  show({ words, isForReload: true, isPassing: false })
}

export function Notices(): ReactElement {
  const notice = useSyncExternalStore(subscribe, () => current)
  useEffect(() => {
    if (notice?.isPassing !== true) return undefined
    const timer = setTimeout(() => show(undefined), passingMs)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <div className="notices" role="status">
      {notice !== undefined && (
        <div className="notice">
          <p>{notice.words}</p>
          {notice.isForReload && (
            <button className="button" onClick={() => location.reload()}>
              {labels.reload}
            </button>
          )}
          <button className="icon-button" aria-label={labels.close} onClick={() => show(undefined)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  )
}

function show(notice: Notice | undefined): void {
  current = notice
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
