// relay-store.ts — what the relay's machines ask of their store, in its records: a tenant's place in its log, a
// document whole, rows and pieces page by page, a commit as one batch. Knows: which records belong together, and the
// chain of rows. Must not know: which store it is, when it is asked.
import { digest as sha256 } from 'lib0/hash/sha256'
import { ownerNamed } from './claims.ts'
import { batchOf, pieceEntry } from './commit-batch.ts'
import type { Change, Commit } from './commit.ts'
import { DamagedRecords } from './damage.ts'
import type { WhenDamaged } from './damage.ts'
import { bringToFormat } from './disk-format.ts'
import { newDocument } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { equalBytes } from './equal-bytes.ts'
import { deliveryBytesMax, deliveryUpdatesMax, pageEntriesMax } from './limits.ts'
import {
  answerRange,
  branchRange,
  changeRange,
  claimsKey,
  cleanUpKey,
  cleanUpRange,
  decodeKey,
  documentKey,
  documentsBehind,
  headKey,
  historyRanges,
  logStateKey,
  otherPieceRanges,
  ownerKey,
  pieceRange,
  rowKey,
  rowRange,
  secretKeyKey,
} from './record-keys.ts'
import type { DocumentPlace, HistoryPlace } from './record-keys.ts'
import {
  decodeAnswer,
  decodeBranch,
  decodeChange,
  decodeClaims,
  decodeDocument,
  decodeHead,
  decodeLogState,
  decodeOwner,
  decodePiece,
  decodePrevious,
  decodeRow,
  decodeSecretKey,
  encodeDocument,
  encodeHead,
  encodeLogState,
  encodeOwner,
  encodeSecretKey,
} from './relay-records.ts'
import type { KeptAnswer, LoadedSnapshot, LoadedUpdate, RoomInput, Row, Snapshot } from './room-words.ts'
import { salvagedDocument } from './salvaged-document.ts'
import type { Branch } from './seals.ts'
import { StoreError } from './store.ts'
import type { Entry, KeyRange, Store, WriteDurability } from './store.ts'

type Loaded = RoomInput & { readonly type: 'loaded' }

const nothingLoaded: Loaded = {
  type: 'loaded',
  document: newDocument,
  hasHole: false,
  snapshot: { pieces: [], state: undefined },
  rows: [],
  answers: [],
  claims: [],
}

export type ListedDocument = { readonly document: string; readonly state: DocumentState }

export class RelayStore {
  readonly #store: Store
  readonly #durability: WriteDurability
  readonly #records: DamagedRecords

  /** What cannot be read is set aside and told of; without someone to tell, it is an error. */
  constructor(store: Store, durability: WriteDurability, whenDamaged?: WhenDamaged) {
    this.#store = store
    this.#durability = durability
    this.#records = new DamagedRecords(store, durability, whenDamaged)
  }

  /** Returns the key of seals and cursors; makes one the first time, and where it is lost: cursors end with it. */
  async open(mintKey: () => Uint8Array): Promise<Uint8Array> {
    await bringToFormat(this.#store)
    const kept = await this.#records.find(secretKeyKey(), decodeSecretKey)
    if (kept.is === 'there') return kept.value
    const key = mintKey()
    const put = [{ key: secretKeyKey(), value: encodeSecretKey(key) }]
    const onlyIf = kept.is === 'absent' ? [{ key: secretKeyKey(), value: undefined }] : []
    const outcome = await this.#store.write({ onlyIf, put, durability: 'synced' })
    return outcome === 'written' ? key : this.open(mintKey)
  }

  /** A replica id belongs to who first names it with a secret. */
  async isItsOwn(tenant: string, replica: Uint8Array, secret: Uint8Array): Promise<boolean> {
    const key = ownerKey(tenant, replica)
    const proof = sha256(secret)
    const known = await this.#records.find(key, decodeOwner)
    if (known.is === 'there') return equalBytes(known.value, proof)
    const put = [{ key, value: encodeOwner(proof) }]
    const onlyIf = known.is === 'absent' ? [{ key, value: undefined }] : []
    const outcome = await this.#store.write({ onlyIf, put, durability: this.#durability })
    return outcome === 'written' || this.isItsOwn(tenant, replica, secret)
  }

  async readTenant(tenant: string): Promise<{
    head: number
    branches: readonly Branch[]
    cleanUps: readonly { readonly document: string; readonly epoch: Uint8Array }[]
  }> {
    const head = await this.#readHead(tenant)
    const branches: Branch[] = []
    for (const { key } of await this.#entries(branchRange(tenant))) {
      const place = decodeKey(key)
      if (place.type !== 'branch') continue
      // Of a branch whose id is lost no cursor holds, and none of the one before it past where it began.
      const id = await this.#records.find(key, decodeBranch)
      branches.push({ id: id.is === 'there' ? id.value : new Uint8Array(), first: place.first })
    }
    const { values } = await this.#records.all(cleanUpRange(tenant), ({ key }) => decodeKey(key))
    const cleanUps = values.flatMap((place) =>
      place.type === 'cleanUp' ? [{ document: place.document, epoch: place.epoch }] : [],
    )
    return { head, branches, cleanUps }
  }

  /** The index of changes knows it too: its last entry is of the last commit. */
  async #readHead(tenant: string): Promise<number> {
    const key = headKey(tenant)
    const said = await this.#records.find(key, decodeHead)
    const [newest] = await this.#store.range({ ...changeRange(tenant, 0), limit: 1, reverse: true })
    const place = newest && decodeKey(newest.key)
    const last = place?.type === 'change' ? place.last : 0
    if (said.is === 'there' && said.value >= last) return said.value
    if (said.is === 'absent' && last === 0) return 0
    const put = [{ key, value: encodeHead(last) }]
    await this.#store.write({ put, durability: this.#durability })
    return last
  }

  /** Documents that were committed to after one position through another, each at its last, a page at a time. */
  async readChanges(
    tenant: string,
    after: number,
    through: number,
  ): Promise<{ changes: Change[]; isEnd: boolean }> {
    const { from } = changeRange(tenant, after)
    const { from: to } = changeRange(tenant, through)
    const page = await this.#store.range({ from, to, limit: pageEntriesMax })
    const changes = page.map(({ key, value }) => {
      const place = decodeKey(key)
      if (place.type !== 'change') throw new Error('The index of changes was asked for.')
      return { position: place.last, ...decodeChange(value) }
    })
    return { changes, isEnd: page.length < pageEntriesMax }
  }

  /** A page of a tenant's documents, behind the one of this name. */
  async readDocuments(tenant: string, after: string): Promise<readonly ListedDocument[]> {
    const page = await this.#store.range({
      ...documentsBehind({ tenant, document: after }),
      limit: pageEntriesMax,
    })
    return page.flatMap(({ key, value }) => {
      const place = decodeKey(key)
      return place.type === 'document' ? [{ document: place.document, state: decodeDocument(value) }] : []
    })
  }

  async readState(place: DocumentPlace): Promise<DocumentState> {
    return (await this.#findState(place)) ?? newDocument
  }

  /** Undefined: nothing lies under its name. */
  async #findState(place: DocumentPlace): Promise<DocumentState | undefined> {
    const key = documentKey(place)
    const found = await this.#records.find(key, decodeDocument)
    if (found.is === 'there') return found.value
    if (found.is === 'absent' && (await this.#isNew(place))) return undefined
    const salvaged = await salvagedDocument(this.#store, place)
    if (salvaged === undefined) return newDocument
    await this.#store.write({ put: [{ key, value: encodeDocument(salvaged) }], durability: this.#durability })
    return salvaged
  }

  async #isNew(place: DocumentPlace): Promise<boolean> {
    for (const range of historyRanges(place)) if (!(await this.#isEmpty(range))) return false
    return true
  }

  /** With a hole in its chain of rows only the head is served: every replica then says what it has. */
  async readDocument(place: DocumentPlace): Promise<Loaded> {
    const state = await this.#findState(place)
    if (state === undefined) return nothingLoaded
    const history = { ...place, epoch: state.epoch }
    const snapshot = await this.#readSnapshot(history, state.foldedThrough)
    const chain = await this.#readChain(history, state)
    const hasHole = snapshot.isDamaged || chain.hasHole
    const document = { ...state, servedFrom: hasHole ? state.last : state.servedFrom }
    const answers = await this.#readAnswers(history)
    const claims = await this.#records.find(claimsKey(history), decodeClaims)
    return {
      type: 'loaded',
      document,
      hasHole,
      snapshot,
      rows: chain.rows,
      answers,
      claims: claims.is === 'there' ? claims.value : [],
    }
  }

  /** What is known of it beside it counts only while the pieces are those that it was made of. */
  async #readSnapshot(
    history: HistoryPlace,
    through: number,
  ): Promise<LoadedSnapshot & { isDamaged: boolean }> {
    if (through === 0) return { pieces: [], state: undefined, isDamaged: false }
    const { values, isDamaged } = await this.#records.all(pieceRange(history, through), ({ value }) =>
      decodePiece(value),
    )
    const found = await this.#records.find(logStateKey(history), decodeLogState)
    if (found.is !== 'there' || found.value.through !== through)
      return { pieces: values, state: undefined, isDamaged: isDamaged || values.length === 0 }
    const bytes = values.reduce((sum, { length }) => sum + length, 0)
    const isWhole = !isDamaged && bytes === found.value.snapshotBytes
    return { pieces: values, state: isWhole ? found.value.state : undefined, isDamaged: !isWhole }
  }

  /** Rows after one position through another, not more than is good to send at once. */
  async readRows(
    history: HistoryPlace,
    after: number,
    through: number,
  ): Promise<{ rows: Row[]; isEnd: boolean }> {
    const rows = await this.#page(rowRange(history, after, through), ({ key, value }) => {
      return { position: positionOf(key), update: decodeRow(value).update }
    })
    const last = rows.at(-1)
    const isEnd = last === undefined || (await this.#isEmpty(rowRange(history, last.position, through)))
    return { rows, isEnd }
  }

  async readPieces(
    history: HistoryPlace,
    through: number,
    index: number,
  ): Promise<{ pieces: Uint8Array[]; next: number | undefined }> {
    const pieces = await this.#page(pieceRange(history, through, index), ({ value }) => decodePiece(value))
    const next = index + pieces.length
    const isEnd = await this.#isEmpty(pieceRange(history, through, next))
    return { pieces, next: isEnd ? undefined : next }
  }

  /** Of a page that is not whole nothing is handed out: what is damaged is set aside, and missed at the next opening. */
  async #page<Value>(range: KeyRange, decode: (entry: Entry) => Value): Promise<Value[]> {
    const page = await this.#store.range({ ...range, limit: deliveryUpdatesMax, bytesMax: deliveryBytesMax })
    try {
      return page.map(decode)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'damaged') await this.#records.all(range, decode)
      throw error
    }
  }

  /** May be called again with the same commit when it failed: of a failed write nobody knows whether it landed. */
  async write(tenant: string, commit: Commit): Promise<'written' | 'stale'> {
    const outcome = await this.#store.write({ ...batchOf(tenant, commit), durability: this.#durability })
    if (outcome === 'written') return 'written'
    return (await this.#hasLanded(tenant, commit)) ? 'written' : 'stale'
  }

  /** The pieces of a snapshot, and what they hold, synced before any record names them. */
  async writePieces(history: HistoryPlace, through: number, { pieces, state }: Snapshot): Promise<void> {
    const put = pieces.map((piece, index) => pieceEntry(history, through, index, piece))
    const snapshotBytes = pieces.reduce((sum, { length }) => sum + length, 0)
    put.push({ key: logStateKey(history), value: encodeLogState({ through, snapshotBytes, state }) })
    await this.#store.write({
      removeRange: [pieceRange(history, through)],
      put,
      durability: this.#durability,
    })
  }

  /** What a valid fold has made superfluous. A crash before this leaves garbage, which the next fold takes along. */
  async dropFolded(history: HistoryPlace, through: number, servedFrom: number): Promise<void> {
    const before = Math.min(servedFrom, through)
    await this.#removeAll({ from: rowKey(history, 0), to: rowRange(history, before).from })
    await this.#store.write({ removeRange: otherPieceRanges(history, through), durability: this.#durability })
  }

  /** All of a history that is no more, a page at a time; last the record that says so. [E1] */
  async dropHistory(history: HistoryPlace): Promise<void> {
    for (const range of historyRanges(history)) await this.#removeAll(range)
    await this.#store.write({ remove: [cleanUpKey(history)], durability: this.#durability })
  }

  async #removeAll(range: KeyRange): Promise<void> {
    for (;;) {
      const page = await this.#store.range({ ...range, limit: pageEntriesMax, bytesMax: deliveryBytesMax })
      if (page.length === 0) return
      await this.#store.write({ remove: page.map(({ key }) => key), durability: this.#durability })
    }
  }

  /** Only what moves the head can be refused though it landed; each such commit puts a record that names the head. */
  async #hasLanded(tenant: string, { head, documents }: Commit): Promise<boolean> {
    const changed = documents.find(({ state }) => state.last === head)
    const now = await this.#store.get(headKey(tenant))
    if (changed === undefined || now === undefined || decodeHead(now) !== head) return false
    const { document, state } = changed
    const record = await this.#store.get(documentKey({ tenant, document }))
    return record !== undefined && equalBytes(record, encodeDocument(state))
  }

  async #readChain(
    history: HistoryPlace,
    { foldedThrough, servedFrom, last }: DocumentState,
  ): Promise<{ rows: LoadedUpdate[]; hasHole: boolean }> {
    const rows: LoadedUpdate[] = []
    let before: number | undefined
    let hasHole = false
    // What a fold left behind when it was cut short is no part of the chain.
    const range = rowRange(history, Math.min(foldedThrough, servedFrom))
    await this.#records.all(range, ({ key, value }) => {
      const position = positionOf(key)
      const row = position > foldedThrough ? decodeRow(value) : undefined
      const previous = row?.previous ?? decodePrevious(value)
      // The first row there may follow rows that a fold took, never ones that it left.
      if (before === undefined ? previous > servedFrom : previous !== before) hasHole = true
      before = position
      if (row === undefined) return
      const { update, author } = row
      rows.push({ update, position, author: author === undefined ? undefined : ownerNamed(author) })
    })
    // Also of rows that a fold has in it and left for cursors of late: the last of them may be the only one.
    if ((before ?? servedFrom) < last) hasHole = true
    return { rows, hasHole }
  }

  async #readAnswers(history: HistoryPlace): Promise<KeptAnswer[]> {
    const { values } = await this.#records.all(answerRange(history), ({ key, value }) => {
      return { place: decodeKey(key), answer: decodeAnswer(value) }
    })
    return values.flatMap(({ place, answer }) => {
      if (place.type !== 'answer') return []
      const { replica, counter, hash } = place
      return [{ replica, counter, hash, ...answer }]
    })
  }

  async #entries(range: KeyRange): Promise<Entry[]> {
    return (await this.#records.all(range, (entry) => entry)).values
  }

  async #isEmpty(range: KeyRange): Promise<boolean> {
    return (await this.#store.range({ ...range, limit: 1 })).length === 0
  }
}

function positionOf(key: Uint8Array): number {
  // A row's key ends with it, and a hundred thousand of them need not be read for the rest.
  const view = new DataView(key.buffer, key.byteOffset + key.length - 8, 8)
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4)
}
