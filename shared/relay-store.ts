// relay-store.ts — what the relay's machines ask of their store, in its records: a tenant's place in its log, a
// document whole, rows and pieces page by page, a commit as one batch. Knows: which records belong together, and the
// chain of rows. Must not know: which store it is, when it is asked.
import { digest as sha256 } from 'lib0/hash/sha256'
import { encodeUtf8 } from 'lib0/string'
import { ownerNamed } from './claims.ts'
import type { Commit } from './commit.ts'
import { equalBytes } from './equal-bytes.ts'
import { authorBytes, deliveryBytesMax, deliveryUpdatesMax, pageEntriesMax } from './limits.ts'
import {
  answerKey,
  answerRange,
  branchKey,
  branchRange,
  changeKey,
  decodeKey,
  documentKey,
  formatKey,
  headKey,
  otherPieceRanges,
  ownerKey,
  pieceKey,
  pieceRange,
  rowKey,
  rowRange,
  secretKeyKey,
} from './record-keys.ts'
import type { DocumentPlace, HistoryPlace } from './record-keys.ts'
import {
  decodeAnswer,
  decodeBranch,
  decodeDocument,
  decodeFormat,
  decodeHead,
  decodeOwner,
  decodeRow,
  decodeSecretKey,
  diskFormatVersion,
  documentStage,
  encodeAnswer,
  encodeBranch,
  encodeChange,
  encodeDocument,
  encodeFormat,
  encodeHead,
  encodeOwner,
  encodeRow,
  encodeSecretKey,
} from './relay-records.ts'
import type { DocumentState, KeptAnswer, LoadedUpdate, RoomInput, Row } from './room-words.ts'
import type { Branch } from './seals.ts'
import { StoreError } from './store.ts'
import type { Batch, Entry, KeyRange, Store, WriteDurability } from './store.ts'

type Loaded = RoomInput & { readonly type: 'loaded' }

/** Where format 1, of before the first release, said so. */
const firstFormatKey: Uint8Array = encodeUtf8('format')

/** The first history of every document. It needs no record, so that a relay that lost everything can be given it back. */
const firstEpoch = new Uint8Array(16)

export class RelayStore {
  readonly #store: Store
  readonly #durability: WriteDurability

  constructor(store: Store, durability: WriteDurability) {
    this.#store = store
    this.#durability = durability
  }

  /** Returns the key of seals and cursors; makes one, and takes note of the format, the first time. */
  async open(mintKey: () => Uint8Array): Promise<Uint8Array> {
    const version = await this.#readVersion()
    if (version !== diskFormatVersion) {
      throw new StoreError(
        'damaged',
        `It has format ${version}; this version reads format ${diskFormatVersion}.`,
      )
    }
    const kept = await this.#store.get(secretKeyKey())
    if (kept !== undefined) return decodeSecretKey(kept)
    const key = mintKey()
    const put = [
      { key: formatKey(), value: encodeFormat(diskFormatVersion) },
      { key: secretKeyKey(), value: encodeSecretKey(key) },
    ]
    const onlyIf = [{ key: secretKeyKey(), value: undefined }]
    const outcome = await this.#store.write({ onlyIf, put, durability: 'synced' })
    return outcome === 'written' ? key : this.open(mintKey)
  }

  async #readVersion(): Promise<number> {
    if ((await this.#store.get(firstFormatKey)) !== undefined) return 1
    const format = await this.#store.get(formatKey())
    return format === undefined ? diskFormatVersion : decodeFormat(format)
  }

  /** A replica id belongs to who first names it with a secret. */
  async isItsOwn(tenant: string, replica: Uint8Array, secret: Uint8Array): Promise<boolean> {
    const key = ownerKey(tenant, replica)
    const proof = sha256(secret)
    const known = await this.#store.get(key)
    if (known !== undefined) return equalBytes(decodeOwner(known), proof)
    const put = [{ key, value: encodeOwner(proof) }]
    const onlyIf = [{ key, value: undefined }]
    const outcome = await this.#store.write({ onlyIf, put, durability: this.#durability })
    return outcome === 'written' || this.isItsOwn(tenant, replica, secret)
  }

  async readTenant(tenant: string): Promise<{ head: number; branches: readonly Branch[] }> {
    const head = await this.#store.get(headKey(tenant))
    const branches: Branch[] = []
    for (const { key, value } of await this.#all(branchRange(tenant))) {
      const place = decodeKey(key)
      if (place.type === 'branch') branches.push({ id: decodeBranch(value), first: place.first })
    }
    return { head: head === undefined ? 0 : decodeHead(head), branches }
  }

  /** With a hole in its chain of rows only the head is served: every replica then says what it has. */
  async readDocument(place: DocumentPlace): Promise<Loaded> {
    const record = await this.#store.get(documentKey(place))
    const state =
      record === undefined
        ? { epoch: firstEpoch, servedFrom: 0, foldedThrough: 0, last: 0 }
        : decodeDocument(record)
    const history = { ...place, epoch: state.epoch }
    const updates: LoadedUpdate[] = []
    for (const { value } of await this.#all(pieceRange(history, state.foldedThrough))) {
      if (state.foldedThrough > 0) updates.push({ update: value, author: undefined, position: undefined })
    }
    const { rows, hasHole } = await this.#readChain(history, state)
    const document = { ...state, servedFrom: hasHole ? state.last : state.servedFrom }
    const answers = await this.#readAnswers(history)
    return { type: 'loaded', document, hasHole, updates: [...updates, ...rows], answers }
  }

  /** Rows after one position through another, not more than is good to send at once. */
  async readRows(
    history: HistoryPlace,
    after: number,
    through: number,
  ): Promise<{ rows: Row[]; isEnd: boolean }> {
    const page = await this.#store.range({
      ...rowRange(history, after, through),
      limit: deliveryUpdatesMax,
      bytesMax: deliveryBytesMax,
    })
    const rows = page.map(({ key, value }) => ({
      position: positionOf(key),
      update: decodeRow(value).update,
    }))
    const last = rows.at(-1)
    const isEnd = last === undefined || (await this.#isEmpty(rowRange(history, last.position, through)))
    return { rows, isEnd }
  }

  async readPieces(
    history: HistoryPlace,
    through: number,
    index: number,
  ): Promise<{ pieces: Uint8Array[]; next: number | undefined }> {
    const page = await this.#store.range({
      ...pieceRange(history, through, index),
      limit: deliveryUpdatesMax,
      bytesMax: deliveryBytesMax,
    })
    const next = index + page.length
    const isEnd = await this.#isEmpty(pieceRange(history, through, next))
    return { pieces: page.map(({ value }) => value), next: isEnd ? undefined : next }
  }

  /** May be called again with the same commit when it failed: of a failed write nobody knows whether it landed. */
  async write(tenant: string, commit: Commit): Promise<'written' | 'stale'> {
    const outcome = await this.#store.write(this.#batchOf(tenant, commit))
    if (outcome === 'written') return 'written'
    return (await this.#hasLanded(tenant, commit)) ? 'written' : 'stale'
  }

  /** The pieces of a snapshot, synced before any record names them. */
  async writePieces(history: HistoryPlace, through: number, pieces: readonly Uint8Array[]): Promise<void> {
    const put = pieces.map((value, index) => ({ key: pieceKey(history, through, index), value }))
    await this.#store.write({
      removeRange: [pieceRange(history, through)],
      put,
      durability: this.#durability,
    })
  }

  /** What a valid fold has made superfluous. A crash before this leaves garbage, which the next fold takes along. */
  async dropFolded(history: HistoryPlace, through: number, servedFrom: number): Promise<void> {
    const before = Math.min(servedFrom, through)
    const range = { from: rowKey(history, 0), to: rowRange(history, before).from }
    for (;;) {
      const page = await this.#store.range({ ...range, limit: pageEntriesMax })
      if (page.length === 0) break
      await this.#store.write({ remove: page.map(({ key }) => key), durability: this.#durability })
    }
    await this.#store.write({ removeRange: otherPieceRanges(history, through), durability: this.#durability })
  }

  async #hasLanded(tenant: string, { head, rows }: Commit): Promise<boolean> {
    const last = rows.at(-1)
    const now = await this.#store.get(headKey(tenant))
    if (last === undefined || now === undefined || decodeHead(now) !== head) return false
    const { document, epoch, position, update } = last
    const row = await this.#store.get(rowKey({ tenant, document, epoch }, position))
    return row !== undefined && equalBytes(decodeRow(row).update, update)
  }

  #batchOf(tenant: string, commit: Commit): Batch {
    const put: Entry[] = []
    const remove: Uint8Array[] = []
    for (const { document, epoch, position, previous, kind, author, update } of commit.rows) {
      const row = { previous, kind, author: author?.subarray(0, authorBytes), update }
      put.push({ key: rowKey({ tenant, document, epoch }, position), value: encodeRow(row) })
    }
    for (const { document, state, lastWas } of commit.documents) {
      const { epoch, last } = state
      put.push({
        key: documentKey({ tenant, document }),
        value: encodeDocument({ ...state, stage: documentStage.live }),
      })
      if (lastWas > 0 && lastWas !== last) remove.push(changeKey(tenant, lastWas))
      put.push({ key: changeKey(tenant, last), value: encodeChange({ document, epoch }) })
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
    return { onlyIf, remove, put, durability: this.#durability }
  }

  async #readChain(
    history: HistoryPlace,
    { foldedThrough, servedFrom, last }: DocumentState,
  ): Promise<{ rows: LoadedUpdate[]; hasHole: boolean }> {
    const rows: LoadedUpdate[] = []
    let before: number | undefined
    let hasHole = false
    for (const { key, value } of await this.#all(rowRange(history, 0))) {
      const position = positionOf(key)
      const { previous, author, update } = decodeRow(value)
      // The first row there may follow rows that a fold took, never ones that it left.
      if (before === undefined ? previous > servedFrom : previous !== before) hasHole = true
      before = position
      if (position <= foldedThrough) continue
      rows.push({ update, position, author: author === undefined ? undefined : ownerNamed(author) })
    }
    if ((before ?? foldedThrough) < last) hasHole = true
    return { rows, hasHole }
  }

  async #readAnswers(history: HistoryPlace): Promise<KeptAnswer[]> {
    const answers: KeptAnswer[] = []
    for (const { key, value } of await this.#all(answerRange(history))) {
      const place = decodeKey(key)
      if (place.type !== 'answer') continue
      const { replica, counter, hash } = place
      answers.push({ replica, counter, hash, ...decodeAnswer(value) })
    }
    return answers
  }

  /** Page by page, but not entry by entry: a promise for each of a hundred thousand rows costs more than the rows. */
  async #all(range: KeyRange): Promise<Entry[]> {
    const entries: Entry[] = []
    let { from } = range
    for (;;) {
      const page = await this.#store.range({ from, to: range.to, limit: pageEntriesMax })
      for (const entry of page) entries.push(entry)
      const last = page.at(-1)
      if (last === undefined || page.length < pageEntriesMax) return entries
      from = keyAfter(last.key)
    }
  }

  async #isEmpty(range: KeyRange): Promise<boolean> {
    return (await this.#store.range({ ...range, limit: 1 })).length === 0
  }
}

function positionOf(key: Uint8Array): number {
  const place = decodeKey(key)
  if (place.type !== 'row') throw new Error('A row was asked for.')
  return place.position
}

/** The first key behind this one. */
function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}
