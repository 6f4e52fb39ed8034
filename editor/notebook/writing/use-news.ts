// use-news.ts — what changed in a document since this browser last showed it: the old state is kept when one turns away, and
// the text compared with it when one comes back.
import type { Editor } from '@tiptap/core'
import type { Transaction } from '@tiptap/pm/state'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { keep, keptJson } from '../kept-here.ts'
import { isOwnEdit, markNews, printsOf } from './news.ts'

/** Of a very long text nothing is kept: room is small where it would be. */
const partsMax = 5_000
const documentsMax = 100
const key = 'syncline-last-shown'

export type Currency = {
  /** There is a line to the relay. */
  readonly isReached: boolean
  readonly isUpToDate: boolean
}

export function useNews(editor: Editor | undefined, id: string, { isReached, isUpToDate }: Currency): void {
  const isVisible = useSyncExternalStore(subscribeToVisibility, () => document.visibilityState === 'visible')
  /** What was shown when one turned away, or the line was lost; undefined: one has been looking since. */
  const before = useRef<ReadonlySet<string>>(undefined)
  const wasLooking = useRef(false)
  useEffect(() => {
    if (editor === undefined) return undefined
    before.current = lastShown(id)
    let { doc } = editor.state
    const look = ({ transaction }: { transaction: Transaction }): void => {
      ;({ doc } = editor.state)
      // What one writes oneself meanwhile is no news.
      if (before.current !== undefined && isOwnEdit(transaction))
        before.current = new Set([...before.current, ...printsOf(doc)])
    }
    const turnAway = (): void => keepShown(id, printsOf(doc))
    editor.on('transaction', look)
    addEventListener('pagehide', turnAway)
    return () => {
      turnAway()
      editor.off('transaction', look)
      removeEventListener('pagehide', turnAway)
    }
  }, [editor, id])
  useEffect(() => {
    if (editor === undefined) return
    const isLooking = isVisible && isReached
    if (wasLooking.current && !isLooking) before.current = new Set(printsOf(editor.state.doc))
    wasLooking.current = isLooking
    if (isLooking && isUpToDate && before.current !== undefined) {
      markNews(editor, before.current)
      before.current = undefined
    }
  }, [editor, isVisible, isReached, isUpToDate])
}

function subscribeToVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

type Shown = readonly (readonly [id: string, prints: string])[]

function lastShown(id: string): ReadonlySet<string> | undefined {
  const prints = allShown().find(([one]) => one === id)?.[1]
  return prints === undefined ? undefined : new Set(prints.match(/.{8}/g))
}

function keepShown(id: string, prints: readonly string[]): void {
  const others = allShown().filter(([one]) => one !== id)
  const own: Shown = prints.length > partsMax ? [] : [[id, prints.join('')]]
  keep(key, JSON.stringify([...own, ...others].slice(0, documentsMax)))
}

function allShown(): Shown {
  const all = keptJson(key)
  return Array.isArray(all) ? all.filter(isShown) : []
}

function isShown(one: unknown): one is Shown[number] {
  return Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string'
}
