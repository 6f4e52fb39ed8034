// goals.ts — what the relay is asked to reach, beside its peers in the same run: ratios of CPU and memory, which hold on
// any machine, and a few bounds of their own. Must not know: how anything is measured.
import { shown } from './figures.ts'
import type { TargetName } from './target.ts'

export type Goal = {
  readonly bench: string
  readonly figure: string
  readonly ours: 'native' | 'stock'
  /** The peer that it is compared with; a bound of its own without one. */
  readonly beside?: TargetName
  /** What of both is not counted: the floor that nobody can go below. */
  readonly beyond?: TargetName
  readonly atMost: number
}

export type Verdict = {
  readonly ours: number | undefined
  readonly theirs: number | undefined
  /** What `atMost` is about; undefined where the peer is not here. */
  readonly reached: number | undefined
}

/** The same for both of our wires. */
function onBothWires(goal: Omit<Goal, 'ours'>): Goal[] {
  return [
    { ...goal, ours: 'native' },
    { ...goal, ours: 'stock' },
  ]
}

export const goals: readonly Goal[] = [
  ...onBothWires({ bench: 'typing', figure: 'CPU, µs a key', beside: 'hocuspocus', atMost: 0.6 }),
  ...onBothWires({ bench: 'typing', figure: 'CPU, µs a key', beside: 'raw', atMost: 1.7 }),
  ...onBothWires({ bench: 'fanout', figure: 'CPU, µs a delivery', beside: 'hocuspocus', atMost: 0.65 }),
  ...onBothWires({ bench: 'session', figure: 'writing: CPU, µs a key', beside: 'y-websocket', atMost: 1 }),
  ...onBothWires({ bench: 'session', figure: 'opening: CPU, s', beside: 'hocuspocus', atMost: 0.1 }),
  ...onBothWires({ bench: 'joiners', figure: 'CPU, s', beside: 'y-websocket', atMost: 0.45 }),
  ...onBothWires({ bench: 'joiners', figure: 'memory on top, MB', atMost: 60 }),
  { bench: 'reconnect', figure: 'missed 0: bytes up', ours: 'native', atMost: 200 },
  { bench: 'reconnect', figure: 'missed 0: bytes down', ours: 'native', atMost: 200 },
  {
    bench: 'reconnect',
    figure: 'missed 0: CPU, ms',
    ours: 'native',
    beside: 'hocuspocus',
    beyond: 'raw',
    atMost: 0.05,
  },
  {
    bench: 'reconnect',
    figure: 'missed 0: CPU, ms',
    ours: 'native',
    beside: 'y-websocket',
    beyond: 'raw',
    atMost: 0.05,
  },
  ...onBothWires({ bench: 'idle', figure: 'memory, KB a link', beside: 'raw', atMost: 1.35 }),
  ...onBothWires({ bench: 'presence', figure: 'CPU, % of a core', beside: 'y-websocket', atMost: 0.4 }),
  ...onBothWires({ bench: 'documents', figure: 'memory after all / after the first 1,000', atMost: 1.1 }),
  ...onBothWires({ bench: 'slow', figure: 'memory for the paused reader, MB', atMost: 16 }),
  ...onBothWires({ bench: 'slow', figure: 'peak memory with it, MB', beside: 'hocuspocus', atMost: 1 }),
  { bench: 'offline', figure: 'memory: CPU an edit / with a tenth of them', ours: 'native', atMost: 1.5 },
  { bench: 'store', figure: 'killed: ours / y-indexeddb', ours: 'native', atMost: 1 / 15 },
  { bench: 'store', figure: 'made small: ours / y-indexeddb', ours: 'native', atMost: 1 },
  { bench: 'store', figure: '200 small: ours / y-indexeddb', ours: 'native', atMost: 1 / 1.5 },
  { bench: 'store', figure: '1000 openings: ours, rows more', ours: 'native', atMost: 0 },
  { bench: 'store', figure: '3 tabs, 100 remote edits: ours, rows', ours: 'native', atMost: 100 },
  { bench: 'keys', figure: 'list from cache, ms', ours: 'native', atMost: 1_000 },
  { bench: 'keys', figure: 'paper: p95, ms', ours: 'native', atMost: 16 },
  { bench: 'keys', figure: 'paper: p99, ms', ours: 'native', atMost: 50 },
  { bench: 'reader', figure: 'readUpdate / Y.parseUpdateMeta', ours: 'native', atMost: 2 },
]

export function judge(
  { ours, beside, beyond, figure }: Goal,
  medianOf: (target: TargetName, figure: string) => number | undefined,
): Verdict {
  const floor = beyond === undefined ? 0 : medianOf(beyond, figure)
  const over = (target: TargetName): number | undefined => {
    const value = medianOf(target, figure)
    return value === undefined || floor === undefined ? undefined : value - floor
  }
  const own = over(ours)
  if (beside === undefined) return { ours: own, theirs: undefined, reached: own }
  const theirs = over(beside)
  const reached = own === undefined || theirs === undefined ? undefined : own / theirs
  return { ours: own, theirs, reached }
}

export function textOfGoal(goal: Goal, { ours, theirs, reached }: Verdict): string {
  const { bench, figure, beside, beyond, atMost } = goal
  const over = beyond === undefined ? '' : ` beyond ${beyond}`
  const cells = [
    `${bench}, ${goal.ours}: ${figure}${over}`.padEnd(66),
    (ours === undefined ? '–' : shown(ours)).padStart(7),
    (theirs === undefined ? '' : shown(theirs)).padStart(8),
    (beside ?? '').padEnd(12),
    (beside === undefined || reached === undefined ? '' : shown(reached)).padStart(6),
    `  at most ${atMost}`.padEnd(15),
    reached === undefined ? 'the peer is not here' : reached <= atMost ? 'met' : 'MISSED',
  ]
  return cells.join(' ')
}
