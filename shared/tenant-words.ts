// tenant-words.ts — what a tenant at the relay is told and what it asks for, and which of it means something in which phase.
// Types and a table. Inputs are facts, in the past tense; effects are imperatives, performed in order.
import type { CommitsEffect } from './commits.ts'
import type { Replacement } from './intents.ts'
import type { RoomEffect, RoomInput } from './room-words.ts'
import type { Branch } from './seals.ts'
import type { WorkspaceEffect, WorkspaceInput } from './workspace.ts'

export type History = { readonly document: string; readonly epoch: Uint8Array }

export type Asked = { readonly document: string; readonly request: number; readonly by: Replacement }

export type TenantInput =
  /** The store was read: where the log stands, and the branch that this opening minted. */
  | {
      readonly type: 'storeRead'
      readonly head: number
      readonly branches: readonly Branch[]
      readonly minted: Uint8Array
      /** Histories that were replaced, and are not removed yet. */
      readonly cleanUps: readonly History[]
    }
  /** On a link. */
  | { readonly type: 'happened'; readonly document: string; readonly input: RoomInput }
  /** What came of an effect, of the history that the effect was of. */
  | ({ readonly type: 'performed'; readonly input: RoomInput } & History)
  | {
      readonly type: 'documentRead'
      readonly document: string
      readonly loaded: RoomInput & { readonly type: 'loaded' }
    }
  | { readonly type: 'workspace'; readonly input: WorkspaceInput }
  /** A document is to begin anew, or to be gone. Answered by `replaced` with the same number. */
  | ({ readonly type: 'replaceAsked' } & Asked)
  /** Nothing more comes in this turn: what waits is one batch. */
  | { readonly type: 'turnEnded' }
  | { readonly type: 'written' }
  | { readonly type: 'writeFailed' }
  | { readonly type: 'woken' }

export type TenantEffect =
  | CommitsEffect
  /** Stop reading from sockets, or go on: too much waits for the disk. [B1] */
  | { readonly type: 'holdSockets'; readonly hold: boolean }
  | { readonly type: 'readDocument'; readonly document: string }
  /** Nobody is in its room any more. */
  | { readonly type: 'forgetDocument'; readonly document: string }
  | ({ readonly type: 'perform'; readonly effect: RoomEffect } & History)
  | { readonly type: 'workspace'; readonly effect: Exclude<WorkspaceEffect, { type: 'wakeAt' }> }
  /** The replacement is durable. */
  | { readonly type: 'replaced'; readonly request: number }
  /** All that lies under this history is nobody's any more. */
  | ({ readonly type: 'cleanUp' } & History)

/** The store is being read; the branch of this opening is being written; open. */
export type TenantPhase = 'reading' | 'branching' | 'open'

/** For now, for later, for nothing; or nobody says it but a program that is broken. */
type Meaning = 'take' | 'keep' | 'pass' | 'fault'
type Meanings = Readonly<Record<TenantInput['type'], Meaning>>

const reading: Meanings = {
  storeRead: 'take',
  // Rooms keep what is theirs until their documents are read, for which the store has to be open.
  happened: 'take',
  replaceAsked: 'take',
  workspace: 'keep',
  // No room has asked for anything.
  performed: 'fault',
  documentRead: 'fault',
  // There is nothing to write; when there is, the end of another turn is told.
  turnEnded: 'pass',
  written: 'fault',
  writeFailed: 'fault',
  woken: 'pass',
}

export const meanings: Readonly<Record<TenantPhase, Meanings>> = {
  reading,
  branching: { ...reading, storeRead: 'fault', written: 'take', writeFailed: 'take', woken: 'take' },
  open: {
    storeRead: 'fault',
    happened: 'take',
    replaceAsked: 'take',
    workspace: 'take',
    performed: 'take',
    documentRead: 'take',
    turnEnded: 'take',
    written: 'take',
    writeFailed: 'take',
    woken: 'take',
  },
}
