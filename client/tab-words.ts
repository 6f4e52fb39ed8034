// tab-words.ts — what the tabs of one store say to each other, on a channel that reaches no other origin. Types only. All of it
// are hints: one may come late, twice or never, and nothing is believed that the store does not say too.
import type { PresenceEntry } from '../shared/message.ts'
import type { DocumentStatus } from '../shared/replica-status.ts'
import type { ReplicaStatus } from '../shared/replica-words.ts'

export type TabWord =
  /** A batch of this document landed. */
  | {
      readonly type: 'hint'
      readonly document: string
      readonly last: number
      readonly generation: number
    }
  /** A tab took the lead: who has what open? */
  | { readonly type: 'roll' }
  | { readonly type: 'opened'; readonly tab: string; readonly documents: readonly string[] }
  | { readonly type: 'closed'; readonly tab: string; readonly documents: readonly string[] }
  /** Is the leader there? */
  | { readonly type: 'askLeader' }
  /** By who has just got the lead; then, asked, by the leader if it and its store are more than a lock. */
  | { readonly type: 'here' }
  /** By the leader. */
  | { readonly type: 'status'; readonly status: ReplicaStatus }
  /** By the leader: how far it is with all rows up to `last`. */
  | {
      readonly type: 'documentStatus'
      readonly document: string
      readonly last: number
      readonly status: DocumentStatus
    }
  /** `isOwn`: of this device, for the leader to say; else what the leader heard. */
  | {
      readonly type: 'presence'
      readonly isOwn: boolean
      readonly document: string
      readonly entries: readonly PresenceEntry[]
    }
  | { readonly type: 'inboxChanged' }
  | { readonly type: 'retry' }
  | { readonly type: 'workOffline'; readonly isOn: boolean }
