// message.ts — what a replica and a relay say to each other, docs/PROTOCOL.md §2 as types. Knows: every message, every
// word in one, and the version of it all. Must not know: bytes (wire.ts), order (who may say what when), sockets.
//
// Messages are told apart by `type`. Words are numbers, as they travel, and have their names here. What is bytes
// (ids, hashes, seals, updates) is opaque to every reader of this file.

/** The sub-protocol that a WebSocket asks for; whoever does not is a stock client. */
export const wireProtocol = 'syncline.v1'

/**
 * The version that hello offers and welcome picks. Each change of a byte gets a line here and in PROTOCOL.md §14.
 *
 * 1: the first.
 */
export const wireVersion = 1

type ValueOf<Words> = Words[keyof Words]

/** The number that stands for each message on the wire. 48 to 52 are reserved: command, outcome, gone, receipt, file. */
export const messageNumber = {
  hello: 1,
  welcome: 2,
  authenticate: 3,
  authenticated: 4,
  authExpiring: 5,
  ping: 6,
  pong: 7,
  goodbye: 8,
  mode: 9,
  fragment: 10,
  open: 16,
  opened: 17,
  known: 18,
  piece: 19,
  delivery: 20,
  caughtUp: 21,
  push: 22,
  ack: 23,
  refused: 24,
  filed: 25,
  missing: 26,
  digest: 27,
  compared: 28,
  presence: 29,
  leave: 30,
  closed: 31,
  rights: 32,
  changes: 33,
  changed: 34,
} as const

/** From here on, what a reader does not know it passes over; below, it is an error. */
export const ignorableNumberMin = 128

export const idBytes = 16
export const hashBytes = 16
export const digestBytes = 32

// Words: one of a few.

/** Whether, and with what, to connect or open again. */
export const comeBack = { no: 0, later: 1, withToken: 2, withVersion: 3 } as const
export type ComeBack = ValueOf<typeof comeBack>

/** Why a socket ends. */
export const goodbyeCode = {
  done: 0,
  malformed: 1,
  version: 2,
  unauthenticated: 3,
  otherSubject: 4,
  replicaTaken: 5,
  outOfOrder: 6,
  tooMuch: 7,
  draining: 8,
  overloaded: 9,
  failing: 10,
  silent: 11,
  wrongOrigin: 12,
} as const
export type GoodbyeCode = ValueOf<typeof goodbyeCode>

/** Why a link ends. */
export const closedCode = { forbidden: 16, replaced: 17, tooLarge: 18, gone: 22, notNow: 23 } as const
export type ClosedCode = ValueOf<typeof closedCode>

/** Why an entry is in no log and never will be. */
export const refusedCode = { tooLarge: 18, readOnly: 19, badUpdate: 20, foreignClient: 21 } as const
export type RefusedCode = ValueOf<typeof refusedCode>

/** What an ack stands for: written and synced, or handed to the operating system. [D1] */
export const durability = { disk: 0, os: 1 } as const
export type Durability = ValueOf<typeof durability>

export const relayMode = { normal: 0, shed: 1, readOnly: 2 } as const
export type RelayMode = ValueOf<typeof relayMode>

/** Where an entry comes from: a person; deletes that Yjs derived; the answer to `missing` or an exchange. */
export const entryKind = { edit: 0, derived: 1, repair: 2 } as const
export type EntryKind = ValueOf<typeof entryKind>

export const verdict = { equal: 0, different: 1, notNow: 2 } as const
export type Verdict = ValueOf<typeof verdict>

/** What a replica says it has when it opens a document. */
export const knowledgeKind = { nothing: 0, cursor: 1, content: 2, doubt: 3 } as const

export const planKind = { atHead: 0, tail: 1, whole: 2, exchange: 3 } as const

/** Why a plan is not simply the tail. */
export const planReason = { asked: 0, tooOld: 1, otherBranch: 2, otherEpoch: 3, damaged: 4 } as const
export type PlanReason = ValueOf<typeof planReason>

// Bit sets: the sum of the bits that hold. Bits without a name here are gone once a message is read.

/** What a peer can do beyond its version: nothing yet. The field lets a later peer say so without a new version. */
export const capability = {} as const
export const capabilityBits: number = bitsOf(capability)

export const want = { write: 1, presence: 2 } as const
export const wantBits: number = bitsOf(want)

export const right = { read: 1, write: 2 } as const
export const rightBits: number = bitsOf(right)

/** The traffic that a mode speaks of. */
export const trafficClass = { bulk: 1, normal: 2 } as const
export const trafficClassBits: number = bitsOf(trafficClass)

function bitsOf(words: Readonly<Record<string, number>>): number {
  return Object.values(words).reduce((bits, bit) => bits | bit, 0)
}

// The socket.

export type Hello = {
  readonly type: 'hello'
  readonly versions: readonly number[]
  readonly capabilities: number
  readonly replica: Uint8Array
  /** Proves that the replica id is one's own. */
  readonly secret: Uint8Array
  readonly trace: string
}

export type Welcome = {
  readonly type: 'welcome'
  readonly version: number
  readonly capabilities: number
  /** Milliseconds since 1970 by the relay's clock. */
  readonly time: number
  readonly durability: Durability
  readonly silenceMs: number
  readonly entryBytesMax: number
}

export type Authenticate = { readonly type: 'authenticate'; readonly token: string }

export type Authenticated = {
  readonly type: 'authenticated'
  readonly tenant: string
  readonly subject: string
  /** 0: never. */
  readonly expiresInMs: number
  readonly rightsVersion: number
}

export type AuthExpiring = { readonly type: 'authExpiring'; readonly inMs: number }

export type Ping = { readonly type: 'ping'; readonly nonce: number }

export type Pong = {
  readonly type: 'pong'
  readonly nonce: number
  /** The relay's clock; 0 from a replica. */
  readonly time: number
}

export type Goodbye = {
  readonly type: 'goodbye'
  readonly code: GoodbyeCode
  readonly comeBack: ComeBack
  readonly afterMs: number
  readonly reason: string
}

export type Mode = {
  readonly type: 'mode'
  readonly mode: RelayMode
  /** Bits of `trafficClass`. */
  readonly classes: number
  readonly afterMs: number
}

/** A part of the bytes of one message that is too large for one frame: see fragments.ts. */
export type Fragment = { readonly type: 'fragment'; readonly last: boolean; readonly bytes: Uint8Array }

// One document on the socket. The replica says `link`, a number of its own; the relay says `room`, one of its own.

export type Open = {
  readonly type: 'open'
  readonly link: number
  readonly document: string
  /** Bits of `want`. */
  readonly wants: number
  readonly knowledge: Knowledge
}

export type Knowledge =
  | { readonly kind: typeof knowledgeKind.nothing }
  | {
      readonly kind: typeof knowledgeKind.cursor
      readonly epoch: Uint8Array
      readonly seal: Uint8Array
      readonly position: number
    }
  | {
      readonly kind: typeof knowledgeKind.content
      readonly epoch: Uint8Array
      readonly stateVector: Uint8Array
    }
  /** Two comparisons in a row failed: all of it, please. */
  | { readonly kind: typeof knowledgeKind.doubt; readonly epoch: Uint8Array }

export type Opened = {
  readonly type: 'opened'
  readonly link: number
  readonly room: number
  /** Bits of `right`. */
  readonly rights: number
  readonly epoch: Uint8Array
  readonly head: number
  readonly seal: Uint8Array
  readonly plan: Plan
}

export type Plan =
  | { readonly kind: typeof planKind.atHead }
  | { readonly kind: typeof planKind.tail }
  | { readonly kind: typeof planKind.whole; readonly reason: PlanReason }
  | {
      readonly kind: typeof planKind.exchange
      readonly reason: PlanReason
      /** The relay's. */
      readonly stateVector: Uint8Array
    }

export type Known = { readonly type: 'known'; readonly link: number; readonly stateVector: Uint8Array }

export type Piece = { readonly type: 'piece'; readonly room: number; readonly update: Uint8Array }

/** Every commit of the document in (after, through]. Moves the cursor. */
export type Delivery = {
  readonly type: 'delivery'
  readonly room: number
  readonly after: number
  readonly through: number
  /** None for the author of all of the range. */
  readonly updates: readonly Uint8Array[]
}

export type CaughtUp = { readonly type: 'caughtUp'; readonly room: number; readonly through: number }

export type Push = { readonly type: 'push'; readonly link: number; readonly entries: readonly PushEntry[] }

export type PushEntry = {
  readonly counter: number
  readonly hash: Uint8Array
  readonly kind: EntryKind
  readonly update: Uint8Array
}

/** A promise about the disk [D1]. Moves no cursor. */
export type Ack = { readonly type: 'ack'; readonly room: number; readonly ranges: readonly CounterRange[] }

/** The counters from, from + 1, … so many. */
export type CounterRange = { readonly from: number; readonly count: number }

export type Refused = {
  readonly type: 'refused'
  readonly room: number
  readonly entries: readonly Refusal[]
}

export type Refusal = {
  readonly counter: number
  readonly hash: Uint8Array
  readonly code: RefusedCode
  readonly reason: string
}

/** These refusals are in the author's inbox; the relay may forget them. */
export type Filed = { readonly type: 'filed'; readonly link: number; readonly entries: readonly FiledEntry[] }

export type FiledEntry = { readonly counter: number; readonly hash: Uint8Array }

/** An entry builds on what the relay, whose state vector this is, does not hold. */
export type Missing = { readonly type: 'missing'; readonly room: number; readonly stateVector: Uint8Array }

export type Digest = {
  readonly type: 'digest'
  readonly link: number
  readonly position: number
  readonly digest: Uint8Array
}

export type Compared = {
  readonly type: 'compared'
  readonly room: number
  readonly position: number
  readonly verdict: Verdict
}

export type Presence = {
  readonly type: 'presence'
  /** The replica's link when the replica speaks, the relay's room when the relay does. */
  readonly linkOrRoom: number
  readonly entries: readonly PresenceEntry[]
}

export type PresenceEntry = {
  readonly client: number
  readonly clock: number
  /** JSON; empty: gone. */
  readonly state: string
}

export type Leave = { readonly type: 'leave'; readonly link: number }

export type Closed = {
  readonly type: 'closed'
  readonly link: number
  readonly code: ClosedCode
  readonly comeBack: ComeBack
  readonly afterMs: number
  readonly reason: string
}

export type Rights = { readonly type: 'rights'; readonly room: number; readonly rights: number }

// All documents at once.

export type Changes = {
  readonly type: 'changes'
  /** A workspace cursor; empty: from the beginning. */
  readonly cursor: Uint8Array
  readonly follow: boolean
}

export type Changed = {
  readonly type: 'changed'
  /** The full list, not what changed since. */
  readonly full: boolean
  /** More of the same answer follows. */
  readonly more: boolean
  readonly documents: readonly ChangedDocument[]
  /** Empty where more follows: it stands for all of the answer. [C2] */
  readonly cursor: Uint8Array
}

export type ChangedDocument = {
  readonly document: string
  readonly epoch: Uint8Array
  readonly position: number
  /** Bits of `right`; 0: the document was purged. */
  readonly rights: number
}

export type Message =
  | Hello
  | Welcome
  | Authenticate
  | Authenticated
  | AuthExpiring
  | Ping
  | Pong
  | Goodbye
  | Mode
  | Fragment
  | Open
  | Opened
  | Known
  | Piece
  | Delivery
  | CaughtUp
  | Push
  | Ack
  | Refused
  | Filed
  | Missing
  | Digest
  | Compared
  | Presence
  | Leave
  | Closed
  | Rights
  | Changes
  | Changed

export type MessageType = Message['type']

/** Who says what: a page has to read only the relay's, and to write only the replica's. */
export type SaidByBoth = 'ping' | 'pong' | 'goodbye' | 'fragment' | 'presence'
export type SaidByReplica =
  | 'hello'
  | 'authenticate'
  | 'open'
  | 'known'
  | 'push'
  | 'filed'
  | 'digest'
  | 'leave'
  | 'changes'
export type SaidByRelay = Exclude<MessageType, SaidByBoth | SaidByReplica>

export type MessageOf<Type extends Message['type']> = Extract<Message, { readonly type: Type }>

export type ReplicaMessage = MessageOf<SaidByBoth | SaidByReplica>
