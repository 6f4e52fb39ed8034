// host-options.ts — what a host is made of, and where it stands: a real disk, clock and thread, or simulated ones.
// Types only.
import type { Sizes } from '../shared/limits.ts'
import type { DocumentClass, OverloadMode } from '../shared/overload.ts'
import type { Store, WriteDurability } from '../shared/store.ts'
import type { GrantOf } from './host-connection.ts'
import type { Meters } from './meters.ts'
import type { Report } from './notice.ts'
import type { Workshop } from './workshop.ts'

export type HostOptions = {
  readonly store: Store
  /** Where Y.Docs are worked on; closed with the relay. */
  readonly workshop: Workshop
  readonly durability: WriteDurability
  readonly now: () => number
  /** 16 random bytes. */
  readonly randomId: () => Uint8Array
  readonly wakeAt: (time: number) => void
  /** Calls back when it is time to write: what came until then is one batch. */
  readonly turnEnds: (then: () => void, gathered: () => number) => void
  readonly soon: (ms: number, then: () => void) => void
  readonly grantOf: GrantOf
  readonly report: Report
  /** How much a document matters when there is too much to do; without it all are `normal`. */
  readonly classOf?: ((tenant: string, document: string) => DocumentClass) | undefined
  /** Seconds, finer than `now`: what a commit takes is less than a millisecond on a good disk. */
  readonly stopwatch?: () => number
  /** Something of this tenant became durable. */
  readonly committed?: (tenant: string) => void
  /** Where it counts, if somebody looks. */
  readonly meters?: Meters
  /** How large documents and edits may be. */
  readonly sizes?: Sizes
}

export type HostState = {
  readonly tenants: number
  readonly openDocuments: number
  readonly stockLinks: number
  readonly nativeLinks: number
  /** Appends that wait for the commit before them. */
  readonly waitingAppends: number
  readonly waitingBytes: number
  /** For how long the oldest commit has been waiting for the disk. */
  readonly lagSeconds: number
  /** The disk refused, and has not written since. */
  readonly isRefused: boolean
  readonly isAllCommitted: boolean
  readonly mode: OverloadMode
}
