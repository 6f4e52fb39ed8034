// reader.ts — what it costs to read every keystroke of a long editing session: our reader beside the cheapest
// reader Yjs has, which gives far less. CPU time, both in the same run, one after the other.

import * as Y from 'yjs'

import { LogState } from '../shared/log-state.ts'
import { readUpdate } from '../shared/update-reader.ts'
import { editingSession } from '../test/editing-session.ts'
import type { Report } from './report.ts'

const warmUps = 3
const runs = 9

export function benchReader(): Report {
  const { updates, source } = editingSession('automerge-paper')
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
  const perUpdate = (values: readonly number[]): number[] => {
    return values.map((ms) => (ms * 1_000) / updates.length)
  }
  return {
    bench: 'reader',
    about: `${updates.length} updates, ${source}, ${runs} runs`,
    figures: [
      { what: 'Y.parseUpdateMeta', unit: 'µs CPU per update', values: perUpdate(theirs) },
      { what: 'readUpdate', unit: 'µs CPU per update', values: perUpdate(ours) },
      {
        what: 'readUpdate / Y.parseUpdateMeta',
        unit: 'at most 2',
        values: ours.map((ms, run) => ms / (theirs[run] ?? Number.NaN)),
      },
      { what: 'readUpdate, gap, news, log state', unit: 'µs CPU per update', values: perUpdate(gatekeeping) },
    ],
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
