// whole-part.ts — of an update that builds partly on what a log lacks, the part that does not. Knows: what a log has, how
// updates are cut and joined. Must not know: who sent it. A replica whose own Y.Doc has a gap gives back all it has in one
// update, each time with the gap in it: what it wrote since would else never be heard of. [L1]
import { largestDocumentMax, wholePartPiecesMax } from './limits.ts'
import { gapAbove } from './log-state.ts'
import type { LogState } from './log-state.ts'
import { readStateVector } from './state-vector.ts'
import { cutUpdate } from './update-cutter.ts'
import { joinUpdates } from './update-joiner.ts'
import { readUpdate } from './update-reader.ts'

/** Mostly one update, or none. What the log has already is left out where that costs nothing. */
export function wholePartOf(update: Uint8Array, log: LogState): Uint8Array[] {
  const clocks = readStateVector(log.stateVector())
  const whole: Uint8Array[] = []
  const isWhole = (piece: Uint8Array): boolean => {
    const facts = readUpdate(piece)
    if (gapAbove(clocks, facts) !== undefined) return false
    if (log.addsNothing(facts)) return true
    facts.structs.everyRun((client, _from, to) => {
      clocks.set(client, Math.max(clocks.get(client) ?? 0, to))
      return true
    })
    whole.push(piece)
    return true
  }
  let left = wholePartPiecesMax
  for (const piece of cutUpdate(update, Math.ceil(update.length / wholePartPiecesMax), 'at-once')) {
    if (isWhole(piece) || left <= 0) continue
    for (const struct of cutUpdate(piece, 1, 'at-once')) if (left-- > 0) isWhole(struct)
  }
  return joinUpdates(whole, largestDocumentMax)
}
