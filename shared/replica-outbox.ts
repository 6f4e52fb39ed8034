// replica-outbox.ts — the entries of one document that the relay has not answered, in the order in which they have to
// go: by the sequence of their rows, and behind them what has no row yet. That order is causal over all tabs: what an
// edit builds on was stored, or was made in its own tab, before it. Knows: which may be sent, which were, whose row is on
// the disk. Must not know: the socket's window, the store. An entry keeps its id, however often it is sent. [R1]
// A day without a network is a hundred thousand of them: nothing that is done for each may look at all.
import { equalBytes } from './equal-bytes.ts'
import { entryHash } from './entry-hash.ts'
import { pushEntriesMax } from './limits.ts'
import { entryKind } from './message.ts'
import type { CounterRange, EntryKind, PushEntry, Refusal } from './message.ts'
import type { KeptEntry, Made } from './replica-batches.ts'
import { pushBytesMax } from './replica-limits.ts'
import { Queue } from './replica-queue.ts'

/** `direct`: it may be sent although it is on no disk, because no disk takes it. */
export type OutboxState = 'inMemory' | 'direct' | 'ready' | 'sent' | 'acknowledged' | 'refused'

export class OutboxEntry {
  readonly update: Uint8Array
  readonly kind: EntryKind
  /** An edit of a time without an epoch becomes one of the first epoch. */
  made: Made
  /** 0 until it has a row, or must go without one. */
  counter: number
  sequence: number | undefined
  state: OutboxState
  /** Its answer may come, even while it waits to be sent again. */
  wasSent = false
  /** Acknowledged before any disk took it: its row says so from the beginning, and must not be written again. */
  isBornConfirmed = false
  #hash: Uint8Array | undefined

  constructor(
    update: Uint8Array,
    kind: EntryKind,
    made: Made,
    stored?: { readonly sequence: number; readonly counter: number },
  ) {
    this.update = update
    this.kind = kind
    this.made = made
    this.sequence = stored?.sequence
    this.counter = stored?.counter ?? 0
    this.state = stored === undefined ? 'inMemory' : 'ready'
  }

  /** Made when it is sent: thousands of them would hold up the opening of a document. */
  get hash(): Uint8Array {
    this.#hash ??= entryHash(this.update)
    return this.#hash
  }

  /** The same content as something that the relay lost. It has no row, and no answer to it is anybody's to hear of. */
  asRepair(counter: number): OutboxEntry {
    const repair = new OutboxEntry(this.update, entryKind.repair, this.made)
    repair.counter = counter
    repair.state = 'direct'
    return repair
  }

  kept(): KeptEntry {
    const { counter, hash, kind, update, sequence } = this
    return { counter, hash, kind, update, sequence }
  }
}

export class Outbox {
  readonly #all = new Set<OutboxEntry>()
  /** What may still be taken: in the order of their rows, and behind it what has none, in the order in which it came. */
  readonly #stored = new Queue<OutboxEntry>()
  readonly #rowless = new Queue<OutboxEntry>()
  /** Sent once, and not answered. */
  readonly #awaited = new Set<OutboxEntry>()
  readonly #rows = new Set<number>()
  #pending = 0
  #inMemory = 0

  /** In their order. */
  get all(): readonly OutboxEntry[] {
    return [...this.#sent, ...this.#stored, ...this.#rowless].toSorted(inOrder)
  }

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** Edits whose row is on the disk. Derived deletes are nobody's work: the status does not speak of them. [D3] */
  get pending(): number {
    return this.#pending
  }

  /** Edits that a crash of this tab would lose. */
  get inMemory(): number {
    return this.#inMemory
  }

  holdsRow(sequence: number): boolean {
    return this.#rows.has(sequence)
  }

  add(entry: OutboxEntry): void {
    this.#enter(entry)
    this.#queue(entry)
  }

  /** Before all that has no row: later edits build on it. */
  addFirst(entries: readonly OutboxEntry[]): void {
    for (const entry of entries.toReversed()) {
      this.#enter(entry)
      this.#rowless.addFirst(entry)
    }
  }

  /** What the disk held before. */
  load(entries: readonly OutboxEntry[]): void {
    for (const entry of entries)
      if (entry.sequence !== undefined && !this.holdsRow(entry.sequence)) this.add(entry)
  }

  /** It has its row now: of other tabs some may stand behind it that were read before. */
  landed(entry: OutboxEntry, sequence: number): void {
    const isHere = this.#all.has(entry)
    const isSent = entry.state === 'sent'
    if (isHere) this.#leave(entry)
    entry.sequence = sequence
    if (entry.counter === 0) entry.counter = sequence
    if (entry.state === 'inMemory') entry.state = 'ready'
    if (!isHere) return
    this.#enter(entry)
    if (!isSent) this.#queue(entry)
  }

  remove(gone: readonly OutboxEntry[]): void {
    for (const entry of gone) if (this.#all.has(entry)) this.#leave(entry)
  }

  /** They go up from here no more. What is on no disk yet stays until one takes it. */
  withdraw(entries: readonly OutboxEntry[]): void {
    for (const entry of entries.toReversed()) {
      const isLost = entry.sequence === undefined && entry.kind !== entryKind.repair
      if (!isLost) this.remove([entry])
      else if (entry.state === 'sent') this.#rowless.addFirst(entry)
      entry.state = 'inMemory'
    }
  }

  /** The next push, or nothing. Stops at what is still in memory, so that an effect never overtakes its cause. */
  take(): readonly OutboxEntry[] {
    const taken: OutboxEntry[] = []
    let bytes = 0
    for (let entry = this.#next; entry !== undefined && isReady(entry); entry = this.#next) {
      if (taken.length >= pushEntriesMax) break
      if (taken.length > 0 && bytes + entry.update.length > pushBytesMax) break
      taken.push(entry)
      bytes += entry.update.length
      this.#unqueue(entry)
      entry.state = 'sent'
      entry.wasSent = true
      this.#awaited.add(entry)
    }
    return taken
  }

  get hasReady(): boolean {
    const next = this.#next
    return next !== undefined && isReady(next)
  }

  /** Nobody can say what became of them: they go again, under the same ids. */
  unsend(): void {
    for (const entry of this.sent.toReversed()) {
      entry.state = 'ready'
      if (entry.sequence === undefined) this.#rowless.addFirst(entry)
      else this.#stored.addFirst(entry, (other) => inOrder(other, entry) < 0)
    }
  }

  /** On their way, in their order. */
  get sent(): readonly OutboxEntry[] {
    return this.#sent.toSorted(inOrder)
  }

  acknowledge(ranges: readonly CounterRange[]): readonly OutboxEntry[] {
    const acknowledged = [...this.#awaited]
      .filter(({ counter }) => ranges.some((range) => isIn(range, counter)))
      .toSorted(inOrder)
    for (const entry of acknowledged) {
      this.#leave(entry)
      entry.state = 'acknowledged'
    }
    return acknowledged
  }

  /** By both halves of the id: a clone of this profile may have been refused under the same counter. */
  refuse({ counter, hash }: Refusal): OutboxEntry | undefined {
    for (const entry of this.#awaited) {
      if (entry.counter !== counter || !equalBytes(entry.hash, hash)) continue
      this.#leave(entry)
      entry.state = 'refused'
      return entry
    }
    return undefined
  }

  get #sent(): OutboxEntry[] {
    return [...this.#awaited].filter(({ state }) => state === 'sent')
  }

  get #next(): OutboxEntry | undefined {
    return this.#stored.first ?? this.#rowless.first
  }

  #queue(entry: OutboxEntry): void {
    if (entry.sequence === undefined) this.#rowless.add(entry)
    else this.#stored.add(entry, (other) => inOrder(other, entry) > 0)
  }

  #unqueue(entry: OutboxEntry): void {
    this.#stored.remove(entry)
    this.#rowless.remove(entry)
  }

  #enter(entry: OutboxEntry): void {
    this.#all.add(entry)
    if (entry.wasSent) this.#awaited.add(entry)
    if (entry.sequence !== undefined) this.#rows.add(entry.sequence)
    this.#count(entry, 1)
  }

  #leave(entry: OutboxEntry): void {
    this.#all.delete(entry)
    this.#awaited.delete(entry)
    this.#unqueue(entry)
    if (entry.sequence !== undefined) this.#rows.delete(entry.sequence)
    this.#count(entry, -1)
  }

  #count({ kind, sequence }: OutboxEntry, by: number): void {
    if (kind !== entryKind.edit) return
    if (sequence === undefined) this.#inMemory += by
    else this.#pending += by
  }
}

function isReady({ state }: OutboxEntry): boolean {
  return state === 'ready' || state === 'direct'
}

/** What has no row stays as it came, behind what has one. */
function inOrder(left: OutboxEntry, right: OutboxEntry): number {
  return (left.sequence ?? Number.MAX_SAFE_INTEGER) - (right.sequence ?? Number.MAX_SAFE_INTEGER)
}

export function isIn({ from, count }: CounterRange, counter: number): boolean {
  return counter >= from && counter < from + count
}

export function pushEntryOf({ counter, hash, kind, update }: KeptEntry): PushEntry {
  return { counter, hash, kind, update }
}
