// notices.tsx — sentences at the lower edge: what stays until somebody closes it, and under it what just happened.
import { useEffect, useSyncExternalStore } from 'react'
import type { ReactElement } from 'react'
import { labels } from '../texts.ts'
import { Icon } from './icon.tsx'

type Notice = { readonly words: string; readonly isForReload: boolean; readonly isPassing: boolean }

const passingMs = 5_000
const listeners = new Set<() => void>()
let current: readonly Notice[] = []

/** Until the next one, or for a moment. */
export function say(words: string): void {
  show({ words, isForReload: false, isPassing: true })
}

export function sayForGood(words: string): void {
  show({ words, isForReload: false, isPassing: false })
}

export function askToReload(words: string): void {
  show({ words, isForReload: true, isPassing: false })
}

export function Notices(): ReactElement {
  const notices = useSyncExternalStore(subscribe, () => current)
  const passing = notices.find(({ isPassing }) => isPassing)
  useEffect(() => {
    if (passing === undefined) return undefined
    const timer = setTimeout(() => close(passing), passingMs)
    return () => clearTimeout(timer)
  }, [passing])
  return (
    <div className="notices" role="status">
      {notices.map((notice) => (
        <div className="notice" key={notice.words}>
          <p>{notice.words}</p>
          {notice.isForReload && (
            <button className="button" onClick={() => location.reload()}>
              {labels.reload}
            </button>
          )}
          <button className="icon-button" aria-label={labels.close} onClick={() => close(notice)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}

/** What passes replaces what passes, and nothing is said twice. */
function show(notice: Notice): void {
  const others = current.filter(
    ({ words, isPassing }) => words !== notice.words && !(isPassing && notice.isPassing),
  )
  set([...others, notice].toSorted((one, other) => Number(one.isPassing) - Number(other.isPassing)))
}

function close(notice: Notice): void {
  set(current.filter((one) => one !== notice))
}

function set(notices: readonly Notice[]): void {
  current = notices
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
