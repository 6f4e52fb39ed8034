// planted.ts — bugs, each one line of the real sources and the rule that it breaks, by which the simulator shows that
// it can see. A line that is not there any more fails the run, so that the list cannot rot. Must not know: how they
// are looked for.
import { plantedAtTheRelay } from './planted-at-the-relay.ts'
import { plantedAtTheReplica } from './planted-at-the-replica.ts'
import type { Change } from './variant.ts'

export type PlantedBug = { readonly name: string; readonly rule: string; readonly changes: readonly Change[] }

export const planted: readonly PlantedBug[] = [...plantedAtTheRelay, ...plantedAtTheReplica]
