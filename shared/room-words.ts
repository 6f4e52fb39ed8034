// room-words.ts — what a room is told and what it asks for, and which of it means something in which phase. Types and a
// table. Inputs are facts, in the past tense; effects are imperatives, performed in order by whoever runs the room.
import type { Claim, Owner } from './claims.ts'
import type { DocumentState } from './document-state.ts'
import type {
  ClosedCode,
  FiledEntry,
  Knowledge,
  Message,
  PresenceEntry,
  PushEntry,
  RefusedCode,
} from './message.ts'

/** A link as the relay's process knows it: unlike the number on the wire, no two sockets share one. */
export type LinkId = number

export type Wire = 'native' | 'stock'

export type Joining = {
  readonly link: LinkId
  /** The number that the link has on its own socket. */
  readonly number: number
  readonly wire: Wire
  /** Undefined for a stock client, which has no name that outlives its socket. */
  readonly replica: Uint8Array | undefined
  readonly mayWrite: boolean
  readonly wantsPresence: boolean
  readonly knowledge: Knowledge
}

export type Row = { readonly position: number; readonly update: Uint8Array }

/** An update with the one who is known to have written it; of a stock link nobody is. */
export type LoadedUpdate = {
  readonly update: Uint8Array
  readonly author: Owner | undefined
  readonly position: number
}

/** A log's beginning in pieces, and, as LogState has it in bytes, what it holds. */
export type Snapshot = { readonly pieces: readonly Uint8Array[]; readonly state: Uint8Array }

/** Where what it holds is not known, the pieces have to be read for it. */
export type LoadedSnapshot = {
  readonly pieces: readonly Uint8Array[]
  readonly state: Uint8Array | undefined
}

export type PushId = { readonly replica: Uint8Array; readonly counter: number; readonly hash: Uint8Array }
export type Answer = { readonly code: RefusedCode; readonly reason: string }
export type KeptAnswer = PushId & Answer

export type Alone = {
  /** Only while this is the last position of the document, and nothing is on its way behind it. */
  readonly onlyAt: number | undefined
}

export type RoomInput =
  | {
      readonly type: 'loaded'
      readonly document: DocumentState
      readonly hasHole: boolean
      readonly snapshot: LoadedSnapshot
      /** Behind the snapshot, in order. */
      readonly rows: readonly LoadedUpdate[]
      readonly answers: readonly KeptAnswer[]
      /** Of what a fold has taken. */
      readonly claims: readonly Claim[]
    }
  | ({ readonly type: 'joined' } & Joining)
  | { readonly type: 'left'; readonly link: LinkId; readonly saidSo: boolean }
  | {
      readonly type: 'pushed'
      readonly link: LinkId
      readonly entries: readonly PushEntry[]
      /** Of somebody who waits for one answer: nothing is held back for it. */
      readonly alone?: Alone
    }
  /** Of a stock client: by itself, or because it was asked what it has. */
  | {
      readonly type: 'updateCame'
      readonly link: LinkId
      readonly update: Uint8Array
      readonly wasAsked: boolean
    }
  | { readonly type: 'filed'; readonly link: LinkId; readonly entries: readonly FiledEntry[] }
  | { readonly type: 'judged'; readonly refusal: Answer | undefined }
  /** The next of the appends are durable, at these positions, and so many of the answers to be kept. */
  | { readonly type: 'committed'; readonly positions: readonly number[]; readonly answers: number }
  | { readonly type: 'knew'; readonly link: LinkId; readonly stateVector: Uint8Array }
  /** With the end, these are all rows that were asked for. */
  | {
      readonly type: 'rowsRead'
      readonly link: LinkId
      readonly rows: readonly Row[]
      readonly isEnd: boolean
    }
  | {
      readonly type: 'piecesRead'
      readonly link: LinkId
      readonly through: number
      readonly pieces: readonly Uint8Array[]
      readonly next: number | undefined
    }
  | {
      readonly type: 'differenceMade'
      readonly link: LinkId
      readonly through: number
      readonly pieces: readonly Uint8Array[]
    }
  | { readonly type: 'differenceFailed'; readonly link: LinkId }
  | {
      readonly type: 'compareAsked'
      readonly link: LinkId
      readonly position: number
      readonly digest: Uint8Array
    }
  | { readonly type: 'digestMade'; readonly position: number; readonly digest: Uint8Array }
  | { readonly type: 'digestFailed'; readonly position: number }
  /** Something of it can no longer be read from the disk. */
  | { readonly type: 'damaged' }
  | { readonly type: 'wentOn'; readonly link: LinkId }
  | { readonly type: 'filled'; readonly link: LinkId }
  | { readonly type: 'drained'; readonly link: LinkId }
  | { readonly type: 'rightsChanged'; readonly link: LinkId; readonly mayWrite: boolean }
  | {
      readonly type: 'presenceSaid'
      readonly link: LinkId
      readonly entries: readonly PresenceEntry[]
      /** A stock client's first word about itself on a new socket. */
      readonly isOpening: boolean
    }
  | { readonly type: 'presenceAsked'; readonly link: LinkId }
  /** The moment that was asked for is over. */
  | { readonly type: 'gathered' }
  | { readonly type: 'woken' }
  | { readonly type: 'foldMade'; readonly through: number; readonly bytes: number }
  /** What it made superfluous is gone; or it failed, and is tried again with a later commit. */
  | { readonly type: 'foldEnded'; readonly succeeded: boolean }
  | { readonly type: 'foldValid'; readonly through: number; readonly servedFrom: number }
  /** Another history is to take the place of this one: nothing enters it any more. */
  | { readonly type: 'ending' }
  /** The other one is durable. */
  | { readonly type: 'ended'; readonly code: ClosedCode }

export type RoomEffect =
  /** What was pushed alone builds on another state than the one that it was to follow. */
  | { readonly type: 'stale'; readonly link: LinkId }
  | { readonly type: 'tell'; readonly link: LinkId; readonly message: Message }
  /** The same bytes for all of them: encoded once. */
  | { readonly type: 'tellAll'; readonly links: readonly LinkId[]; readonly message: Message }
  /** For a stock link: this copy of what it sent is durable. */
  | { readonly type: 'echo'; readonly link: LinkId; readonly update: Uint8Array }
  | {
      readonly type: 'append'
      readonly update: Uint8Array
      readonly kind: PushEntry['kind']
      readonly author: Uint8Array | undefined
    }
  | { readonly type: 'keepAnswer'; readonly answer: KeptAnswer }
  | { readonly type: 'forgetAnswers'; readonly ids: readonly PushId[] }
  /** The rows after one position through another, as many as are good to send at once. */
  | { readonly type: 'readRows'; readonly link: LinkId; readonly after: number; readonly through: number }
  | { readonly type: 'readPieces'; readonly link: LinkId; readonly through: number; readonly index: number }
  /** Of a Y.Doc that holds the log through there at least. */
  | {
      readonly type: 'makeDifference'
      readonly link: LinkId
      readonly stateVector: Uint8Array
      readonly through: number
    }
  /** Another turn for this link, once what was told is on its way: its socket may have had enough. */
  | { readonly type: 'goOn'; readonly link: LinkId }
  | { readonly type: 'makeDigest'; readonly position: number }
  | { readonly type: 'judge'; readonly link: LinkId; readonly entry: PushEntry }
  /** Make the snapshot, and have it synced, before anything else happens to the log. */
  | { readonly type: 'makeFold'; readonly through: number }
  | {
      readonly type: 'validateFold'
      readonly through: number
      readonly servedFrom: number
      readonly claims: readonly Claim[]
    }
  | { readonly type: 'dropFolded'; readonly through: number; readonly servedFrom: number }
  | {
      readonly type: 'close'
      readonly link: LinkId
      readonly code: ClosedCode | RefusedCode
      readonly reason: string
      readonly afterMs: number
    }
  | { readonly type: 'notice'; readonly what: 'digestDiffered' | 'heldBackForgotten' | 'answerForgotten' }
  | { readonly type: 'wakeAt'; readonly time: number }
  /** Come back in a moment: what is said of presence until then is told as one. */
  | { readonly type: 'gather'; readonly ms: number }

export type RoomPhase = 'loading' | 'open' | 'judging' | 'ending'

/** For now, for later, for nothing; or nobody says it but a program that is broken. */
type Meaning = 'take' | 'keep' | 'pass' | 'fault'
type Meanings = Readonly<Record<RoomInput['type'], Meaning>>

const open: Meanings = {
  loaded: 'fault',
  joined: 'take',
  left: 'take',
  pushed: 'take',
  updateCame: 'take',
  filed: 'take',
  // No edit is out for a verdict.
  judged: 'fault',
  committed: 'take',
  knew: 'take',
  rowsRead: 'take',
  piecesRead: 'take',
  differenceMade: 'take',
  differenceFailed: 'take',
  compareAsked: 'take',
  digestMade: 'take',
  digestFailed: 'take',
  damaged: 'take',
  wentOn: 'take',
  filled: 'take',
  drained: 'take',
  rightsChanged: 'take',
  presenceSaid: 'take',
  presenceAsked: 'take',
  gathered: 'take',
  woken: 'take',
  foldMade: 'take',
  foldEnded: 'take',
  foldValid: 'take',
  ending: 'take',
  // Nothing takes the place of a history that was not told to end.
  ended: 'fault',
}

/** What links say has to wait; nothing can come of what was asked for, since nothing was. */
const loading: Meanings = {
  loaded: 'take',
  joined: 'keep',
  left: 'keep',
  pushed: 'keep',
  updateCame: 'keep',
  filed: 'keep',
  judged: 'fault',
  committed: 'fault',
  knew: 'keep',
  rowsRead: 'fault',
  piecesRead: 'fault',
  differenceMade: 'fault',
  differenceFailed: 'fault',
  compareAsked: 'keep',
  digestMade: 'fault',
  digestFailed: 'fault',
  // What the room before it asked for may tell, and it may be read already: who came in has to come again.
  damaged: 'keep',
  wentOn: 'fault',
  filled: 'keep',
  drained: 'keep',
  rightsChanged: 'keep',
  presenceSaid: 'keep',
  presenceAsked: 'keep',
  gathered: 'fault',
  woken: 'fault',
  foldMade: 'fault',
  foldEnded: 'fault',
  foldValid: 'fault',
  // A replacement waits until it is known which history it is of.
  ending: 'fault',
  ended: 'fault',
}

export const meanings: Readonly<Record<RoomPhase, Meanings>> = {
  loading,
  open,
  judging: { ...open, judged: 'take' },
  ending: {
    ...open,
    // What comes of these is for the log or for the record of answers, both of a history that is about to be no more. [E1]
    pushed: 'pass',
    updateCame: 'pass',
    filed: 'pass',
    judged: 'pass',
    // One replacement at a time.
    ending: 'fault',
    ended: 'take',
  },
}
