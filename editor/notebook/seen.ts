// seen.ts — which state of each document this browser has shown, as the list names it: its time of the last change. Times of
// different devices are never compared, only whether it is still the same one.
import { useSyncExternalStore } from 'react'
import { lastTime } from './document-list.ts'
import type { Entry } from './document-list.ts'
import { keep, keptJson } from './kept-here.ts'

const key = 'syncline-seen'
const listeners = new Set<() => void>()
const seen = lastSeen()

/** Whether somebody wrote in it since it was last open here. Of one that never was nothing is said. */
export function useHasNews(entry: Entry): boolean {
  const last = useSyncExternalStore(subscribe, () => seen.get(entry.id))
  return last !== undefined && last !== lastTime(entry)
}

export function markSeen(id: string, time: number): void {
  if (seen.get(id) === time) return
  seen.set(id, time)
  keep(key, JSON.stringify(Object.fromEntries(seen)))
  for (const listener of listeners) listener()
}

/** An id may be any word, `constructor` too. */
function lastSeen(): Map<string, number> {
  const said = keptJson(key)
  return new Map(typeof said === 'object' && said !== null ? Object.entries(said) : [])
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
