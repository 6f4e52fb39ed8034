// relay-records.ts — what the relay's records say, docs/PROTOCOL.md §13: each value from an object to bytes and back.
// Knows: the fields, and the version of it all. Must not know: where a record lies (record-keys.ts), which records
// belong into one batch, and which chain of rows is whole. Any bytes give a record or a StoreError `damaged` [W1].
// Updates and pieces read are views of what the store handed out.

import { decodeUtf8 } from 'lib0/string'
import type { ByteCursor } from './byte-cursor.ts'
import { ByteMeasure, ByteWriter } from './byte-writer.ts'
import type { ByteSink } from './byte-writer.ts'
import { checksumBytes, checksumOf } from './checksum.ts'
import type { Claim } from './claims.ts'
import { documentStage } from './document-state.ts'
import type { DocumentStage, DocumentState } from './document-state.ts'
import { documentNameBytesMax, reasonBytesMax } from './limits.ts'
import { digestBytes, entryKind, idBytes, refusedCode } from './message.ts'
import type { EntryKind, RefusedCode } from './message.ts'
import { ProtocolError } from './protocol-error.ts'
import { readRecord } from './record-reader.ts'
import { StoreError } from './store.ts'

/**
 * Each change of a byte on the disk gets a line here and in PROTOCOL.md §14.
 *
 * 1: rows of updates by document.
 * 2: tenants, epochs, branches, chains, snapshots, kept answers.
 * 3: purges in the index of changes, histories to be removed, claims behind a fold, revocations. A store of 2 is one of 3 without them.
 * 4: a checksum behind every record, what a log holds beside its snapshot, quarantine.
 */
export const diskFormatVersion = 4

/** Half a replica id. */
export const authorBytes: number = idBytes / 2
const secretKeyBytes = 32

export type RowRecord = {
  /** The position of the document's row before this one; 0 for the first. */
  readonly previous: number
  readonly kind: EntryKind
  /** Of stock clients, and of what is no one's own, none. */
  readonly author: Uint8Array | undefined
  readonly update: Uint8Array
}

export type ChangeRecord = {
  readonly document: string
  readonly epoch: Uint8Array
  readonly stage: DocumentStage
}

export type LogStateRecord = {
  readonly through: number
  /** Of the pieces. */
  readonly snapshotBytes: number
  readonly state: Uint8Array
}

export type AnswerRecord = { readonly code: RefusedCode; readonly reason: string }

const kinds = Object.values(entryKind)
const codes = Object.values(refusedCode)
const stages = Object.values(documentStage)
const nobody = new Uint8Array(authorBytes)

/** Of whatever version: what is to be said of another one is its reader's to say. */
export function encodeFormat(version: number): Uint8Array {
  return plainBytesOf((to) => to.varUint(version))
}

export function decodeFormat(value: Uint8Array): number {
  return readRecord('disk format', value, (from) => from.readVarUint())
}

export function encodeSecretKey(key: Uint8Array): Uint8Array {
  return bytesOf((to) => to.fixedBytes(key, secretKeyBytes))
}

export function decodeSecretKey(value: Uint8Array): Uint8Array {
  return readChecked('secret key', value, (from) => takeBytes(from, secretKeyBytes))
}

export function encodeHead(head: number): Uint8Array {
  return bytesOf((to) => to.varUint(head))
}

export function decodeHead(value: Uint8Array): number {
  return readChecked('head', value, (from) => from.readVarUint())
}

export function encodeBranch(branch: Uint8Array): Uint8Array {
  return bytesOf((to) => to.fixedBytes(branch, idBytes))
}

export function decodeBranch(value: Uint8Array): Uint8Array {
  return readChecked('branch', value, (from) => takeBytes(from, idBytes))
}

export function encodeDocument(record: DocumentState): Uint8Array {
  return bytesOf((to) => {
    to.fixedBytes(record.epoch, idBytes)
    to.varUint(record.servedFrom)
    to.varUint(record.foldedThrough)
    to.varUint(record.last)
    to.varUint(record.stage)
  })
}

export function decodeDocument(value: Uint8Array): DocumentState {
  return readChecked('document', value, (from) => ({
    epoch: takeBytes(from, idBytes),
    servedFrom: from.readVarUint(),
    foldedThrough: from.readVarUint(),
    last: from.readVarUint(),
    stage: readWord(from, stages),
  }))
}

export function encodeRow({ previous, kind, author, update }: RowRecord): Uint8Array {
  return bytesOf((to) => {
    to.varUint(previous)
    to.varUint(kind)
    to.fixedBytes(author ?? nobody, authorBytes)
    to.fixedBytes(update, update.length)
  })
}

export function decodeRow(value: Uint8Array): RowRecord {
  return readChecked('row', value, (from) => {
    const previous = from.readVarUint()
    const kind = readWord(from, kinds)
    const author = takeBytes(from, authorBytes)
    const update = takeBytes(from, from.remaining)
    return { previous, kind, author: author.every((byte) => byte === 0) ? undefined : author, update }
  })
}

/** Of a row whose content nobody asks for: its place in the chain, believed without its checksum. */
export function decodePrevious(value: Uint8Array): number {
  return readRecord('row', value, (from) => {
    const previous = from.readVarUint()
    from.skip(from.remaining)
    return previous
  })
}

export function encodeChange({ document, epoch, stage }: ChangeRecord): Uint8Array {
  return bytesOf((to) => {
    to.text(document, documentNameBytesMax)
    to.fixedBytes(epoch, idBytes)
    if (stage !== documentStage.live) to.varUint(stage)
  })
}

export function decodeChange(value: Uint8Array): ChangeRecord {
  return readChecked('change', value, (from) => ({
    document: readText(from),
    epoch: takeBytes(from, idBytes),
    stage: from.remaining === 0 ? documentStage.live : readWord(from, stages),
  }))
}

export function encodeClaims(claims: readonly Claim[]): Uint8Array {
  return bytesOf((to) => {
    for (const { author, clients } of claims) {
      to.fixedBytes(author, authorBytes)
      to.varUint(clients.length)
      for (const client of clients) to.varUint(client)
    }
  })
}

export function decodeClaims(value: Uint8Array): readonly Claim[] {
  return readChecked('claims', value, (from) => {
    const claims: Claim[] = []
    while (from.remaining > 0) {
      const author = takeBytes(from, authorBytes)
      // A client id has at least a byte: a count of more is of no whole record.
      const clients = Array.from({ length: Math.min(from.readVarUint(), from.remaining) }, () =>
        from.readVarUint(),
      )
      claims.push({ author, clients })
    }
    return claims
  })
}

/** Of a subject: tokens issued before count no more. Of a token: for how long it has to be remembered, 0 for ever. */
export function encodeRevoked(time: number): Uint8Array {
  return bytesOf((to) => to.varUint(time))
}

export function decodeRevoked(value: Uint8Array): number {
  return readChecked('revocation', value, (from) => from.readVarUint())
}

export function encodeAnswer({ code, reason }: AnswerRecord): Uint8Array {
  return bytesOf((to) => {
    to.varUint(code)
    to.text(reason, reasonBytesMax)
  })
}

export function decodeAnswer(value: Uint8Array): AnswerRecord {
  return readChecked('kept answer', value, (from) => ({
    code: readWord(from, codes),
    reason: readText(from),
  }))
}

/** The SHA-256 of a replica's secret. */
export function encodeOwner(secretDigest: Uint8Array): Uint8Array {
  return bytesOf((to) => to.fixedBytes(secretDigest, digestBytes))
}

export function decodeOwner(value: Uint8Array): Uint8Array {
  return readChecked('replica owner', value, (from) => takeBytes(from, digestBytes))
}

export function encodePiece(update: Uint8Array): Uint8Array {
  return bytesOf((to) => to.fixedBytes(update, update.length))
}

export function decodePiece(value: Uint8Array): Uint8Array {
  return readChecked('piece', value, (from) => takeBytes(from, from.remaining))
}

export function encodeLogState({ through, snapshotBytes, state }: LogStateRecord): Uint8Array {
  return bytesOf((to) => {
    to.varUint(through)
    to.varUint(snapshotBytes)
    to.fixedBytes(state, state.length)
  })
}

export function decodeLogState(value: Uint8Array): LogStateRecord {
  return readChecked('log state', value, (from) => ({
    through: from.readVarUint(),
    snapshotBytes: from.readVarUint(),
    state: takeBytes(from, from.remaining),
  }))
}

/** Records of format 3 had none. */
export function withChecksum(record: Uint8Array): Uint8Array {
  return bytesOf((to) => to.fixedBytes(record, record.length))
}

function bytesOf(write: (to: ByteSink) => void): Uint8Array {
  const measure = new ByteMeasure()
  write(measure)
  const writer = new ByteWriter(measure.byteLength + checksumBytes)
  write(writer)
  const { bytes } = writer
  const checksum = checksumOf(bytes.subarray(0, measure.byteLength))
  new DataView(bytes.buffer).setUint32(measure.byteLength, checksum)
  return bytes
}

function plainBytesOf(write: (to: ByteSink) => void): Uint8Array {
  const measure = new ByteMeasure()
  write(measure)
  const writer = new ByteWriter(measure.byteLength)
  write(writer)
  return writer.bytes
}

/** Its checksum, then its fields. */
function readChecked<Value>(noun: string, value: Uint8Array, read: (from: ByteCursor) => Value): Value {
  const end = value.length - checksumBytes
  const record = value.subarray(0, Math.max(0, end))
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  if (end < 0 || view.getUint32(end) !== checksumOf(record))
    throw new StoreError('damaged', `A ${noun} on the disk is not what was written.`)
  return readRecord(noun, record, read)
}

function takeBytes(from: ByteCursor, byteLength: number): Uint8Array {
  const start = from.position
  from.skip(byteLength)
  return from.bytes.subarray(start, from.position)
}

function readText(from: ByteCursor): string {
  const byteLength = from.readByteLength()
  const start = from.position
  from.skipText(byteLength)
  return decodeUtf8(from.bytes.subarray(start, from.position))
}

function readWord<Word extends number>(from: ByteCursor, words: readonly Word[]): Word {
  const value = from.readVarUint()
  for (const word of words) if (word === value) return word
  throw new ProtocolError('unknown-word', `${value} is none of the words that can stand here.`)
}
