// session-words.ts — what the relay's end of a native socket is told and what it asks for, and what a checked token
// allows. Types only. Inputs are facts, in the past tense; effects are imperatives, performed in order.
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
