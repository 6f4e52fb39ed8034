// replica-orphans.ts — which of the entries that were sent build on what the relay lacks and nobody here has. Knows:
// clocks. Must not know: why. What the relay said it has is of before it read what was sent behind: an entry that only
// needs what goes up before it is none. [D3]
import { gapAbove } from './log-state.ts'
import { ProtocolError } from './protocol-error.ts'
import { readStateVector } from './state-vector.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts } from './update-reader.ts'

/** Of entries in the order in which they were sent. */
export function orphansAmong<Entry extends { readonly update: Uint8Array }>(
  sent: readonly Entry[],
  stateVector: Uint8Array,
): readonly Entry[] {
  const clocks = readStateVector(stateVector)
  return sent.filter(({ update }) => {
    const facts = factsOf(update)
    // What the relay cannot read either it refuses, and does not hold back.
    if (facts === undefined) return false
    if (gapAbove(clocks, facts) !== undefined) return true
    for (const { client, to } of facts.structs.runs())
      clocks.set(client, Math.max(clocks.get(client) ?? 0, to))
    return false
  })
}

function factsOf(update: Uint8Array): UpdateFacts | undefined {
  try {
    return readUpdate(update)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
