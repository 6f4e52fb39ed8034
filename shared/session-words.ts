// session-words.ts — what the relay's end of a native socket is told and what it asks for, which of it means something in
// which phase, and what a checked token allows. Types and tables. Inputs are facts, in the past tense; effects are
// imperatives, performed in order.
import type {
  ClosedCode,
  ComeBack,
  Durability,
  GoodbyeCode,
  Message,
  MessageOf,
  RefusedCode,
} from './message.ts'
import type { ProtocolError } from './protocol-error.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import type { WorkspaceInput } from './workspace.ts'

/** What a checked token allows. */
export type Grant = {
  readonly tenant: string
  readonly subject: string
  /** Undefined: it does not expire. */
  readonly expiresAt: number | undefined
  readonly rightsVersion: number
  /** Bits of `right`; 0: may not even know whether there is such a document. Undefined: somebody has to be asked. */
  readonly rightsOf: (document: string) => number | undefined
}

/** Why nothing is allowed. */
export type Refusal = {
  /** One of a few words, by which it is counted. */
  readonly code: string
  readonly reason: string
  /** Whoever had to say so could not: the same may be allowed in a moment. */
  readonly isPassing: boolean
}

export type SessionInput =
  | { readonly type: 'received'; readonly message: Message }
  | { readonly type: 'garbled'; readonly error: ProtocolError }
  | { readonly type: 'tokenChecked'; readonly grant: Grant }
  | { readonly type: 'tokenRefused'; readonly refusal: Refusal }
  /** What the token of this socket allows was looked at again. */
  | { readonly type: 'grantRenewed'; readonly grant: Grant }
  /** The grant now knows the rights to this document, or why not. */
  | {
      readonly type: 'rightsAnswered'
      readonly link: number
      readonly document: string
      readonly refusal: Refusal | undefined
    }
  /** Whether the secret is the one with which this replica id was first named. */
  | { readonly type: 'replicaChecked'; readonly isItsOwn: boolean }
  /** A room has something for a link of this socket. */
  | { readonly type: 'told'; readonly message: Message }
  /** The socket takes no more for now; or does again. */
  | { readonly type: 'filled' | 'drained' }
  /** The relay has more, or less, to do than before. */
  | { readonly type: 'modeChanged' }
  | {
      readonly type: 'closed'
      readonly link: LinkId
      readonly code: ClosedCode | RefusedCode
      readonly reason: string
      /** When to open it again, where that makes sense. */
      readonly afterMs: number
    }
  /** The relay is being stopped, or the socket has to end for another reason. */
  | {
      readonly type: 'dismissed'
      readonly code: GoodbyeCode
      readonly comeBack: ComeBack
      readonly afterMs: number
      readonly reason: string
    }
  | { readonly type: 'woken' }
  | { readonly type: 'lost' }

export type SessionEffect =
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'checkToken'; readonly token: string }
  | { readonly type: 'askRights'; readonly link: number; readonly document: string }
  | {
      readonly type: 'checkReplica'
      readonly tenant: string
      readonly replica: Uint8Array
      readonly secret: Uint8Array
    }
  | {
      readonly type: 'happened'
      readonly tenant: string
      readonly document: string
      readonly input: RoomInput
    }
  | { readonly type: 'workspace'; readonly tenant: string; readonly input: WorkspaceInput }
  /** After what was sent has gone out. */
  | { readonly type: 'end' }
  | { readonly type: 'wakeAt'; readonly time: number }

export type SessionOptions = {
  /** Gives links numbers, different ones within the relay's process. */
  readonly nextLink: () => LinkId
  readonly durability: Durability
  readonly entryBytesMax: number
  /** How much the relay has to do. */
  readonly mode: () => MessageOf<'mode'>
}

export type SessionPhase = 'meeting' | 'met' | 'checkingToken' | 'checkingReplica' | 'open' | 'ended'

/** For now, for later, for nothing; or nobody says it but a program that is broken. */
type Meaning = 'take' | 'keep' | 'pass' | 'fault'
type Meanings = Readonly<Record<SessionInput['type'], Meaning>>

/** Of a socket that has no links yet, and has not asked for anything. */
const unopened: Meanings = {
  received: 'take',
  garbled: 'take',
  tokenChecked: 'fault',
  tokenRefused: 'fault',
  grantRenewed: 'fault',
  rightsAnswered: 'fault',
  replicaChecked: 'fault',
  told: 'fault',
  // It was told nothing yet that is long.
  filled: 'pass',
  drained: 'pass',
  // It is told when it comes in.
  modeChanged: 'pass',
  closed: 'fault',
  dismissed: 'take',
  woken: 'take',
  lost: 'take',
}

export const meanings: Readonly<Record<SessionPhase, Meanings>> = {
  meeting: unopened,
  met: unopened,
  checkingToken: { ...unopened, received: 'keep', tokenChecked: 'take', tokenRefused: 'take' },
  checkingReplica: {
    ...unopened,
    received: 'keep',
    // Revoked, or looked at again, while the disk is asked.
    tokenRefused: 'take',
    grantRenewed: 'take',
    replicaChecked: 'take',
  },
  open: {
    received: 'take',
    garbled: 'take',
    tokenChecked: 'take',
    tokenRefused: 'take',
    grantRenewed: 'take',
    rightsAnswered: 'take',
    replicaChecked: 'fault',
    told: 'take',
    filled: 'take',
    drained: 'take',
    modeChanged: 'take',
    closed: 'take',
    dismissed: 'take',
    woken: 'take',
    lost: 'take',
  },
  // Answers, and words of rooms and of the socket, that crossed with its end.
  ended: {
    received: 'pass',
    garbled: 'pass',
    tokenChecked: 'pass',
    tokenRefused: 'pass',
    grantRenewed: 'pass',
    rightsAnswered: 'pass',
    replicaChecked: 'pass',
    told: 'pass',
    filled: 'pass',
    drained: 'pass',
    modeChanged: 'pass',
    closed: 'pass',
    dismissed: 'pass',
    woken: 'pass',
    lost: 'pass',
  },
}

/** Where each message has its place; elsewhere it ends the socket. What only a relay says has none. */
export const places: Readonly<Record<Message['type'], readonly SessionPhase[]>> = {
  hello: ['meeting'],
  welcome: [],
  authenticate: ['met', 'open'],
  authenticated: [],
  authExpiring: [],
  ping: ['open'],
  pong: ['open'],
  goodbye: ['open'],
  mode: [],
  // They are put together before anybody hears of them.
  fragment: [],
  open: ['open'],
  opened: [],
  known: ['open'],
  piece: [],
  delivery: [],
  caughtUp: [],
  push: ['open'],
  ack: [],
  refused: [],
  filed: ['open'],
  missing: [],
  digest: ['open'],
  compared: [],
  presence: ['open'],
  leave: ['open'],
  closed: [],
  rights: [],
  changes: ['open'],
  changed: [],
}
