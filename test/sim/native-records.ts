// native-records.ts — what a simulated page reads from and writes to its replica's store: identity, term, rows of one
// document, batches as the machines plan them. Knows: records, stale preconditions, writes that nobody knows the end
// of; what is made of confirmed rows. Must not know: machines, sockets, the Y.Doc that is shown.
import { encodeUtf8 } from 'lib0/string'
import * as Y from 'yjs'
import { isFenced, planBatch } from '../../shared/replica-batches.ts'
import type { Basis, Change, NumberedRow, Plan } from '../../shared/replica-batches.ts'
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
  newHead,
  newPlace,
  rowKind,
} from '../../shared/replica-records.ts'
import type { Filing, Head, Identity, Place } from '../../shared/replica-records.ts'
import { foldOf } from '../../shared/replica-folds.ts'
import { claimBatch, identityBatch } from '../../shared/replica-workspace.ts'
import { StoreError } from '../../shared/store.ts'
import type { Entry, Store, WriteOutcome } from '../../shared/store.ts'
import { docOf } from './truth.ts'

export type Loaded = {
  readonly head: Head
  readonly place: Place
  readonly rows: readonly NumberedRow[]
  readonly filings: readonly Filing[]
}

/** A plan, and the last row of the head that it was made for. */
export type Tried = { readonly plan: Plan; readonly after: number }

export type Written =
  | ({ readonly is: 'stored' } & Tried)
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

  /** Of two tabs that make one at once, the first counts. */
  async keepIdentity(identity: Identity): Promise<Identity> {
    const before = await this.identity()
    if (before !== undefined) return before
    const outcome = await this.#store.write(identityBatch(undefined, identity))
    return outcome === 'written' ? identity : this.keepIdentity(identity)
  }

  /** From now on what only the leader writes carries this term; undefined: another tab was first. */
  async claimTerm(): Promise<number | undefined> {
    const before = decodeNumber(await this.#store.get(termKey))
    if ((await this.#store.write(claimBatch(before))) !== 'written') return undefined
    this.#term = before + 1
    return this.#term
  }

  stepDown(): void {
    this.#term = undefined
  }

  /** All of one moment: reads answer at once, and nothing is written between them. */
  async load(): Promise<Loaded> {
    const place = await this.#store.get(placeKey(this.#tag))
    const inbox = await this.#store.range({ ...inboxRange, limit: 1_000 })
    const filings = inbox.map(({ value }) => decodeFiling(value))
    return {
      head: await this.#head(),
      place: place === undefined ? newPlace(this.#document) : decodePlace(place),
      rows: await this.#rows(0),
      filings: filings.filter(({ document }) => document === this.#document),
    }
  }

  async rowsAfter(after: number): Promise<{ rows: readonly NumberedRow[]; head: Head }> {
    return { rows: await this.#rows(after), head: await this.#head() }
  }

  async rows(): Promise<readonly NumberedRow[]> {
    return this.#rows(0)
  }

  /** `tried` hears of each plan before it is written, so that what became of it can be found out later. */
  async write(changes: readonly Change[], tried: (tried: Tried) => void): Promise<Written> {
    const onlyLeads = changes.some(isFenced)
    for (;;) {
      if (onlyLeads && this.#term === undefined) return { is: 'fenced' }
      const basis = await this.#basis(changes)
      const attempt = { plan: planBatch(changes, basis), after: basis.head?.last ?? 0 }
      tried(attempt)
      try {
        if ((await this.#store.write(attempt.plan.batch)) === 'written') return { is: 'stored', ...attempt }
      } catch (error) {
        return failed(error)
      }
      if (onlyLeads && decodeNumber(await this.#store.get(termKey)) !== this.#term) return { is: 'fenced' }
    }
  }

  /** Whether a batch landed of which the store could not say it: a later write makes what is read final. */
  async settle({ plan, after }: Tried): Promise<Written> {
    try {
      await this.#store.write({ durability: 'synced' })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { is: 'failed', outcome: 'unknown' }
    }
    for (const { key, isHeldBy } of plan.proofs) {
      const found = await this.#store.get(key)
      if (found !== undefined && isHeldBy(found)) return { is: 'stored', plan, after }
    }
    return { is: 'failed', outcome: 'notApplied' }
  }

  /** What the relay has told. */
  async confirmed(): Promise<Y.Doc> {
    return docOf(confirmedOf(await this.rows()).map(({ row: { update } }) => update))
  }

  /** To be called when no batch is on its way. Returns whether it was worth while. */
  async fold(): Promise<boolean> {
    const { rows, head } = await this.rowsAfter(0)
    const fold = foldOf(rows.map(({ sequence, row: { kind } }) => ({ sequence, kind })))
    if (fold === undefined) return false
    const isFolded = (sequence: number) => sequence === fold.through || fold.removed.includes(sequence)
    const folded = rows.filter(({ sequence }) => isFolded(sequence)).map(({ row: { update } }) => update)
    const snapshot = Y.encodeStateAsUpdate(docOf(folded))
    const change = { type: 'fold', generation: head.generation, ...fold, snapshot } as const
    return (await this.write([change], () => undefined)).is === 'stored'
  }

  async #head(): Promise<Head> {
    const head = await this.#store.get(headKey(this.#tag))
    return head === undefined ? newHead : decodeHead(head)
  }

  async #rows(after: number): Promise<NumberedRow[]> {
    return numbered(await this.#store.range({ ...rowRange(this.#tag, after), limit: 100_000 }))
  }

  async #basis(changes: readonly Change[]): Promise<Basis> {
    const head = await this.#store.get(headKey(this.#tag))
    const place = await this.#store.get(placeKey(this.#tag))
    const sequence = decodeNumber(await this.#store.get(sequenceKey))
    const needsRows = changes.some(({ type }) => type === 'replace')
    return {
      document: this.#document,
      tag: this.#tag,
      sequence,
      head: head === undefined ? undefined : decodeHead(head),
      place: place === undefined ? undefined : decodePlace(place),
      term: this.#term,
      ...(needsRows ? { rows: await this.rows() } : {}),
    }
  }
}

function failed(error: unknown): Written {
  if (!(error instanceof StoreError)) throw error
  return { is: 'failed', outcome: error.outcome }
}

export function numbered(entries: readonly Entry[]): NumberedRow[] {
  return entries.map(({ key, value }) => ({ sequence: sequenceOfKey(key), row: decodeRow(value) }))
}

/** What the relay is known to have: neither pending nor kept. */
export function confirmedOf(rows: readonly NumberedRow[]): readonly NumberedRow[] {
  return rows.filter(({ row: { kind } }) => kind === rowKind.confirmed || kind === rowKind.snapshot)
}
