// replica-batches.ts — what one document changes in the store, as one atomic batch. Knows: which records belong
// together, what each batch may only do if it still holds. Must not know: why, and how a store writes. The shell reads
// the basis, writes the batch, and on `stale` reads the basis again and plans anew; all tabs append this way.
import { equalBytes } from './equal-bytes.ts'
import { entryHash } from './entry-hash.ts'
import { closedCode, entryKind } from './message.ts'
import type { EntryKind } from './message.ts'
import { headKey, inboxKey, outboxKey, placeKey, rowKey, sequenceKey, termKey } from './replica-keys.ts'
import type { Tag } from './replica-keys.ts'
import {
  decodeRow,
  encodeFiling,
  encodeHead,
  encodeNumber,
  encodePlace,
  encodeRow,
  encodeText,
  newHead,
  newPlace,
  rowKind,
} from './replica-records.ts'
import type { Comparison, Cursor, Head, Place, Row, RowKind } from './replica-records.ts'
import type { Batch, Entry, Precondition } from './store.ts'
import { unreachable } from './unreachable.ts'

/** Of which Y.Doc an update is: what was typed into one that has been rebuilt since still counts. */
export type Made = { readonly epoch: Uint8Array; readonly generation: number }

/** An entry as it travels, with the row that holds it, if any does. */
export type KeptEntry = {
  readonly counter: number
  readonly hash: Uint8Array
  readonly kind: EntryKind
  readonly update: Uint8Array
  readonly sequence: number | undefined
}

export type Refusing = { readonly entry: KeptEntry; readonly code: number; readonly reason: string }

export type Change =
  /** `counter` 0: the row's sequence. */
  | {
      readonly type: 'append'
      readonly made: Made
      readonly at: number
      readonly kind: RowKind
      readonly counter: number
      readonly entry: EntryKind
      readonly update: Uint8Array
    }
  | { readonly type: 'acknowledge'; readonly at: number; readonly entries: readonly KeptEntry[] }
  | { readonly type: 'refuse'; readonly at: number; readonly refusals: readonly Refusing[] }
  | { readonly type: 'adopt'; readonly epoch: Uint8Array }
  /** Without a cursor where the relay is still owed something. */
  | { readonly type: 'advance'; readonly cursor: Cursor | undefined; readonly updates: readonly Uint8Array[] }
  /** The basis has to hold all rows of the document. */
  | {
      readonly type: 'replace'
      readonly epoch: Uint8Array
      /** Undefined: by nothing. The device forgets that there is such a document. */
      readonly cursor: Cursor | undefined
      readonly updates: readonly Uint8Array[]
      readonly at: number
    }
  | { readonly type: 'grant'; readonly mayWrite: boolean }
  | { readonly type: 'compare'; readonly compared: Comparison }
  | {
      readonly type: 'fold'
      readonly generation: number
      readonly through: number
      readonly removed: readonly number[]
      readonly snapshot: Uint8Array
    }

export type NumberedRow = { readonly sequence: number; readonly row: Row }

/** What the store holds now. */
export type Basis = {
  readonly document: string
  readonly tag: Tag
  readonly sequence: number
  readonly head: Head | undefined
  readonly place: Place | undefined
  /** All of the document's rows; asked for by `replace` alone. */
  readonly rows?: readonly NumberedRow[]
  /** The term in which this tab took the lead; undefined: it did not. */
  readonly term: number | undefined
}

export type Plan = {
  readonly batch: Batch
  /** For each `append` the sequence of its row; undefined where it went to the inbox. */
  readonly sequences: readonly (number | undefined)[]
  /** How many edits this moves to the inbox. */
  readonly filed: number
  readonly head: Head
  readonly place: Place
  /** The number given last. */
  readonly sequence: number
  /** Where one of these holds, this batch has landed, whatever the store could say of it. */
  readonly proofs: readonly Proof[]
}

/** A record that no other batch puts as it is here. */
export type Proof = { readonly key: Uint8Array; readonly isHeldBy: (value: Uint8Array) => boolean }

export function isFenced(change: Change): boolean {
  return change.type !== 'append'
}

/** What was made before there was an epoch is of the first one, which raises no generation; losing one raises it. [E1] */
export function isOfHistory(made: Made, history: Made): boolean {
  if (made.epoch.length === 0) return made.generation === history.generation
  return equalBytes(made.epoch, history.epoch)
}

function provenBy(entry: Entry | undefined): Proof[] {
  return entry === undefined ? [] : [{ key: entry.key, isHeldBy: (value) => equalBytes(value, entry.value) }]
}

export function planBatch(changes: readonly Change[], basis: Basis): Plan {
  return new Planning(basis).plan(changes)
}

/** Why what was pending is in the inbox. */
const replaced = { code: closedCode.replaced, reason: 'The document was replaced.' }
const deleted = { code: closedCode.gone, reason: 'The document was deleted.' }

class Planning {
  readonly #basis: Basis
  #head: Head
  #place: Place
  #sequence: number
  #filed = 0
  #isHeadChanged = false
  #isPlaceChanged = false
  readonly #put: Entry[] = []
  readonly #remove: Uint8Array[] = []
  readonly #sequences: (number | undefined)[] = []
  readonly #proofs: Proof[] = []

  constructor(basis: Basis) {
    this.#basis = basis
    this.#head = basis.head ?? newHead
    this.#place = basis.place ?? newPlace(basis.document)
    this.#sequence = basis.sequence
  }

  plan(changes: readonly Change[]): Plan {
    const { tag, sequence, head, term } = this.#basis
    for (const change of changes) this.#apply(change)
    const onlyIf: Precondition[] = [
      { key: headKey(tag), value: head === undefined ? undefined : encodeHead(head) },
    ]
    // A leader that was frozen wakes up and finds that its word counts no more.
    if (changes.some(isFenced)) {
      if (term === undefined) throw new Error('Only the tab that leads may write this.')
      onlyIf.push({ key: termKey, value: encodeNumber(term) })
    }
    const [first] = this.#put
    if (this.#sequence > sequence) {
      onlyIf.push({ key: sequenceKey, value: sequence === 0 ? undefined : encodeNumber(sequence) })
      this.#put.push({ key: sequenceKey, value: encodeNumber(this.#sequence) })
    }
    if (this.#isHeadChanged) this.#put.push({ key: headKey(tag), value: encodeHead(this.#head) })
    if (this.#isPlaceChanged) this.#put.push({ key: placeKey(tag), value: encodePlace(this.#place) })
    // Always synced: what is only written may be lost where a later batch stays, and a cursor stood ahead of its data.
    const batch: Batch = { onlyIf, put: this.#put, remove: this.#remove, durability: 'synced' }
    const placed = this.#isPlaceChanged || this.#isHeadChanged ? this.#put.at(-1) : undefined
    return {
      batch,
      sequences: this.#sequences,
      filed: this.#filed,
      head: this.#head,
      place: this.#place,
      sequence: this.#sequence,
      proofs: this.#proofs.length > 0 ? this.#proofs : provenBy(first ?? placed),
    }
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'append':
        return this.#append(change)
      case 'acknowledge':
        for (const entry of change.entries) this.#confirm(entry)
        return this.#movePlace({ lastSaved: change.at })
      case 'refuse':
        return this.#refuse(change.refusals, change.at)
      case 'adopt':
        return this.#moveHead({ epoch: change.epoch })
      case 'advance':
        for (const update of change.updates) this.#addRow(rowKind.confirmed, 0, entryKind.edit, update)
        return this.#movePlace({ cursor: change.cursor })
      case 'replace':
        return this.#replace(change)
      case 'grant':
        return this.#movePlace({ mayWrite: change.mayWrite })
      case 'compare':
        return this.#movePlace({ compared: change.compared })
      case 'fold':
        return this.#fold(change)
      default:
        return unreachable(change)
    }
  }

  #append({ made, at, kind, counter, entry, update }: Change & { type: 'append' }): void {
    if (isOfHistory(made, this.#head)) {
      const sequence = this.#addRow(kind, counter, entry, update)
      this.#sequences.push(sequence)
      if (this.#proofs.length === 0) this.#proveBy(sequence, counter, update)
      return
    }
    // The document was replaced while this tab looked away: nothing of the old history merges. [E1]
    this.#sequences.push(undefined)
    if (entry !== entryKind.edit) return
    const own = counter === 0 ? this.#nextSequence() : counter
    this.#file(made.epoch, own, update, replaced.code, replaced.reason, at)
  }

  /** The tab that leads may have confirmed the row meanwhile, or moved it to the inbox: written again it were there twice. */
  #proveBy(sequence: number, counter: number, update: Uint8Array): void {
    const inInbox = inboxKey(counter === 0 ? sequence : counter, entryHash(update))
    this.#proofs.push(
      {
        key: rowKey(this.#basis.tag, sequence),
        isHeldBy: (value) => equalBytes(decodeRow(value).update, update),
      },
      { key: inInbox, isHeldBy: () => true },
    )
  }

  /** In place: the sequence, which other tabs have read past, stays. */
  #confirm({ sequence, counter, kind, update }: KeptEntry): void {
    if (sequence === undefined) return
    const row: Row = {
      kind: rowKind.confirmed,
      counter: counter === sequence ? 0 : counter,
      entry: kind,
      update,
    }
    this.#put.push({ key: rowKey(this.#basis.tag, sequence), value: encodeRow(row) })
    this.#remove.push(outboxKey(sequence))
  }

  #refuse(refusals: readonly Refusing[], at: number): void {
    for (const { entry, code, reason } of refusals) {
      if (entry.sequence !== undefined) this.#dropRow(entry.sequence)
      if (entry.kind === entryKind.edit)
        this.#file(this.#head.epoch, entry.counter, entry.update, code, reason, at)
    }
    this.#moveHead({ generation: this.#head.generation + 1 })
  }

  #replace({ epoch, cursor, updates, at }: Change & { type: 'replace' }): void {
    const isOther = cursor === undefined || !equalBytes(epoch, this.#head.epoch)
    const { code, reason } = cursor === undefined ? deleted : replaced
    for (const { sequence, row } of this.#basis.rows ?? []) {
      if (row.kind === rowKind.pending && !isOther) continue
      this.#dropRow(sequence)
      if (row.kind !== rowKind.pending || row.entry !== entryKind.edit) continue
      const counter = row.counter === 0 ? sequence : row.counter
      this.#file(this.#head.epoch, counter, row.update, code, reason, at)
    }
    for (const update of updates) this.#addRow(rowKind.confirmed, 0, entryKind.edit, update)
    // The head stays, also of nothing: by its generation other tabs see that their Y.Doc is of the past.
    this.#moveHead({ epoch, generation: this.#head.generation + 1 })
    if (cursor === undefined) this.#removePlace()
    else this.#movePlace({ cursor })
  }

  #fold({ generation, through, removed, snapshot }: Change & { type: 'fold' }): void {
    // Made of rows that are no more: the next fold will do.
    if (generation !== this.#head.generation) return
    const { tag } = this.#basis
    for (const sequence of removed) this.#remove.push(rowKey(tag, sequence))
    const row: Row = { kind: rowKind.snapshot, counter: 0, entry: entryKind.edit, update: snapshot }
    this.#put.push({ key: rowKey(tag, through), value: encodeRow(row) })
    this.#moveHead({ foldedThrough: through })
  }

  #addRow(kind: RowKind, counter: number, entry: EntryKind, update: Uint8Array): number {
    const { tag, document } = this.#basis
    const sequence = this.#nextSequence()
    this.#put.push({ key: rowKey(tag, sequence), value: encodeRow({ kind, counter, entry, update }) })
    if (kind === rowKind.pending) this.#put.push({ key: outboxKey(sequence), value: encodeText(document) })
    this.#moveHead({ last: sequence })
    return sequence
  }

  #dropRow(sequence: number): void {
    this.#remove.push(rowKey(this.#basis.tag, sequence), outboxKey(sequence))
  }

  #file(
    epoch: Uint8Array,
    counter: number,
    update: Uint8Array,
    code: number,
    reason: string,
    filedAt: number,
  ): void {
    const hash = entryHash(update)
    const { document } = this.#basis
    const filing = { document, epoch, counter, hash, code, reason, filedAt, update }
    this.#put.push({ key: inboxKey(counter, hash), value: encodeFiling(filing) })
    this.#filed += 1
  }

  #nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  #moveHead(change: Partial<Head>): void {
    this.#head = { ...this.#head, ...change }
    this.#isHeadChanged = true
  }

  #movePlace(change: Partial<Place>): void {
    this.#place = { ...this.#place, ...change }
    this.#isPlaceChanged = true
  }

  #removePlace(): void {
    this.#place = newPlace(this.#basis.document)
    this.#isPlaceChanged = false
    this.#remove.push(placeKey(this.#basis.tag))
  }
}
