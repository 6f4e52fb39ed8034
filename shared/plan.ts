// plan.ts — how a link that comes in is brought up to date. Knows: what it says it has, what the log still serves.
// Must not know: links, how it is then fed. Where nothing better is known, state vectors decide, both ways. [C2] [E1]
import { equalBytes } from './equal-bytes.ts'
import { knowledgeKind, planKind, planReason } from './message.ts'
import type { Knowledge, Plan, PlanReason } from './message.ts'
import type { Seals } from './seals.ts'

/** What of the log a plan depends on. */
export type Serving = {
  readonly epoch: Uint8Array
  readonly last: number
  /** The oldest position from which the log still has every row. */
  readonly servedFrom: number
  /** Rows are missing: what earlier openings said of the log does not hold any more. */
  readonly hasHole: boolean
  readonly seals: Seals
  readonly stateVector: () => Uint8Array
}

export function planFor(knowledge: Knowledge, serving: Serving): Plan {
  const { epoch, last, servedFrom, hasHole, seals } = serving
  if (knowledge.kind === knowledgeKind.nothing) {
    return last === 0 ? { kind: planKind.atHead } : { kind: planKind.whole, reason: planReason.asked }
  }
  // Content of another epoch merges with nothing here.
  if (!equalBytes(knowledge.epoch, epoch)) return { kind: planKind.whole, reason: planReason.otherEpoch }
  if (knowledge.kind === knowledgeKind.doubt) return { kind: planKind.whole, reason: planReason.asked }
  if (knowledge.kind === knowledgeKind.content) return exchange(planReason.asked, serving)
  if (!seals.holds(epoch, knowledge.seal, knowledge.position))
    return exchange(planReason.otherBranch, serving)
  if (hasHole && !seals.isOfNow(epoch, knowledge.seal)) return exchange(planReason.damaged, serving)
  if (knowledge.position < servedFrom) return exchange(planReason.tooOld, serving)
  // What was given to it was durable: this log has lost its end.
  if (knowledge.position > last) return exchange(planReason.damaged, serving)
  return knowledge.position >= last ? { kind: planKind.atHead } : { kind: planKind.tail }
}

/** The state vector is of all that was let into the log, durable or not yet: what is on its way need not be sent. */
export function exchange(reason: PlanReason, serving: Serving): Plan {
  return { kind: planKind.exchange, reason, stateVector: serving.stateVector() }
}
