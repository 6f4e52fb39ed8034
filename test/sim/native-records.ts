// native-records.ts — what a simulated tab reads from and writes to its replica's store: identity, term, rows of one
// document, batches as the machines plan them. Knows: records, stale preconditions, writes that nobody knows the end
// of. Must not know: machines, sockets.
import { encodeUtf8 } from 'lib0/string'
import * as Y from 'yjs'
import { planBatch } from '../../shared/replica-batches.ts'
import type { Change, NumberedRow, Plan } from '../../shared/replica-batches.ts'
import {
  headKey,
  identityKey,
  inboxRange,
  placeKey,
  rowRange,
  sequenceKey,
  sequenceOfKey,
  termKey,
} from '../../shared/replica-keys.ts'
import {
  decodeFiling,
  decodeHead,
  decodeIdentity,
  decodeNumber,
  decodePlace,
  decodeRow,
  encodeIdentity,
  encodeNumber,
  newHead,
  newPlace,
  rowKind,
} from '../../shared/replica-records.ts'
import type { Filing, Head, Identity, Place } from '../../shared/replica-records.ts'
import { StoreError } from '../../shared/store.ts'
import type { Entry, Store, WriteOutcome } from '../../shared/store.ts'
import { newDoc } from './truth.ts'

export type Loaded = {
  readonly head: Head
  readonly place: Place
  readonly rows: readonly NumberedRow[]
  readonly filings: readonly Filing[]
}

export type Written =
  | { readonly is: 'stored'; readonly plan: Plan }
  | { readonly is: 'failed'; readonly outcome: WriteOutcome }
  /** Another tab leads. */
  | { readonly is: 'fenced' }

export class NativeRecords {
  readonly #store: Store
  readonly #document: string
  readonly #tag: Uint8Array
  #term: number | undefined

  constructor(store: Store, document: string) {
    this.#store = store
    this.#document = document
    this.#tag = encodeUtf8(document)
  }

  async identity(): Promise<Identity | undefined> {
    const value = await this.#store.get(identityKey)
    return value === undefined ? undefined : decodeIdentity(value)
  }

  async keepIdentity(identity: Identity): Promise<void> {
    await this.#store.write({
      put: [{ key: identityKey, value: encodeIdentity(identity) }],
      durability: 'synced',
    })
  }

  /** From now on what only the leader writes carries this term. */
  async claimTerm(): Promise<void> {
    for (;;) {
      const value = await this.#store.get(termKey)
      const term = decodeNumber(value) + 1
      const put = [{ key: termKey, value: encodeNumber(term) }]
      const written = await this.#store.write({
        onlyIf: [{ key: termKey, value }],
        put,
        durability: 'synced',
      })
      if (written === 'stale') continue
      this.#term = term
      return
    }
  }

  async load(): Promise<Loaded> {
    const head = await this.#store.get(headKey(this.#tag))
    const place = await this.#store.get(placeKey(this.#tag))
    const inbox = await this.#store.range({ ...inboxRange, limit: 1_000 })
    const filings = inbox.map(({ value }) => decodeFiling(value))
    return {
      head: head === undefined ? newHead : decodeHead(head),
      place: place === undefined ? newPlace(this.#document) : decodePlace(place),
      rows: await this.rows(),
      filings: filings.filter(({ document }) => document === this.#document),
    }
  }

  async rows(after = 0): Promise<NumberedRow[]> {
    const entries = await this.#store.range({ ...rowRange(this.#tag, after), limit: 100_000 })
    return numbered(entries)
  }

  /** What the relay is known to have: neither pending nor kept. */
  async confirmed(): Promise<Y.Doc> {
    const rows = await this.rows()
    return docOf(rows.filter(({ row: { kind } }) => kind === rowKind.confirmed || kind === rowKind.snapshot))
  }

  /** `planned` hears of each plan before it is tried, so that what became of it can be found out later. */
  async write(changes: readonly Change[], planned: (plan: Plan) => void): Promise<Written> {
    for (;;) {
      const plan = await this.#plan(changes)
      planned(plan)
      try {
        if ((await this.#store.write(plan.batch)) === 'written') return { is: 'stored', plan }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        return { is: 'failed', outcome: error.outcome }
      }
      if (decodeNumber(await this.#store.get(termKey)) !== this.#term) return { is: 'fenced' }
    }
  }

  /** Whether a batch landed of which the store could not say it: a later write makes what is read final. */
  async settle(plan: Plan): Promise<Written> {
    try {
      await this.#store.write({ durability: 'synced' })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { is: 'failed', outcome: 'unknown' }
    }
    if (plan.proof === undefined) return { is: 'failed', outcome: 'notApplied' }
    const found = await this.#store.get(plan.proof.key)
    const hasLanded = found !== undefined && Buffer.compare(found, plan.proof.value) === 0
    return hasLanded ? { is: 'stored', plan } : { is: 'failed', outcome: 'notApplied' }
  }

  async #plan(changes: readonly Change[]): Promise<Plan> {
    const head = await this.#store.get(headKey(this.#tag))
    const place = await this.#store.get(placeKey(this.#tag))
    const sequence = decodeNumber(await this.#store.get(sequenceKey))
    const needsRows = changes.some(({ type }) => type === 'replace')
    return planBatch(changes, {
      document: this.#document,
      tag: this.#tag,
      sequence,
      head: head === undefined ? undefined : decodeHead(head),
      place: place === undefined ? undefined : decodePlace(place),
      term: this.#term,
      ...(needsRows ? { rows: await this.rows() } : {}),
    })
  }
}

export function numbered(entries: readonly Entry[]): NumberedRow[] {
  return entries.map(({ key, value }) => ({ sequence: sequenceOfKey(key), row: decodeRow(value) }))
}

export function docOf(rows: readonly NumberedRow[]): Y.Doc {
  const doc = newDoc()
  Y.transact(doc, () => {
    for (const { row } of rows) Y.applyUpdate(doc, row.update)
  })
  return doc
}
