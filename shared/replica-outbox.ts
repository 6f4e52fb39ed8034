// replica-outbox.ts — the entries of one document that the relay has not answered, in the order in which they have to
// go: by the sequence of their rows, and behind them what has no row yet. That order is causal over all tabs: what an
// edit builds on was stored, or was made in its own tab, before it. Knows: which may be sent, which were, whose row is on the disk. Must not know: the socket's window, the store.
// An entry keeps its id, however often it is sent. [R1]
import { equalBytes } from './equal-bytes.ts'
import { entryHash } from './entry-hash.ts'
import { pushEntriesMax } from './limits.ts'
import { entryKind } from './message.ts'
import type { CounterRange, EntryKind, PushEntry, Refusal } from './message.ts'
import type { KeptEntry, Made } from './replica-batches.ts'
import { pushBytesMax } from './replica-limits.ts'

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
  #entries: OutboxEntry[] = []

  get all(): readonly OutboxEntry[] {
    return this.#entries
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Derived deletes are nobody's work: the status does not speak of them. [D3] */
  count(isCounted: (entry: OutboxEntry) => boolean): number {
    return this.#entries.filter((entry) => entry.kind === entryKind.edit && isCounted(entry)).length
  }

  add(entry: OutboxEntry): void {
    this.#entries.push(entry)
    if (entry.sequence !== undefined) this.putInOrder()
  }

  /** Before all that has no row: later edits build on it. */
  addFirst(entries: readonly OutboxEntry[]): void {
    this.#entries.unshift(...entries)
    this.putInOrder()
  }

  /** What the disk held before. */
  load(entries: readonly OutboxEntry[]): void {
    const fresh = entries.filter(({ sequence }) => sequence !== undefined && !this.holdsRow(sequence))
    this.#entries.push(...fresh)
    this.putInOrder()
  }

  /** To be called when one got its row: of other tabs some may stand before it that were read after it was made. */
  putInOrder(): void {
    this.#entries = this.#entries.toSorted((left, right) => placeOf(left) - placeOf(right))
  }

  holdsRow(sequence: number): boolean {
    return this.#entries.some((entry) => entry.sequence === sequence)
  }

  remove(gone: readonly OutboxEntry[]): void {
    this.#entries = this.#entries.filter((entry) => !gone.includes(entry))
  }

  /** The next push, or nothing. Stops at what is still in memory, so that an effect never overtakes its cause. */
  take(): readonly OutboxEntry[] {
    const taken: OutboxEntry[] = []
    let bytes = 0
    for (const entry of this.#entries) {
      if (entry.state === 'sent') continue
      if (entry.state !== 'ready' && entry.state !== 'direct') break
      if (taken.length >= pushEntriesMax) break
      if (taken.length > 0 && bytes + entry.update.length > pushBytesMax) break
      taken.push(entry)
      bytes += entry.update.length
    }
    for (const entry of taken) {
      entry.state = 'sent'
      entry.wasSent = true
    }
    return taken
  }

  get hasReady(): boolean {
    const next = this.#entries.find(({ state }) => state !== 'sent')
    return next?.state === 'ready' || next?.state === 'direct'
  }

  get hasSent(): boolean {
    return this.#entries.some(({ state }) => state === 'sent')
  }

  /** Nobody can say what became of them: they go again, under the same ids. */
  unsend(): void {
    for (const entry of this.#entries) if (entry.state === 'sent') entry.state = 'ready'
  }

  acknowledge(ranges: readonly CounterRange[]): readonly OutboxEntry[] {
    const acknowledged = this.#entries.filter(
      ({ wasSent, counter }) => wasSent && ranges.some((range) => isIn(range, counter)),
    )
    for (const entry of acknowledged) entry.state = 'acknowledged'
    this.remove(acknowledged)
    return acknowledged
  }

  /** By both halves of the id: a clone of this profile may have been refused under the same counter. */
  refuse({ counter, hash }: Refusal): OutboxEntry | undefined {
    const refused = this.#entries.find(
      (entry) => entry.wasSent && entry.counter === counter && equalBytes(entry.hash, hash),
    )
    if (refused === undefined) return undefined
    refused.state = 'refused'
    this.remove([refused])
    return refused
  }
}

function placeOf({ sequence }: OutboxEntry): number {
  return sequence ?? Number.MAX_SAFE_INTEGER
}

export function isIn({ from, count }: CounterRange, counter: number): boolean {
  return counter >= from && counter < from + count
}

export function pushEntryOf({ counter, hash, kind, update }: KeptEntry): PushEntry {
  return { counter, hash, kind, update }
}
