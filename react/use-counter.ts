// use-counter.ts — a counter of syncline/types for a component. Knows: nothing of workspaces; any Y.Doc will do.
import { useMemo, useSyncExternalStore } from 'react'
import type * as Y from 'yjs'
import { counter } from '../types/index.ts'

export type CounterView = {
  readonly current: number
  readonly add: (amount: number) => void
  readonly subtract: (amount: number) => void
}

/** @example const { current, add } = useCounter(note.doc, 'likes') */
export function useCounter<Value>(parent: Y.Doc | Y.Map<Value>, name: string): CounterView {
  const counted = useMemo(() => counter(parent, name), [parent, name])
  const sum = (): number => counted.current
  const current = useSyncExternalStore(counted.subscribe, sum, sum)
  return useMemo(
    () => ({
      current,
      add: (amount) => counted.add(amount),
      subtract: (amount) => counted.subtract(amount),
    }),
    [counted, current],
  )
}
