// replica-words.ts — what a device's replica is told and what it asks for, and what means something in which phase of its
// socket. Types and a table. Inputs are facts, effects imperatives, performed in order. Facts about a socket carry its
// number: of an old one they mean nothing any more.
import type { Durability, Message, PresenceEntry, RelayMode, ReplicaMessage } from './message.ts'
import type { DocumentEffect, OwnInput } from './replica-document-words.ts'
import type { ToFetch } from './replica-records.ts'

export type SocketNumber = number

export type HeldDocument = { readonly document: string; readonly epoch: Uint8Array }

/** A number at least 0 and below 1. */
type Random = number

export type ReplicaInput =
  /** This tab leads. What the store holds about the device; `unsent`: documents that the outbox names. */
  | {
      readonly type: 'led'
      readonly replica: Uint8Array
      readonly secret: Uint8Array
      readonly owner: { readonly tenant: string; readonly subject: string } | undefined
      readonly unsent: readonly string[]
      readonly toFetch: readonly ToFetch[]
      readonly workspaceCursor: Uint8Array
    }
  | { readonly type: 'steppedDown' }
  | { readonly type: 'identityMade'; readonly replica: Uint8Array; readonly secret: Uint8Array }
  | { readonly type: 'tokenGiven'; readonly token: string }
  | { readonly type: 'connected'; readonly socket: SocketNumber }
  /** All of one frame. */
  | { readonly type: 'received'; readonly socket: SocketNumber; readonly messages: readonly Message[] }
  /** What it sent cannot be read. */
  | { readonly type: 'garbled'; readonly socket: SocketNumber }
  /** Also the answer to `connect` where nobody answers, and to `disconnect`. */
  | { readonly type: 'disconnected'; readonly socket: SocketNumber; readonly random: Random }
  /** In any tab: the leader links what any tab has open. */
  | { readonly type: 'documentOpened'; readonly document: string }
  | { readonly type: 'documentShown'; readonly document: string }
  | { readonly type: 'documentClosed'; readonly document: string }
  /** Another tab wrote an edit of a document that is open nowhere any more. */
  | { readonly type: 'unsentFound'; readonly document: string }
  | { readonly type: 'document'; readonly document: string; readonly input: OwnInput }
  | { readonly type: 'presenceSaid'; readonly document: string; readonly entries: readonly PresenceEntry[] }
  | { readonly type: 'listStored'; readonly cursor: Uint8Array | undefined }
  /** Every document that the store has a place for, with the epoch of its head. */
  | { readonly type: 'documentsRead'; readonly documents: readonly HeldDocument[] }
  /** The network may be back, or somebody looks; `person`: somebody asked for it. */
  | { readonly type: 'roused'; readonly by: 'person' | 'event' }
  | { readonly type: 'workOfflineSet'; readonly isOn: boolean }
  | { readonly type: 'woken' }

/** What replica.ts does itself: what is left is the shell's. */
export type ShellDocumentEffect = Exclude<
  DocumentEffect,
  { readonly type: 'open' | 'leave' | 'say' | 'wantPush' | 'push' | 'freePushes' | 'wakeAt' }
>

export type ReplicaEffect =
  | { readonly type: 'connect'; readonly socket: SocketNumber }
  | { readonly type: 'disconnect'; readonly socket: SocketNumber }
  | { readonly type: 'send'; readonly socket: SocketNumber; readonly message: ReplicaMessage }
  | { readonly type: 'askToken'; readonly reason: 'missing' | 'refused' | 'expiring' }
  /** A new replica id and secret, stored, and then `identityMade`. */
  | { readonly type: 'makeIdentity' }
  | { readonly type: 'bindOwner'; readonly tenant: string; readonly subject: string }
  /** Read it, with no write of it on its way, and tell `loaded`. */
  | { readonly type: 'loadDocument'; readonly document: string }
  | { readonly type: 'forgetDocument'; readonly document: string }
  | { readonly type: 'document'; readonly document: string; readonly effect: ShellDocumentEffect }
  | { readonly type: 'hearPresence'; readonly document: string; readonly entries: readonly PresenceEntry[] }
  /** As one batch (changedBatch), then `listStored`. */
  | {
      readonly type: 'storeList'
      readonly documents: readonly ToFetch[]
      readonly cursor: Uint8Array | undefined
    }
  | { readonly type: 'storeFetched'; readonly listed: ToFetch }
  /** Answered by `documentsRead`. */
  | { readonly type: 'readDocuments' }
  | { readonly type: 'tellStatus'; readonly status: ReplicaStatus }
  | { readonly type: 'wakeAt'; readonly time: number }

/** Why there is no socket. Each ends by an input: see replica.ts, `resumes`. */
export type RestReason =
  | 'workOffline'
  | 'tokenMissing'
  | 'tokenRefused'
  | 'otherSubject'
  | 'replicaTaken'
  | 'version'
  | 'refused'

export type SocketPhaseName =
  | 'following'
  | 'resting'
  | 'waiting'
  | 'connecting'
  | 'greeting'
  | 'ready'
  | 'parting'

type Meanings = Readonly<Record<ReplicaInput['type'], 'take' | 'pass'>>

const withoutSocket: Meanings = {
  led: 'pass',
  steppedDown: 'take',
  identityMade: 'take',
  tokenGiven: 'take',
  connected: 'pass',
  received: 'pass',
  garbled: 'pass',
  disconnected: 'pass',
  documentOpened: 'take',
  documentShown: 'take',
  documentClosed: 'take',
  unsentFound: 'take',
  document: 'take',
  presenceSaid: 'take',
  listStored: 'take',
  documentsRead: 'take',
  roused: 'take',
  workOfflineSet: 'take',
  woken: 'take',
}

const open: Meanings = { ...withoutSocket, received: 'take', garbled: 'take', disconnected: 'take' }

/** A socket that was let go has nothing more to say, whatever is still on its way; only that it has ended. */
export const meanings: Readonly<Record<SocketPhaseName, Meanings>> = {
  following: { ...withoutSocket, led: 'take' },
  resting: withoutSocket,
  waiting: withoutSocket,
  connecting: { ...withoutSocket, connected: 'take', disconnected: 'take' },
  greeting: open,
  ready: open,
  parting: { ...withoutSocket, disconnected: 'take' },
}

export type ReplicaStatus = {
  readonly phase: SocketPhaseName
  readonly reason: RestReason | undefined
  /** When it connects by itself. */
  readonly nextTryAt: number | undefined
  /** The relay's clock less ours; undefined: never heard. */
  readonly clockOffsetMs: number | undefined
  readonly durability: Durability | undefined
  readonly mode: RelayMode
  readonly toFetch: number
  readonly isTokenExpiring: boolean
}
