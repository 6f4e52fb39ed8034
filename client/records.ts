// records.ts — what a tab reads from its replica's store and writes to it: documents, the device, the inbox. Knows:
// records, preconditions that no longer hold, what it read last (so that a write is one transaction, not three). Must
// not know: machines, Y.Docs, sockets, which disk is below.
import { encodeUtf8 } from 'lib0/string'
import { equalBytes } from '../shared/equal-bytes.ts'
import { idBytes } from '../shared/message.ts'
import { isFenced, planBatch } from '../shared/replica-batches.ts'
import type { Basis, Change, NumberedRow, Plan } from '../shared/replica-batches.ts'
import * as keys from '../shared/replica-keys.ts'
import * as records from '../shared/replica-records.ts'
import type { Filing, Head, Identity, Place, ToFetch } from '../shared/replica-records.ts'
import {
  changedBatch,
  claimBatch,
  discardBatch,
  fetchedBatch,
  identityBatch,
} from '../shared/replica-workspace.ts'
import type { HeldDocument } from '../shared/replica-words.ts'
import { StoreError } from '../shared/store.ts'
import type { Entry, KeyRange, Store, WriteOutcome } from '../shared/store.ts'
import type { StorePlace } from './store-place.ts'

export type Loaded = { readonly head: Head; readonly place: Place; readonly rows: readonly NumberedRow[] }

export type Written =
  /** `after`: the document's last row before. */
  | { readonly is: 'stored'; readonly plan: Plan; readonly after: number }
  /** Without an error: what the store said of it was told before. */
  | { readonly is: 'failed'; readonly outcome: WriteOutcome; readonly error: StoreError | undefined }
  /** Another tab leads. */
  | { readonly is: 'fenced' }

export type Device = Identity & {
  /** Documents with edits that the relay has not answered. */
  readonly unsent: readonly string[]
  readonly toFetch: readonly ToFetch[]
  readonly workspaceCursor: Uint8Array
}

type Known = { readonly head: Head | undefined; readonly place: Place | undefined }

export class Records {
  readonly #store: Store
  readonly #known = new Map<string, Known>()
  #sequence: number | undefined
  #sequenceSeen = 0
  #term: number | undefined

  constructor(store: Store) {
    this.#store = store
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  /** Throws where what was written here is not there any more. */
  async look(): Promise<void> {
    this.#forgetKnown()
    await this.#readSequence()
  }

  // The device.

  /** From now on what only the leader writes carries this term. Undefined: another tab came first. */
  async claimTerm(): Promise<number | undefined> {
    const before = records.decodeNumber(await this.#store.get(keys.termKey))
    if ((await this.#store.write(claimBatch(before))) === 'stale') return undefined
    this.#term = before + 1
    this.#forgetKnown()
    return this.#term
  }

  /** Another tab took the lead since. */
  async isTermOver(): Promise<boolean> {
    return records.decodeNumber(await this.#store.get(keys.termKey)) !== this.#term
  }

  /** What the store holds, or what `make` makes of it, if that is something else. */
  async identity(make: (before: Identity | undefined) => Identity): Promise<Identity> {
    for (;;) {
      const value = await this.#store.get(keys.identityKey)
      const before = value === undefined ? undefined : records.decodeIdentity(value)
      const identity = make(before)
      if (identity === before) return identity
      if ((await this.#store.write(identityBatch(value, identity))) === 'written') return identity
    }
  }

  /** Everything about it that a tab has to know to lead. */
  async device(): Promise<Device> {
    const identity = await this.identity((before) => before ?? newIdentity())
    const outbox = await this.#all(keys.outboxRange)
    const toFetch = await this.#all(keys.fetchRange)
    return {
      ...identity,
      unsent: [...new Set(outbox.map(({ value }) => records.decodeText(value)))],
      toFetch: toFetch.map(({ value }) => records.decodeToFetch(value)),
      workspaceCursor: (await this.#store.get(keys.workspaceKey)) ?? new Uint8Array(),
    }
  }

  /** False: another tab leads. */
  async storeList(documents: readonly ToFetch[], cursor: Uint8Array | undefined): Promise<boolean> {
    const tagged = documents.map((wanted) => ({ ...wanted, tag: tagOf(wanted.document) }))
    return (await this.#store.write(changedBatch(this.#term ?? 0, tagged, cursor))) === 'written'
  }

  async storeFetched(listed: ToFetch): Promise<void> {
    await this.#store.write(fetchedBatch(this.#term ?? 0, tagOf(listed.document), listed))
  }

  /** Every document that the store has a place for. Rows are passed over, not read. */
  async documents(): Promise<readonly HeldDocument[]> {
    const held: HeldDocument[] = []
    let { from } = keys.documentsRange
    const { to } = keys.documentsRange
    for (;;) {
      const [next] = await this.#store.range({ from, to, limit: 1 })
      if (next === undefined) return held
      const tag = keys.tagOfKey(next.key)
      const { head, place } = await this.#readKnown(tag)
      if (head !== undefined && place !== undefined)
        held.push({ document: place.document, epoch: head.epoch })
      from = keys.documentRange(tag).to
    }
  }

  // The inbox.

  async inbox(): Promise<readonly Filing[]> {
    return (await this.#all(keys.inboxRange)).map(({ value }) => records.decodeFiling(value))
  }

  /** What was refused while another store stood in for this one. [D3] */
  async takeInbox(from: Records): Promise<void> {
    const put = await from.#all(keys.inboxRange)
    if (put.length > 0) await this.#store.write({ put, durability: 'synced' })
  }

  async discard({ counter, hash }: Filing): Promise<void> {
    await this.#store.write(discardBatch(counter, hash))
  }

  // A document.

  /** Its rows after one of them, and its head and place, of one moment: one read. */
  async load(document: string, after = 0): Promise<Loaded> {
    const tag = tagOf(document)
    const entries = [...(await this.#all(keys.documentRange(tag, after)))]
    const head = popped(entries, keys.headKey(tag))
    const place = popped(entries, keys.placeKey(tag))
    return {
      head: head === undefined ? records.newHead : records.decodeHead(head),
      place: place === undefined ? records.newPlace(document) : records.decodePlace(place),
      rows: rowsIn(entries),
    }
  }

  /** The rows that a fold may begin with: its own last snapshot, and so many behind it. */
  async foldable(document: string, limit: number): Promise<Pick<Loaded, 'head' | 'rows'>> {
    const tag = tagOf(document)
    const value = await this.#store.get(keys.headKey(tag))
    const head = value === undefined ? records.newHead : records.decodeHead(value)
    const range = keys.rowRange(tag, Math.max(0, head.foldedThrough - 1))
    return { head, rows: rowsIn(await this.#store.range({ ...range, limit })) }
  }

  /** `planned` hears of each plan before it is tried, so that what became of it can be found out later. */
  async write(
    document: string,
    changes: readonly Change[],
    planned: (plan: Plan) => void = () => undefined,
  ): Promise<Written> {
    try {
      for (;;) {
        const basis = await this.#basisOf(document, changes)
        const plan = planBatch(changes, basis)
        planned(plan)
        // What is planned before this one has landed stands behind it.
        this.#sequence = plan.sequence
        this.#known.set(document, plan)
        if ((await this.#store.write(plan.batch)) === 'written') {
          this.#sequenceSeen = Math.max(this.#sequenceSeen, plan.sequence)
          return { is: 'stored', plan, after: basis.head?.last ?? 0 }
        }
        this.#forgetKnown()
        if (changes.some(isFenced) && (await this.isTermOver())) return { is: 'fenced' }
      }
    } catch (error) {
      this.#forgetKnown()
      if (!(error instanceof StoreError)) throw error
      return { is: 'failed', outcome: error.outcome, error }
    }
  }

  /** Whether a batch landed of which the store could not say it: a later write makes what is read final. */
  async settle(plan: Plan): Promise<Written> {
    try {
      await this.#store.write({ durability: 'synced' })
      for (const { key, isHeldBy } of plan.proofs) {
        const found = await this.#store.get(key)
        if (found !== undefined && isHeldBy(found)) return { is: 'stored', plan, after: 0 }
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { is: 'failed', outcome: 'unknown', error }
    }
    return { is: 'failed', outcome: 'notApplied', error: undefined }
  }

  async #basisOf(document: string, changes: readonly Change[]): Promise<Basis> {
    const tag = tagOf(document)
    const needsRows = changes.some(({ type }) => type === 'replace')
    const loaded = needsRows ? await this.load(document) : undefined
    if (!this.#known.has(document)) this.#known.set(document, await this.#readKnown(tag))
    const sequence = this.#sequence ?? (await this.#readSequence())
    const { head, place } = this.#known.get(document) ?? { head: undefined, place: undefined }
    const basis = { document, tag, sequence, head, place, term: this.#term }
    return loaded === undefined ? basis : { ...basis, rows: loaded.rows }
  }

  async #readSequence(): Promise<number> {
    const found = records.decodeNumber(await this.#store.get(keys.sequenceKey))
    // It never falls. Written into an empty store, what builds on lost rows would pass for all there is.
    if (found < this.#sequenceSeen)
      throw new StoreError('damaged', 'What this device kept was removed. Open it anew.')
    this.#sequence ??= found
    return this.#sequence
  }

  async #readKnown(tag: Uint8Array): Promise<Known> {
    const [head, place] = await Promise.all([
      this.#store.get(keys.headKey(tag)),
      this.#store.get(keys.placeKey(tag)),
    ])
    return {
      head: head === undefined ? undefined : records.decodeHead(head),
      place: place === undefined ? undefined : records.decodePlace(place),
    }
  }

  #forgetKnown(): void {
    this.#known.clear()
    this.#sequence = undefined
  }

  #all(range: KeyRange): Promise<readonly Entry[]> {
    return this.#store.range({ ...range, limit: Number.MAX_SAFE_INTEGER })
  }
}

/** A store whose records can be read. */
export async function openedStore(place: StorePlace, taken: () => void): Promise<Store> {
  const store = await place.open(taken)
  const version = records.decodeNumber(await store.get(keys.formatKey))
  if (version <= records.replicaFormatVersion) return store
  await store.close()
  throw new StoreError('damaged', 'A newer version of this program keeps its documents here. Use that one.')
}

const secretBytes = 32

export function newIdentity(): Identity {
  const replica = crypto.getRandomValues(new Uint8Array(idBytes))
  const secret = crypto.getRandomValues(new Uint8Array(secretBytes))
  return { replica, secret, owner: undefined }
}

function tagOf(document: string): Uint8Array {
  return encodeUtf8(document)
}

function rowsIn(entries: readonly Entry[]): NumberedRow[] {
  return entries.map(({ key, value }) => ({
    sequence: keys.sequenceOfKey(key),
    row: records.decodeRow(value),
  }))
}

/** What lies behind the rows comes last, the head at the very end. */
function popped(entries: Entry[], key: Uint8Array): Uint8Array | undefined {
  const last = entries.at(-1)
  if (last === undefined || !equalBytes(last.key, key)) return undefined
  entries.pop()
  return last.value
}

export function isPending({ row: { kind } }: NumberedRow): boolean {
  return kind === records.rowKind.pending
}

/** What the relay is known to have: neither pending nor kept. */
export function isConfirmed({ row: { kind } }: NumberedRow): boolean {
  return kind === records.rowKind.confirmed || kind === records.rowKind.snapshot
}

export function updatesOf(rows: readonly NumberedRow[]): Uint8Array[] {
  return rows.map(({ row }) => row.update)
}
