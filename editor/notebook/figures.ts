// figures.ts — how the sync went in the last minutes of this page: what waited, and how long an answer took. Knows: the
// workspace's status and a clock. Must not know: who looks at it.
import type { Observable, WorkspaceStatus } from 'syncline/client'

type Sample = {
  readonly at: number
  readonly waiting: number
  /** How long what was answered since the last sample had waited; undefined: nothing was. */
  readonly answerMs: number | undefined
}

export type Figures = {
  readonly samples: Observable<readonly Sample[]>
  /** Since when something waits; undefined: nothing does. */
  readonly waitingSince: () => number | undefined
}

const sampleMs = 2_000
const samplesMax = 300

export function watchFigures(status: Observable<WorkspaceStatus>): Figures {
  const listeners = new Set<() => void>()
  let samples: readonly Sample[] = []
  let since: number | undefined
  let answerMs: number | undefined
  status.subscribe(() => {
    const waiting = waitingIn(status.current)
    if (waiting > 0) since ??= Date.now()
    else if (since !== undefined) {
      answerMs = Math.max(answerMs ?? 0, Date.now() - since)
      since = undefined
    }
  })
  setInterval(() => {
    const sample = { at: Date.now(), waiting: waitingIn(status.current), answerMs }
    answerMs = undefined
    samples = [...samples, sample].slice(-samplesMax)
    for (const listener of listeners) listener()
  }, sampleMs)
  return {
    samples: {
      get current() {
        return samples
      },
      subscribe: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    waitingSince: () => since,
  }
}

function waitingIn({ inMemory, pending }: WorkspaceStatus): number {
  return inMemory + pending
}
