// counter-ranges.ts — counters as ranges, as an ack names them.
import { ackRangeCountersMax } from './limits.ts'
import type { CounterRange } from './message.ts'

export function counterRanges(counters: readonly number[]): CounterRange[] {
  const ranges: { from: number; count: number }[] = []
  for (const counter of counters.toSorted((left, right) => left - right)) {
    const last = ranges.at(-1)
    if (last === undefined || counter > last.from + last.count) ranges.push({ from: counter, count: 1 })
    else if (counter === last.from + last.count && last.count < ackRangeCountersMax) last.count++
    else if (counter === last.from + last.count) ranges.push({ from: counter, count: 1 })
  }
  return ranges
}
