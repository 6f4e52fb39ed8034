// host-connection.ts — what the relay's host and a socket are to each other, whatever the wire and whatever the
// socket: real, or simulated. Types only.
import type { Message, MessageOf } from '../shared/message.ts'
import type { ProtocolError } from '../shared/protocol-error.ts'
import type { LinkId, RoomEffect, RoomInput } from '../shared/room-words.ts'
import type { Refusal } from '../shared/session-words.ts'
import type { WorkspaceInput } from '../shared/workspace.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'

export type HostSocket = {
  /** In one write. The same frames for several sockets are the same array. */
  readonly send: (frames: readonly Uint8Array[]) => void
  /** After what was sent has gone out. */
  readonly end: (code: number, reason: string) => void
  /** Read nothing more for now, or go on: what came waits for the disk, or to be told who this is. */
  readonly hold: (on: boolean) => void
  /** Under which the journal tells of it. */
  readonly trace?: string
}

/** What happened on a socket, told by who owns it. */
export type HostConnection = {
  readonly received: (frame: Uint8Array) => void
  /** Whether the other end said that it ends; else the line broke. */
  readonly lost: (saidSo?: boolean) => void
  /** It takes no more for now; or does again. */
  readonly filled: () => void
  readonly drained: () => void
  /** Whose it is, as soon as that is known. */
  readonly tenant: () => string | undefined
  /** It sends more than it may: it is sent away, and told when to come back. */
  readonly tooFast: (afterMs: number) => void
}

/** What rooms have for the links of one socket. */
export type LinkOwner = {
  readonly told: (link: LinkId, message: Message) => void
  readonly echoed: (link: LinkId, update: Uint8Array) => void
  readonly closed: (effect: RoomEffect & { readonly type: 'close' }) => void
  /** Of its socket. */
  readonly trace?: string | undefined
  /** Only of who pushes alone. */
  readonly stale?: () => void
  /** Afterwards the grant of the socket knows its rights to these documents, as far as anybody says. */
  readonly learnRights: (documents: readonly string[]) => Promise<void>
  /** The store could not be read: the socket has to come back. */
  readonly failed: () => void
}

/** What the host has to say to a socket, whichever wire. */
export type Connection = HostConnection &
  LinkOwner & {
    readonly woke: (now: number) => void
    /** Nothing more is to be said in this step. */
    readonly stepEnded: () => void
    /** It has to end, and may come back after a while. */
    readonly dismiss: (reason: string, afterMs: number) => void
    readonly modeChanged: () => void
    /** Whether it is to be read may be another answer now. */
    readonly readOrNot: () => void
    readonly endIfWithdrawn: () => void
    readonly recheck: () => Promise<void>
  }

/** What a token allows, or why it allows nothing; what the request said may stand for a token that is empty. */
export type GrantOf = (token: string, headers: RequestHeaders) => Promise<LiveGrant | Refusal>

/** What a connection needs of the host. */
export type ConnectionHost = {
  readonly now: () => number
  readonly wakeAt: (time: number) => void
  readonly nextLink: (owner: LinkOwner) => LinkId
  readonly forgetLink: (link: LinkId) => void
  readonly forgetConnection: (connection: Connection) => void
  readonly happened: (tenant: string, document: string, input: RoomInput) => void
  readonly workspace: (tenant: string, input: WorkspaceInput) => void
  /** How much the relay has to do. */
  readonly mode: () => MessageOf<'mode'>
  /** Too much waits for the disk: nothing is read of this tenant, or, where it is unknown, of whoever. */
  readonly isHeld: (tenant: string | undefined) => boolean
  /** In as few frames as can be; encoded once, however many they go to. */
  readonly framesOf: (messages: readonly Message[]) => readonly Uint8Array[]
  /** There is something that cannot be written, and whoever it was for is sent away. */
  readonly unsayable: (trace: string | undefined, cause: ProtocolError) => void
  /** Whether more may come in this very step: then the connection is told when it ends. */
  readonly awaitsEndOfStep: (connection: Connection) => boolean
  readonly stockFramesOf: (message: MessageOf<'delivery' | 'presence'>) => readonly Uint8Array[]
  readonly grantOf: GrantOf
  /** A client said under which name its own journal has this socket. */
  readonly met?: (trace: string | undefined, peerTrace: string) => void
  readonly isItsOwn: (tenant: string, replica: Uint8Array, secret: Uint8Array) => Promise<boolean>
}
