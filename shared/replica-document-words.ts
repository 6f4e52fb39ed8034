// replica-document-words.ts — what one document on a device is told and what it asks for, and which of it means
// something in which phase. Types and a table. Inputs are facts, effects imperatives, performed in order.
import type { EntryKind, Knowledge, MessageOf, PushEntry } from './message.ts'
import type { Change, Made, NumberedRow } from './replica-batches.ts'
import type { Head, Place } from './replica-records.ts'
import type { DocumentStatus } from './replica-status.ts'
import type { Ticket } from './replica-writing.ts'
import type { WriteOutcome } from './store.ts'

export type LoadedEntry = {
  readonly sequence: number
  readonly counter: number
  readonly kind: EntryKind
  readonly update: Uint8Array
}

/** Answers carry the number of what asked for them: what was asked before a link was lost is nobody's any more. */
export type Request = number

export type OwnInput =
  /** With every pending row if this tab leads; of one moment of the store. */
  | {
      readonly type: 'loaded'
      readonly leads: boolean
      readonly head: Head
      readonly place: Place
      readonly pending: readonly LoadedEntry[]
      readonly filed: number
    }
  | { readonly type: 'edited'; readonly update: Uint8Array; readonly made: Made }
  /** The Y.Doc emitted it while it applied others' updates: deletes only, and no edit. */
  | { readonly type: 'derived'; readonly update: Uint8Array; readonly made: Made }
  /** Rows of other tabs, in order, and the head that was read with them. */
  | { readonly type: 'rowsRead'; readonly rows: readonly NumberedRow[]; readonly head: Head }
  | {
      readonly type: 'stored'
      readonly ticket: Ticket
      readonly sequences: readonly (number | undefined)[]
      readonly filed: number
      readonly head: Head
    }
  | { readonly type: 'storeFailed'; readonly ticket: Ticket; readonly outcome: WriteOutcome }
  | { readonly type: 'discarded' }
  | { readonly type: 'socketReady' }
  | { readonly type: 'linkLost' }
  | { readonly type: 'pushGranted' }
  | { readonly type: 'stateVectorMade'; readonly request: Request; readonly stateVector: Uint8Array }
  | { readonly type: 'differenceMade'; readonly request: Request; readonly update: Uint8Array }
  | { readonly type: 'digestMade'; readonly request: Request; readonly digest: Uint8Array }
  | { readonly type: 'steppedDown' }
  | { readonly type: 'retried' }
  | { readonly type: 'woken' }

export type RelayWord = MessageOf<
  | 'opened'
  | 'piece'
  | 'delivery'
  | 'caughtUp'
  | 'ack'
  | 'refused'
  | 'missing'
  | 'compared'
  | 'rights'
  | 'closed'
>

export type DocumentInput = OwnInput | RelayWord

/** The link's number is the socket's to give. */
type Unlinked<Message> = Message extends unknown ? Omit<Message, 'link'> : never

export type LinkWord = Unlinked<MessageOf<'known' | 'filed' | 'digest'>>

export type DocumentEffect =
  /** Perform as one atomic batch (planBatch) and answer `stored` or `storeFailed`. */
  | { readonly type: 'write'; readonly ticket: Ticket; readonly changes: readonly Change[] }
  /** Find out whether it landed: `stored`, or `storeFailed` as `notApplied`. */
  | { readonly type: 'settle'; readonly ticket: Ticket }
  | { readonly type: 'applyToDoc'; readonly updates: readonly Uint8Array[] }
  /** Make a new Y.Doc from the rows and announce it. What follows is for the new one. */
  | { readonly type: 'rebuildDoc'; readonly made: Made }
  /** These three of what is confirmed: neither pending nor kept. */
  | { readonly type: 'makeStateVector'; readonly request: Request }
  | { readonly type: 'makeDifference'; readonly request: Request; readonly stateVector: Uint8Array }
  | { readonly type: 'makeDigest'; readonly request: Request; readonly position: number }
  | { readonly type: 'open'; readonly knowledge: Knowledge }
  | { readonly type: 'leave' }
  | { readonly type: 'say'; readonly message: LinkWord }
  | { readonly type: 'wantPush' }
  | { readonly type: 'push'; readonly entries: readonly PushEntry[] }
  /** So many pushes have their answer. */
  | { readonly type: 'freePushes'; readonly count: number }
  | { readonly type: 'tellStatus'; readonly status: DocumentStatus }
  /** With every step as long as there is one; a step without it wants no waking. */
  | { readonly type: 'wakeAt'; readonly time: number }

export type PhaseName =
  | 'loading'
  | 'following'
  | 'unlinked'
  | 'measuring'
  | 'opening'
  | 'catchingUp'
  | 'live'
  | 'closed'

type Meaning = 'take' | 'pass'
type Meanings = Readonly<Record<DocumentInput['type'], Meaning>>

const unlinked: Meanings = {
  loaded: 'take',
  edited: 'take',
  derived: 'take',
  rowsRead: 'take',
  stored: 'take',
  storeFailed: 'take',
  discarded: 'take',
  socketReady: 'take',
  linkLost: 'take',
  steppedDown: 'take',
  retried: 'take',
  woken: 'take',
  pushGranted: 'pass',
  stateVectorMade: 'pass',
  differenceMade: 'pass',
  digestMade: 'pass',
  opened: 'pass',
  piece: 'pass',
  delivery: 'pass',
  caughtUp: 'pass',
  ack: 'pass',
  refused: 'pass',
  missing: 'pass',
  compared: 'pass',
  rights: 'pass',
  closed: 'pass',
}

/** Heard once the link is there, caught up or not. */
const linked: Meanings = {
  ...unlinked,
  pushGranted: 'take',
  differenceMade: 'take',
  delivery: 'take',
  caughtUp: 'take',
  ack: 'take',
  refused: 'take',
  missing: 'take',
  rights: 'take',
  closed: 'take',
}

/**
 * What is passed over is late or early, and means nothing: what was said on a link that was let go, or answers to what
 * is asked no more. An ack and a refusal count even while the link is opened anew: they are promises.
 */
export const meanings: Readonly<Record<PhaseName, Meanings>> = {
  loading: { ...unlinked, rowsRead: 'pass' },
  following: unlinked,
  unlinked,
  measuring: { ...unlinked, stateVectorMade: 'take', ack: 'take', refused: 'take' },
  opening: { ...unlinked, opened: 'take', closed: 'take', ack: 'take', refused: 'take' },
  catchingUp: { ...linked, stateVectorMade: 'take', piece: 'take' },
  live: { ...linked, digestMade: 'take', compared: 'take' },
  closed: unlinked,
} satisfies Record<PhaseName, Record<DocumentInput['type'], Meaning>>
