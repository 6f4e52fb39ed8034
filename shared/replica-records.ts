// replica-records.ts — what a replica's records say, both directions. Knows: the fields, and the version of it all.
// Must not know: where a record lies (replica-keys.ts), which belong into one batch (replica-batches.ts). Any bytes
// give a record or a StoreError `damaged` [W1]; updates that are read are views of what the store handed out.
import { createEncoder, toUint8Array, writeUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import type { Encoder } from 'lib0/encoding'
import type { ByteCursor } from './byte-cursor.ts'
import { entryKind, hashBytes, idBytes } from './message.ts'
import type { EntryKind } from './message.ts'
import { readBytes, readText, readWord, takeBytes } from './message-fields.ts'
import { readRecord } from './record-reader.ts'

/**
 * Each change of a byte gets a line here.
 *
 * 1: the first.
 */
export const replicaFormatVersion = 1

/** A device is bound to the tenant and subject that its first token named: another one is another store. */
export type Identity = {
  readonly replica: Uint8Array
  readonly secret: Uint8Array
  readonly owner: { readonly tenant: string; readonly subject: string } | undefined
}

export type Head = {
  /** Empty until the relay named one. */
  readonly epoch: Uint8Array
  /** How often the document was rebuilt: by a refusal, another epoch, a doubt. */
  readonly generation: number
  /** The sequence of the document's last row. */
  readonly last: number
  readonly foldedThrough: number
}

export type Cursor = { readonly seal: Uint8Array; readonly position: number }

export const comparison = { none: 0, equal: 1, different: 2 } as const
export type Comparison = (typeof comparison)[keyof typeof comparison]

export type Place = {
  readonly document: string
  readonly cursor: Cursor | undefined
  /** What the relay said last; undefined: nothing yet. */
  readonly mayWrite: boolean | undefined
  /** When an ack last emptied a part of the outbox. */
  readonly lastSaved: number | undefined
  readonly compared: Comparison
}

export const rowKind = { confirmed: 0, pending: 1, kept: 2, snapshot: 3 } as const
export type RowKind = (typeof rowKind)[keyof typeof rowKind]

export type Row = {
  readonly kind: RowKind
  /** 0 where the row's sequence is the counter, or where it was never an entry. */
  readonly counter: number
  readonly entry: EntryKind
  readonly update: Uint8Array
}

/** What waits for a person. */
export type Filing = {
  readonly document: string
  readonly epoch: Uint8Array
  readonly counter: number
  readonly hash: Uint8Array
  /** `refusedCode`, `closedCode.replaced` or `gone`, or `orphanedCode`. */
  readonly code: number
  readonly reason: string
  readonly filedAt: number
  readonly update: Uint8Array
}

/** Not the relay's word: the entry builds on what nobody holds any more. */
export const orphanedCode = 0

export type ToFetch = { readonly document: string; readonly epoch: Uint8Array; readonly position: number }

export const newHead: Head = { epoch: new Uint8Array(), generation: 0, last: 0, foldedThrough: 0 }

export function newPlace(document: string): Place {
  return { document, cursor: undefined, mayWrite: undefined, lastSaved: undefined, compared: comparison.none }
}

export function encodeNumber(value: number): Uint8Array {
  return bytesOf((to) => writeVarUint(to, value))
}

export function decodeNumber(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : readRecord('number', value, (from) => from.readVarUint())
}

export function encodeText(text: string): Uint8Array {
  return bytesOf((to) => writeVarString(to, text))
}

export function decodeText(value: Uint8Array): string {
  return readRecord('text', value, (from) => readText(from, from.remaining))
}

export function encodeIdentity({ replica, secret, owner }: Identity): Uint8Array {
  return bytesOf((to) => {
    writeUint8Array(to, replica)
    writeBytes(to, secret)
    writeMaybe(to, owner, ({ tenant, subject }) => {
      writeVarString(to, tenant)
      writeVarString(to, subject)
    })
  })
}

export function decodeIdentity(value: Uint8Array): Identity {
  return readRecord('identity', value, (from) => ({
    replica: takeBytes(from, idBytes),
    secret: readBytes(from, from.remaining),
    owner: readMaybe(from, () => ({
      tenant: readText(from, from.remaining),
      subject: readText(from, from.remaining),
    })),
  }))
}

export function encodeHead({ epoch, generation, last, foldedThrough }: Head): Uint8Array {
  return bytesOf((to) => {
    writeBytes(to, epoch)
    for (const number of [generation, last, foldedThrough]) writeVarUint(to, number)
  })
}

export function decodeHead(value: Uint8Array): Head {
  return readRecord('head', value, (from) => ({
    epoch: readBytes(from, from.remaining),
    generation: from.readVarUint(),
    last: from.readVarUint(),
    foldedThrough: from.readVarUint(),
  }))
}

export function encodePlace({ document, cursor, mayWrite, lastSaved, compared }: Place): Uint8Array {
  return bytesOf((to) => {
    writeVarString(to, document)
    writeMaybe(to, cursor, ({ seal, position }) => {
      writeBytes(to, seal)
      writeVarUint(to, position)
    })
    writeMaybe(to, mayWrite, (may) => writeVarUint(to, may ? 1 : 0))
    writeMaybe(to, lastSaved, (at) => writeVarUint(to, at))
    writeVarUint(to, compared)
  })
}

export function decodePlace(value: Uint8Array): Place {
  return readRecord('place', value, (from) => ({
    document: readText(from, from.remaining),
    cursor: readMaybe(from, () => ({ seal: readBytes(from, from.remaining), position: from.readVarUint() })),
    mayWrite: readMaybe(from, () => from.readVarUint() === 1),
    lastSaved: readMaybe(from, () => from.readVarUint()),
    compared: readWord(from, Object.values(comparison)),
  }))
}

export function encodeRow({ kind, counter, entry, update }: Row): Uint8Array {
  return bytesOf((to) => {
    for (const number of [kind, counter, entry]) writeVarUint(to, number)
    writeUint8Array(to, update)
  })
}

export function decodeRow(value: Uint8Array): Row {
  return readRecord('row', value, (from) => ({
    kind: readWord(from, Object.values(rowKind)),
    counter: from.readVarUint(),
    entry: readWord(from, Object.values(entryKind)),
    update: takeBytes(from, from.remaining),
  }))
}

export function encodeFiling(filing: Filing): Uint8Array {
  return bytesOf((to) => {
    writeVarString(to, filing.document)
    writeBytes(to, filing.epoch)
    writeVarUint(to, filing.counter)
    writeUint8Array(to, filing.hash)
    writeVarUint(to, filing.code)
    writeVarString(to, filing.reason)
    writeVarUint(to, filing.filedAt)
    writeUint8Array(to, filing.update)
  })
}

export function decodeFiling(value: Uint8Array): Filing {
  return readRecord('filing', value, (from) => ({
    document: readText(from, from.remaining),
    epoch: readBytes(from, from.remaining),
    counter: from.readVarUint(),
    hash: takeBytes(from, hashBytes),
    code: from.readVarUint(),
    reason: readText(from, from.remaining),
    filedAt: from.readVarUint(),
    update: takeBytes(from, from.remaining),
  }))
}

export function encodeToFetch({ document, epoch, position }: ToFetch): Uint8Array {
  return bytesOf((to) => {
    writeVarString(to, document)
    writeBytes(to, epoch)
    writeVarUint(to, position)
  })
}

export function decodeToFetch(value: Uint8Array): ToFetch {
  return readRecord('document to fetch', value, (from) => ({
    document: readText(from, from.remaining),
    epoch: readBytes(from, from.remaining),
    position: from.readVarUint(),
  }))
}

function bytesOf(write: (to: Encoder) => void): Uint8Array {
  const encoder = createEncoder()
  write(encoder)
  return toUint8Array(encoder)
}

function writeBytes(to: Encoder, bytes: Uint8Array): void {
  writeVarUint(to, bytes.length)
  writeUint8Array(to, bytes)
}

function writeMaybe<Value>(to: Encoder, value: Value | undefined, write: (value: Value) => void): void {
  writeVarUint(to, value === undefined ? 0 : 1)
  if (value !== undefined) write(value)
}

function readMaybe<Value>(from: ByteCursor, read: () => Value): Value | undefined {
  return from.readVarUint() === 0 ? undefined : read()
}
