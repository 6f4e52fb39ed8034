// seen.ts — which state of each document this browser has shown, as the list names it: its time of the last change. Times of
// different devices are never compared, only whether it is still the same one.
import { useSyncExternalStore } from 'react'
import { nameHere } from '../place.ts'
import { lastTime } from './document-list.ts'
import type { Entry } from './document-list.ts'

const key = nameHere('syncline-seen')
const listeners = new Set<() => void>()
let seen: Readonly<Record<string, number>> = kept()

/** Whether somebody wrote in it since it was last open here. Of one that never was nothing is said. */
export function useHasNews(entry: Entry): boolean {
  const last = useSyncExternalStore(subscribe, () => seen[entry.id])
  return last !== undefined && last !== lastTime(entry)
}

export function markSeen(entry: Entry): void {
  if (seen[entry.id] === lastTime(entry)) return
  seen = { ...seen, [entry.id]: lastTime(entry) }
  localStorage.setItem(key, JSON.stringify(seen))
  for (const listener of listeners) listener()
}

function kept(): Readonly<Record<string, number>> {
  try {
    const words: unknown = JSON.parse(localStorage.getItem(key) ?? '{}')
    return typeof words === 'object' && words !== null ? { ...words } : {}
  } catch (error) {
    // Whatever else wrote there: all is as if it was never shown.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
