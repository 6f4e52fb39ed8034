// replica-keys.ts — where a replica's records lie in its store. Knows: the layout. Must not know: what a record says, and
// how a document's name becomes its tag: UTF-8, or an HMAC where names are content too.
import { halfScale, keyOf, numberBytes, partHeadBytes, rangeUnder } from './key-bytes.ts'
import type { KeyRange } from './store.ts'

/** What stands for a document in keys. Values carry the name. */
export type Tag = Uint8Array

const letters = {
  format: 'f',
  identity: 'i',
  sequence: 'n',
  term: 'l',
  document: 'd',
  outbox: 'o',
  inbox: 'x',
  workspace: 'w',
  fetch: 'q',
} as const

/** What lies behind a document's rows; no number begins with so high a byte. */
const placeMark = Uint8Array.of(0xff, 0)
const headMark = Uint8Array.of(0xff, 1)

export const formatKey: Uint8Array = keyOf(letters.format)
export const identityKey: Uint8Array = keyOf(letters.identity)
/** The number given last, over all documents. */
export const sequenceKey: Uint8Array = keyOf(letters.sequence)
/** Who leads: raised by each tab that takes the lead. */
export const termKey: Uint8Array = keyOf(letters.term)
export const workspaceKey: Uint8Array = keyOf(letters.workspace)

/** What every tab that writes rows must agree on: its own record, so that a cursor can move beside an edit. */
export function headKey(tag: Tag): Uint8Array {
  return marked(tag, headMark)
}

export function placeKey(tag: Tag): Uint8Array {
  return marked(tag, placeMark)
}

export function rowKey(tag: Tag, sequence: number): Uint8Array {
  return keyOf(letters.document, tag, sequence)
}

export function outboxKey(sequence: number): Uint8Array {
  return keyOf(letters.outbox, sequence)
}

export function inboxKey(counter: number, hash: Uint8Array): Uint8Array {
  return keyOf(letters.inbox, counter, hash)
}

export function fetchKey(tag: Tag): Uint8Array {
  return keyOf(letters.fetch, tag)
}

/** A document's rows after a sequence: what a tab has not read yet. */
export function rowRange(tag: Tag, after = 0): KeyRange {
  return { from: rowKey(tag, after + 1), to: placeKey(tag) }
}

/** The same rows, then place and head: one read, so that all of it is of one moment. */
export function documentRange(tag: Tag, after = 0): KeyRange {
  return { from: rowKey(tag, after + 1), to: rangeUnder(keyOf(letters.document, tag)).to }
}

/** All documents that the store holds anything of. */
export const documentsRange: KeyRange = rangeUnder(keyOf(letters.document))

/** Of which document a key under `documentsRange` is. */
export function tagOfKey(key: Uint8Array): Tag {
  const byteLength = new DataView(key.buffer, key.byteOffset, key.byteLength).getUint16(1)
  return key.slice(1 + partHeadBytes, 1 + partHeadBytes + byteLength)
}

export const outboxRange: KeyRange = rangeUnder(keyOf(letters.outbox))
export const inboxRange: KeyRange = rangeUnder(keyOf(letters.inbox))
export const fetchRange: KeyRange = rangeUnder(keyOf(letters.fetch))

/** The sequence at the end of the key of a row or of the outbox. */
export function sequenceOfKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const position = key.length - numberBytes
  return view.getUint32(position) * halfScale + view.getUint32(position + 4)
}

function marked(tag: Tag, mark: Uint8Array): Uint8Array {
  const prefix = keyOf(letters.document, tag)
  const key = new Uint8Array(prefix.length + mark.length)
  key.set(prefix)
  key.set(mark, prefix.length)
  return key
}
