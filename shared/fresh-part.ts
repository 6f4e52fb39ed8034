// fresh-part.ts — of an update that says again a piece of what a log has, without that piece. Knows: the log's clocks, how
// Yjs cuts. Must not know: who sent it. Honest authors say a piece again where Yjs has joined structs; of somebody else it
// may lie in another place than the piece that the log has, and Yjs, which takes the piece that it has and the place of the
// new one, throws when they do not fit. Cut off, the rest lies where the piece before it lies. [B1] [C1]
import { diffUpdate } from 'yjs'
import { encodeStateVector } from './state-vector.ts'
import type { StateVector } from './state-vector.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts } from './update-reader.ts'

/** The same facts where no piece is said again. */
export function freshPartOf(facts: UpdateFacts, log: StateVector): UpdateFacts {
  const saidAgain = new Map<number, number>()
  facts.structs.everyRun((client, from, to) => {
    const clock = log.get(client) ?? 0
    if (from < clock && clock < to) saidAgain.set(client, clock)
    return true
  })
  return saidAgain.size === 0 ? facts : readUpdate(diffUpdate(facts.bytes, encodeStateVector(saidAgain)))
}
