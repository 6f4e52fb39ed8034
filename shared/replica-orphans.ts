// replica-orphans.ts — which of the entries that were sent build on what the relay lacks and nobody here has. Knows:
// clocks, and Yjs' own reader of updates: what a relay reads them with would be a sixth of what a page has to load.
// Must not know: why. What the relay said it has is of before it read what was sent behind: an entry that only needs
// what goes up before it is none. [D3]
import * as Y from 'yjs'
import { readStateVector } from './state-vector.ts'

type Clocks = Map<number, number>

/** Of entries in the order in which they were sent. */
export function orphansAmong<Entry extends { readonly update: Uint8Array }>(
  sent: readonly Entry[],
  stateVector: Uint8Array,
): readonly Entry[] {
  const clocks = readStateVector(stateVector)
  return sent.filter(({ update }) => {
    const decoded = decodedOrNot(update)
    // What the relay cannot read either it refuses, and does not hold back.
    if (decoded === undefined) return false
    const reached = reachedBy(decoded, clocks)
    if (reached === undefined || needsMore(decoded, reached)) return true
    for (const [client, clock] of reached) clocks.set(client, clock)
    return false
  })
}

type Decoded = ReturnType<typeof Y.decodeUpdate>

/** Yjs has no error of its own for what is no update: whatever it throws says so. */
function decodedOrNot(update: Uint8Array): Decoded | undefined {
  try {
    return Y.decodeUpdate(update)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** The clocks behind it, or undefined where it does not follow on what is there. */
function reachedBy({ structs }: Decoded, before: Clocks): Clocks | undefined {
  const clocks = new Map(before)
  for (const { id, length } of structs) {
    const clock = clocks.get(id.client) ?? 0
    if (id.clock > clock) return undefined
    clocks.set(id.client, Math.max(clock, id.clock + length))
  }
  return clocks
}

function needsMore({ structs, ds }: Decoded, clocks: Clocks): boolean {
  const isThere = (id: unknown): boolean => !(id instanceof Y.ID) || id.clock < (clocks.get(id.client) ?? 0)
  const isWhole = structs.every(
    (struct) =>
      !(struct instanceof Y.Item) || [struct.origin, struct.rightOrigin, struct.parent].every(isThere),
  )
  const deletes = [...ds.clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => new Y.ID(client, clock + len - 1)),
  )
  return !isWhole || !deletes.every(isThere)
}
