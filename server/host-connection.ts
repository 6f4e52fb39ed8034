// host-connection.ts — what the relay's host and a socket are to each other, whatever the wire and whatever the
// socket: real, or simulated. Types only.
import type { Message, MessageOf } from '../shared/message.ts'
import type { LinkId, RoomEffect, RoomInput } from '../shared/room-words.ts'
import type { Grant } from '../shared/session.ts'

export type HostSocket = {
  readonly send: (frame: Uint8Array) => void
  /** After what was sent has gone out. */
  readonly end: (code: number, reason: string) => void
  /** Read nothing more for now, or go on: what came waits for the disk. */
  readonly hold: (on: boolean) => void
}

/** What happened on a socket, told by who owns it. */
export type HostConnection = {
  readonly received: (frame: Uint8Array) => void
  readonly lost: () => void
  /** It takes no more for now; or does again. */
  readonly filled: () => void
  readonly drained: () => void
}

/** What rooms have for the links of one socket. */
export type LinkOwner = {
  readonly told: (link: LinkId, message: Message) => void
  readonly echoed: (link: LinkId, update: Uint8Array) => void
  readonly closed: (effect: RoomEffect & { readonly type: 'close' }) => void
  /** The store could not be read: the socket has to come back. */
  readonly failed: () => void
}

/** What a connection needs of the host. */
export type ConnectionHost = {
  readonly now: () => number
  readonly wakeAt: (time: number) => void
  readonly nextLink: (owner: LinkOwner) => LinkId
  readonly forgetLink: (link: LinkId) => void
  readonly happened: (tenant: string, document: string, input: RoomInput) => void
  /** Encoded once, however many it goes to. */
  readonly framesOf: (message: Message) => readonly Uint8Array[]
  readonly stockFramesOf: (message: MessageOf<'delivery'>) => readonly Uint8Array[]
  /** What a token allows, or why it allows nothing. */
  readonly grantOf: (token: string) => Promise<Grant | string>
  readonly isItsOwn: (tenant: string, replica: Uint8Array, secret: Uint8Array) => Promise<boolean>
}
