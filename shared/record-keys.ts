// record-keys.ts — where the relay's records lie, docs/PROTOCOL.md §13. Knows: the layout, both directions, and which
// range holds what. Must not know: what a record says, and which store keeps it.

import { decodeUtf8 } from 'lib0/string'
import type { ByteCursor } from './byte-cursor.ts'
import { keyOf, numberBytes, rangeUnder } from './key-bytes.ts'
import { hashBytes, idBytes } from './message.ts'
import { ProtocolError } from './protocol-error.ts'
import { readRecord } from './record-reader.ts'
import type { KeyRange } from './store.ts'

export type DocumentPlace = { readonly tenant: string; readonly document: string }

/** One history of a document. Its epoch is in every key, so that a late fold revives nothing that was purged. [E1] */
export type HistoryPlace = DocumentPlace & { readonly epoch: Uint8Array }

/** The push id of an entry. */
export type EntryPlace = HistoryPlace & {
  readonly replica: Uint8Array
  readonly counter: number
  readonly hash: Uint8Array
}

export type RecordKey =
  | { readonly type: 'format' }
  | { readonly type: 'secretKey' }
  | { readonly type: 'head'; readonly tenant: string }
  | { readonly type: 'branch'; readonly tenant: string; readonly first: number }
  | ({ readonly type: 'document' } & DocumentPlace)
  | ({ readonly type: 'row'; readonly position: number } & HistoryPlace)
  | ({ readonly type: 'piece'; readonly through: number; readonly index: number } & HistoryPlace)
  | { readonly type: 'change'; readonly tenant: string; readonly last: number }
  | ({ readonly type: 'answer' } & EntryPlace)
  | { readonly type: 'owner'; readonly tenant: string; readonly replica: Uint8Array }
  | ({ readonly type: 'cleanUp' } & HistoryPlace)
  | ({ readonly type: 'claims' } & HistoryPlace)
  | { readonly type: 'revokedSubject'; readonly tenant: string; readonly subject: string }
  /** Up to the first release ids were revoked in all tenants at once: there is none in keys of then. */
  | { readonly type: 'revokedToken'; readonly tenant?: string; readonly id: string }
  | { readonly type: 'revokedBefore' }
  | ({ readonly type: 'logState' } & HistoryPlace)
  | { readonly type: 'quarantined'; readonly key: Uint8Array }
  | { readonly type: 'migration' }
  | { readonly type: 'probe' }
  | { readonly type: 'told'; readonly tenant: string }

const letters = {
  format: 'f',
  secretKey: 'k',
  head: 't',
  branch: 'b',
  document: 'd',
  row: 'r',
  piece: 's',
  change: 'c',
  answer: 'a',
  owner: 'o',
  cleanUp: 'g',
  claims: 'w',
  revokedSubject: 'v',
  revokedToken: 'j',
  revokedBefore: 'e',
  logState: 'l',
  quarantined: 'q',
  migration: 'm',
  probe: 'p',
  told: 'h',
} as const satisfies Record<RecordKey['type'], string>

// Keys.

export function formatKey(): Uint8Array {
  return keyOf(letters.format)
}

export function secretKeyKey(): Uint8Array {
  return keyOf(letters.secretKey)
}

export function headKey(tenant: string): Uint8Array {
  return keyOf(letters.head, tenant)
}

export function branchKey(tenant: string, first: number): Uint8Array {
  return keyOf(letters.branch, tenant, first)
}

export function documentKey({ tenant, document }: DocumentPlace): Uint8Array {
  return keyOf(letters.document, tenant, document)
}

export function rowKey({ tenant, document, epoch }: HistoryPlace, position: number): Uint8Array {
  return keyOf(letters.row, tenant, document, epoch, position)
}

export function pieceKey(
  { tenant, document, epoch }: HistoryPlace,
  through: number,
  index: number,
): Uint8Array {
  return keyOf(letters.piece, tenant, document, epoch, through, index)
}

export function changeKey(tenant: string, last: number): Uint8Array {
  return keyOf(letters.change, tenant, last)
}

export function answerKey({ tenant, document, epoch, replica, counter, hash }: EntryPlace): Uint8Array {
  return keyOf(letters.answer, tenant, document, epoch, replica, counter, hash)
}

export function ownerKey(tenant: string, replica: Uint8Array): Uint8Array {
  return keyOf(letters.owner, tenant, replica)
}

/** That a history is no more, and what lies under it is still to be removed. */
export function cleanUpKey({ tenant, document, epoch }: HistoryPlace): Uint8Array {
  return keyOf(letters.cleanUp, tenant, document, epoch)
}

/** Whose the client ids are of rows that a fold has taken. */
export function claimsKey({ tenant, document, epoch }: HistoryPlace): Uint8Array {
  return keyOf(letters.claims, tenant, document, epoch)
}

/** What the log of a history holds through its last fold, so that the snapshot need not be read for it. */
export function logStateKey({ tenant, document, epoch }: HistoryPlace): Uint8Array {
  return keyOf(letters.logState, tenant, document, epoch)
}

/** Where a record is kept that cannot be read: behind a letter, its own key. */
export function quarantinedKey(key: Uint8Array): Uint8Array {
  const quarantined = new Uint8Array(1 + key.length)
  quarantined[0] = letters.quarantined.charCodeAt(0)
  quarantined.set(key, 1)
  return quarantined
}

/** How far the store has been rewritten in a newer format. */
export function migrationKey(): Uint8Array {
  return keyOf(letters.migration)
}

/** Since when the tokens of this subject count. */
export function revokedSubjectKey(tenant: string, subject: string): Uint8Array {
  return keyOf(letters.revokedSubject, tenant, subject)
}

/** Who makes tokens for one tenant knows no ids of another's. [S1] */
export function revokedTokenKey(tenant: string, id: string): Uint8Array {
  return keyOf(letters.revokedToken, tenant, id)
}

/** Since when anybody's tokens count. */
export function revokedBeforeKey(): Uint8Array {
  return keyOf(letters.revokedBefore)
}

/** Written to see that the disk writes. */
export function probeKey(): Uint8Array {
  return keyOf(letters.probe)
}

/** Through which position the application was told what was committed. */
export function toldKey(tenant: string): Uint8Array {
  return keyOf(letters.told, tenant)
}

// Ranges.

export const everything: KeyRange = { from: new Uint8Array(), to: Uint8Array.of(0xff) }

/** Heads of all tenants: whom there is. */
export function headRange(): KeyRange {
  return rangeUnder(keyOf(letters.head))
}

export function branchRange(tenant: string): KeyRange {
  return rangeUnder(keyOf(letters.branch, tenant))
}

export function documentRange(tenant: string): KeyRange {
  return rangeUnder(keyOf(letters.document, tenant))
}

/** Behind the document of this name; in the order of the store, which puts shorter names first. */
export function documentsBehind({ tenant, document }: DocumentPlace): KeyRange {
  const { to } = documentRange(tenant)
  return document === ''
    ? documentRange(tenant)
    : { from: rangeUnder(documentKey({ tenant, document })).to, to }
}

/** The rows after one position, through another, which may be left out. */
export function rowRange(history: HistoryPlace, after: number, through?: number): KeyRange {
  const { tenant, document, epoch } = history
  const to =
    through === undefined
      ? rangeUnder(keyOf(letters.row, tenant, document, epoch)).to
      : rangeUnder(rowKey(history, through)).to
  return { from: rangeUnder(rowKey(history, after)).to, to }
}

/** The pieces of one snapshot, from an index on. */
export function pieceRange(history: HistoryPlace, through: number, index = 0): KeyRange {
  const { tenant, document, epoch } = history
  return {
    from: pieceKey(history, through, index),
    to: rangeUnder(keyOf(letters.piece, tenant, document, epoch, through)).to,
  }
}

/** The pieces of all snapshots but this one: what a newer fold, or one that never became valid, left behind. */
export function otherPieceRanges(history: HistoryPlace, through: number): readonly [KeyRange, KeyRange] {
  const { tenant, document, epoch } = history
  const all = rangeUnder(keyOf(letters.piece, tenant, document, epoch))
  const kept = rangeUnder(keyOf(letters.piece, tenant, document, epoch, through))
  return [
    { from: all.from, to: kept.from },
    { from: kept.to, to: all.to },
  ]
}

export function changeRange(tenant: string, after: number): KeyRange {
  return { from: rangeUnder(changeKey(tenant, after)).to, to: rangeUnder(keyOf(letters.change, tenant)).to }
}

export function answerRange({ tenant, document, epoch }: HistoryPlace): KeyRange {
  return rangeUnder(keyOf(letters.answer, tenant, document, epoch))
}

export function cleanUpRange(tenant: string): KeyRange {
  return rangeUnder(keyOf(letters.cleanUp, tenant))
}

/** Whose tokens were revoked, and which ones. */
export function revokedRanges(): readonly [KeyRange, KeyRange] {
  return [rangeUnder(keyOf(letters.revokedSubject)), rangeUnder(keyOf(letters.revokedToken))]
}

/** All that lies under one epoch, or, without one, under every epoch that the document ever had. */
export function historyRanges({
  tenant,
  document,
  epoch,
}: DocumentPlace & { readonly epoch?: Uint8Array }): readonly KeyRange[] {
  const parts = epoch === undefined ? [tenant, document] : [tenant, document, epoch]
  const found = [letters.row, letters.piece, letters.answer, letters.claims, letters.logState]
  return found.map((letter) => rangeUnder(keyOf(letter, ...parts)))
}

const withoutChecksum: ReadonlySet<number> = new Set(
  [letters.format, letters.migration, letters.cleanUp, letters.probe, letters.quarantined].map((letter) =>
    letter.charCodeAt(0),
  ),
)

/** Whether the value under this key ends with a checksum: all do whose content matters. */
export function hasChecksum([letter = 0]: Uint8Array): boolean {
  return !withoutChecksum.has(letter)
}

// The way back.

/** Any bytes give a key or a StoreError `damaged`. [W1] */
export function decodeKey(bytes: Uint8Array): RecordKey {
  return readRecord('key', bytes, readKey)
}

function readKey(from: ByteCursor): RecordKey {
  const letter = String.fromCharCode(from.readByte())
  switch (letter) {
    case letters.format:
      return { type: 'format' }
    case letters.secretKey:
      return { type: 'secretKey' }
    case letters.head:
      return { type: 'head', tenant: readName(from) }
    case letters.branch:
      return { type: 'branch', tenant: readName(from), first: readNumber(from) }
    case letters.document:
      return { type: 'document', ...readDocument(from) }
    case letters.row:
      return { type: 'row', ...readHistory(from), position: readNumber(from) }
    case letters.piece:
      return { type: 'piece', ...readHistory(from), through: readNumber(from), index: readNumber(from) }
    case letters.change:
      return { type: 'change', tenant: readName(from), last: readNumber(from) }
    case letters.answer:
      return {
        type: 'answer',
        ...readHistory(from),
        replica: readPart(from, idBytes),
        counter: readNumber(from),
        hash: readPart(from, hashBytes),
      }
    case letters.owner:
      return { type: 'owner', tenant: readName(from), replica: readPart(from, idBytes) }
    case letters.cleanUp:
      return { type: 'cleanUp', ...readHistory(from) }
    case letters.claims:
      return { type: 'claims', ...readHistory(from) }
    case letters.logState:
      return { type: 'logState', ...readHistory(from) }
    case letters.quarantined: {
      const key = from.bytes.slice(from.position)
      from.skip(from.remaining)
      return { type: 'quarantined', key }
    }
    case letters.migration:
      return { type: 'migration' }
    case letters.revokedSubject:
      return { type: 'revokedSubject', tenant: readName(from), subject: readName(from) }
    case letters.revokedToken:
      return readRevokedToken(from)
    case letters.revokedBefore:
      return { type: 'revokedBefore' }
    case letters.probe:
      return { type: 'probe' }
    case letters.told:
      return { type: 'told', tenant: readName(from) }
    default:
      throw new ProtocolError('unknown-word', `No record has the letter ${JSON.stringify(letter)}.`)
  }
}

function readRevokedToken(from: ByteCursor): RecordKey {
  const first = readName(from)
  return from.remaining === 0
    ? { type: 'revokedToken', id: first }
    : { type: 'revokedToken', tenant: first, id: readName(from) }
}

function readDocument(from: ByteCursor): DocumentPlace {
  return { tenant: readName(from), document: readName(from) }
}

function readHistory(from: ByteCursor): HistoryPlace {
  return { ...readDocument(from), epoch: readPart(from, idBytes) }
}

function readName(from: ByteCursor): string {
  const byteLength = readPartLength(from)
  const start = from.position
  from.skipText(byteLength)
  return decodeUtf8(from.bytes.subarray(start, from.position))
}

function readPart(from: ByteCursor, byteLength: number): Uint8Array {
  if (readPartLength(from) !== byteLength) {
    throw new ProtocolError('too-short', `A part of a key has not ${byteLength} bytes.`)
  }
  const start = from.position
  from.skip(byteLength)
  return from.bytes.slice(start, from.position)
}

function readPartLength(from: ByteCursor): number {
  return from.readByte() * 256 + from.readByte()
}

function readNumber(from: ByteCursor): number {
  let number = 0
  for (let left = numberBytes; left > 0; left--) number = number * 256 + from.readByte()
  if (number > Number.MAX_SAFE_INTEGER) {
    throw new ProtocolError('number-too-large', 'A number in a key is larger than 2^53 - 1.')
  }
  return number
}
