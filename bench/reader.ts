// reader.ts — what it costs to read every keystroke of a long editing session: our reader beside the cheapest
// reader Yjs has, which gives far less. CPU time, both in the same run, one after the other.

import * as Y from 'yjs'

import { LogState } from '../shared/log-state.ts'
import { readUpdate } from '../shared/update-reader.ts'
import { median } from './figures.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { strokesOf } from './strokes.ts'
import type { Target } from './target.ts'

const warmUps = 3
const runs = 9

export const reader: Bench = {
  name: 'reader',
  about: `every key of a long session is read, median of ${runs} rounds; no relay, no sockets`,
  targets: ['native'],
  measure,
}

async function measure(_target: Target, { traces }: Load): Promise<Measured> {
  const { updates } = strokesOf('automerge-paper', Number.POSITIVE_INFINITY, 1, traces)
  const theirs: number[] = []
  const ours: number[] = []
  const gatekeeping: number[] = []
  for (let run = -warmUps; run < runs; run++) {
    const parsed = cpuMs(() => {
      for (const update of updates) Y.parseUpdateMeta(update)
    })
    const read = cpuMs(() => {
      for (const update of updates) readUpdate(update)
    })
    const kept = cpuMs(() => admit(updates))
    if (run < 0) continue
    theirs.push(parsed)
    ours.push(read)
    gatekeeping.push(kept)
  }
  const perUpdate = (values: readonly number[]): number => (median(values) * 1_000) / updates.length
  return {
    'Y.parseUpdateMeta, µs an update': perUpdate(theirs),
    'readUpdate, µs an update': perUpdate(ours),
    'readUpdate / Y.parseUpdateMeta': median(ours.map((ms, run) => ms / (theirs[run] ?? Number.NaN))),
    'readUpdate, gap, news and log state, µs an update': perUpdate(gatekeeping),
  }
}

/** All a relay asks of an update before it appends it. */
function admit(updates: readonly Uint8Array[]): void {
  const log = new LogState()
  for (const update of updates) {
    const facts = readUpdate(update)
    if (log.gapOf(facts) === undefined && !log.addsNothing(facts)) log.add(facts)
  }
}

function cpuMs(act: () => void): number {
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
