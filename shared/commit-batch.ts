// commit-batch.ts — what a tenant commits at once, as records under their keys: all of it lands, or nothing. Knows: which
// records belong together. Must not know: the store, positions and how they are given.
import type { Commit } from './commit.ts'
import { authorBytes } from './limits.ts'
import {
  answerKey,
  branchKey,
  changeKey,
  claimsKey,
  cleanUpKey,
  documentKey,
  headKey,
  pieceKey,
  rowKey,
} from './record-keys.ts'
import type { HistoryPlace } from './record-keys.ts'
import {
  encodeAnswer,
  encodeBranch,
  encodeChange,
  encodeClaims,
  encodeDocument,
  encodeHead,
  encodePiece,
  encodeRow,
} from './relay-records.ts'
import type { Batch, Entry } from './store.ts'

export function batchOf(tenant: string, commit: Commit): Omit<Batch, 'durability'> {
  const put: Entry[] = []
  const remove: Uint8Array[] = []
  for (const { document, epoch, position, previous, kind, author, update } of commit.rows) {
    const row = { previous, kind, author: author?.subarray(0, authorBytes), update }
    put.push({ key: rowKey({ tenant, document, epoch }, position), value: encodeRow(row) })
  }
  for (const { document, state, lastWas } of commit.documents) {
    const { epoch, last, stage } = state
    put.push({ key: documentKey({ tenant, document }), value: encodeDocument(state) })
    if (lastWas > 0 && lastWas !== last) remove.push(changeKey(tenant, lastWas))
    put.push({ key: changeKey(tenant, last), value: encodeChange({ document, epoch, stage }) })
  }
  for (const { document, epoch, through, pieces } of commit.begin) {
    const history = { tenant, document, epoch }
    for (const [index, piece] of pieces.entries()) put.push(pieceEntry(history, through, index, piece))
  }
  for (const { document, epoch } of commit.cleanUp) {
    put.push({ key: cleanUpKey({ tenant, document, epoch }), value: new Uint8Array() })
  }
  for (const { document, epoch, claims } of commit.claims) {
    put.push({ key: claimsKey({ tenant, document, epoch }), value: encodeClaims(claims) })
  }
  for (const { document, epoch, answer } of commit.keep) {
    put.push({ key: answerKey({ tenant, document, epoch, ...answer }), value: encodeAnswer(answer) })
  }
  for (const { document, epoch, id } of commit.forget) {
    remove.push(answerKey({ tenant, document, epoch, ...id }))
  }
  if (commit.branch !== undefined) {
    const { id, first } = commit.branch
    put.push({ key: branchKey(tenant, first), value: encodeBranch(id) })
  }
  const onlyIf = [
    { key: headKey(tenant), value: commit.headWas === 0 ? undefined : encodeHead(commit.headWas) },
  ]
  if (commit.head !== commit.headWas) put.push({ key: headKey(tenant), value: encodeHead(commit.head) })
  return { onlyIf, remove, put }
}

export function pieceEntry(history: HistoryPlace, through: number, index: number, piece: Uint8Array): Entry {
  return { key: pieceKey(history, through, index), value: encodePiece(piece) }
}
