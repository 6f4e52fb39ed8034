// replica-story.ts — one document on a device, told as a story: a store that is a map, and the words of a relay written
// by hand. The disk can work, hold (no answer comes) or refuse.

import { entryKind, planKind, planReason, refusedCode, right, verdict } from '../../shared/message.ts'
import type { Plan as LinkPlan } from '../../shared/message.ts'
import { planBatch } from '../../shared/replica-batches.ts'
import type { Basis, Change, Made, NumberedRow, Plan } from '../../shared/replica-batches.ts'
import { ReplicaDocument } from '../../shared/replica-document.ts'
import type { DocumentEffect, DocumentInput } from '../../shared/replica-document-words.ts'
import * as keys from '../../shared/replica-keys.ts'
import { rowlessCounterMin } from '../../shared/replica-limits.ts'
import * as records from '../../shared/replica-records.ts'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import type { Batch, KeyRange } from '../../shared/store.ts'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
export const epochA: Uint8Array = new Uint8Array(16).fill(0xa)
export const epochB: Uint8Array = new Uint8Array(16).fill(0xb)
export const seal: Uint8Array = bytes(7, 7)
export const room = 5
export const readAndWrite: number = right.read + right.write
export const atHead = { kind: planKind.atHead } as const
export const tail = { kind: planKind.tail } as const
export const whole = { kind: planKind.whole, reason: planReason.asked } as const
export const otherEpoch = { kind: planKind.whole, reason: planReason.otherEpoch } as const
export { entryKind, planKind, planReason, refusedCode, right, verdict }

/** A store as a map: atomic, ordered, and never away. */
export class MapStore {
  readonly #entries = new Map<string, Uint8Array>()

  write(batch: Batch): 'written' | 'stale' {
    for (const { key, value } of batch.onlyIf ?? []) {
      const found = this.get(key)
      if ((found === undefined ? undefined : hex(found)) !== (value === undefined ? undefined : hex(value)))
        return 'stale'
    }
    for (const key of batch.remove ?? []) this.#entries.delete(hex(key))
    for (const { key, value } of batch.put ?? []) this.#entries.set(hex(key), value)
    return 'written'
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(hex(key))
  }

  range({ from, to }: KeyRange): { key: Uint8Array; value: Uint8Array }[] {
    return [...this.#entries]
      .filter(([key]) => key >= hex(from) && key < hex(to))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => ({ key: new Uint8Array(Buffer.from(key, 'hex')), value }))
  }

  head(tag: Uint8Array): records.Head | undefined {
    const value = this.get(keys.headKey(tag))
    return value === undefined ? undefined : records.decodeHead(value)
  }

  place(tag: Uint8Array): records.Place | undefined {
    const value = this.get(keys.placeKey(tag))
    return value === undefined ? undefined : records.decodePlace(value)
  }

  rows(tag: Uint8Array, after = 0): NumberedRow[] {
    return this.range(keys.rowRange(tag, after)).map(({ key, value }) => {
      return { sequence: keys.sequenceOfKey(key), row: records.decodeRow(value) }
    })
  }

  outbox(): number[] {
    return this.range(keys.outboxRange).map(({ key }) => keys.sequenceOfKey(key))
  }

  inbox(): records.Filing[] {
    return this.range(keys.inboxRange).map(({ value }) => records.decodeFiling(value))
  }

  basis(document: string, tag: Uint8Array, term: number | undefined): Basis {
    return {
      document,
      tag,
      sequence: records.decodeNumber(this.get(keys.sequenceKey)),
      head: this.head(tag),
      place: this.place(tag),
      rows: this.rows(tag),
      term,
    }
  }

  plan(changes: readonly Change[], document: string, tag: Uint8Array, term: number | undefined): Plan {
    return planBatch(changes, this.basis(document, tag, term))
  }
}

export const tagOf = (document: string): Uint8Array => new Uint8Array(Buffer.from(document))

type EffectOf<Type extends DocumentEffect['type']> = Extract<DocumentEffect, { readonly type: Type }>

export class Story {
  readonly store: MapStore
  readonly document = 'notes'
  readonly tag: Uint8Array = tagOf('notes')
  machine: ReplicaDocument
  now = 1_000
  disk: 'works' | 'holds' | 'refuses' = 'works'
  /** What the Y.Doc was given since it was made. */
  doc: string[] = []
  rebuilds = 0
  /** Every effect since `forget`. */
  effects: DocumentEffect[] = []
  status: DocumentStatus | undefined
  made: Made = { epoch: new Uint8Array(), generation: 0 }
  #held: EffectOf<'write'>[] = []
  readonly #inputs: DocumentInput[] = []
  #isRunning = false
  #rowless = rowlessCounterMin
  #term = 1

  constructor(store: MapStore = new MapStore()) {
    this.store = store
    store.write({
      put: [{ key: keys.termKey, value: records.encodeNumber(this.#term) }],
      durability: 'synced',
    })
    this.machine = this.#machine()
  }

  #machine(): ReplicaDocument {
    const machine = new ReplicaDocument({ nextRowless: () => (this.#rowless += 1) })
    machine.watch(true)
    return machine
  }

  load(leads = true): this {
    const head = this.store.head(this.tag) ?? records.newHead
    const pending = this.store
      .rows(this.tag)
      .filter(({ row }) => row.kind === records.rowKind.pending)
      .map(({ sequence, row }) => ({ sequence, counter: row.counter, kind: row.entry, update: row.update }))
    const place = this.store.place(this.tag) ?? records.newPlace(this.document)
    this.made = { epoch: head.epoch, generation: head.generation }
    return this.tell({ type: 'loaded', leads, head, place, pending, filed: this.store.inbox().length })
  }

  /** The tab is killed; another one opens what the disk holds. */
  restart(): this {
    this.machine = this.#machine()
    this.#held = []
    this.doc = []
    this.effects = []
    return this.load()
  }

  edit(...values: number[]): this {
    return this.tell({ type: 'edited', update: bytes(...values), made: this.made })
  }

  /** Online, with a link that has caught up at `head` and nothing known before. */
  online(head = 0, rights = readAndWrite): this {
    this.tell({ type: 'socketReady' })
    const plan: LinkPlan =
      head === 0 ? { kind: planKind.atHead } : { kind: planKind.whole, reason: planReason.asked }
    this.opened(plan, { head, rights })
    if (head > 0) this.tell({ type: 'caughtUp', room, through: head })
    return this
  }

  opened(plan: LinkPlan, { head = 0, rights = readAndWrite, epoch = epochA } = {}): this {
    return this.tell({ type: 'opened', link: 1, room, rights, epoch, head, seal, plan })
  }

  delivery(after: number, through: number, ...updates: Uint8Array[]): this {
    return this.tell({ type: 'delivery', room, after, through, updates })
  }

  ack(from: number, count = 1): this {
    return this.tell({ type: 'ack', room, ranges: [{ from, count }] })
  }

  refuse(index = 0, code: 18 | 19 | 20 | 21 = refusedCode.badUpdate): this {
    const { counter, hash } = this.all('push').flatMap(({ entries }) => entries)[index]!
    return this.tell({ type: 'refused', room, entries: [{ counter, hash, code, reason: 'no' }] })
  }

  /** What comes of an effect is told when all effects of the step are performed. */
  tell(input: DocumentInput): this {
    this.#inputs.push(input)
    this.#run()
    return this
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.machine.step(next, this.now)) this.#perform(effect)
    }
    this.#isRunning = false
  }

  wait(ms: number): this {
    this.now += ms
    return this.tell({ type: 'woken' })
  }

  #perform(effect: DocumentEffect): void {
    this.effects.push(effect)
    if (effect.type === 'write') this.#write(effect)
    else if (effect.type === 'applyToDoc') this.doc.push(...effect.updates.map(hex))
    else if (effect.type === 'tellStatus') this.status = effect.status
    else if (effect.type === 'wantPush') this.tell({ type: 'pushGranted' })
    else if (effect.type === 'rebuildDoc') {
      this.rebuilds += 1
      this.made = effect.made
      this.doc = this.store.rows(this.tag).map(({ row }) => hex(row.update))
    }
  }

  #write(write: EffectOf<'write'>): void {
    if (this.disk === 'holds') {
      this.#held.push(write)
      return
    }
    if (this.disk === 'refuses') {
      this.tell({ type: 'storeFailed', ticket: write.ticket, outcome: 'notApplied' })
      return
    }
    const { batch, sequences, filed, head } = this.store.plan(
      write.changes,
      this.document,
      this.tag,
      this.#term,
    )
    if (this.store.write(batch) === 'stale') throw new Error('The story has one tab.')
    this.tell({ type: 'stored', ticket: write.ticket, sequences, filed, head })
  }

  /** The disk answers what it held. */
  release(): this {
    this.disk = 'works'
    for (const write of this.#held.splice(0)) this.#write(write)
    return this
  }

  all<Type extends DocumentEffect['type']>(type: Type): EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type)
  }

  last<Type extends DocumentEffect['type']>(type: Type): EffectOf<Type> {
    const found = this.all(type).at(-1)
    if (found === undefined) throw new Error(`Nobody asked to ${type}.`)
    return found
  }

  pushed(): { counter: number; kind: number; update: string }[] {
    return this.all('push').flatMap(({ entries }) =>
      entries.map(({ counter, kind, update }) => ({ counter, kind, update: hex(update) })),
    )
  }

  said(type: string): unknown[] {
    return this.all('say')
      .map(({ message }) => message)
      .filter((message) => message.type === type)
  }

  forget(): this {
    this.effects = []
    return this
  }

  rows(): { kind: number; update: string }[] {
    return this.store.rows(this.tag).map(({ row }) => ({ kind: row.kind, update: hex(row.update) }))
  }

  cursor(): number | undefined {
    return this.store.place(this.tag)?.cursor?.position
  }
}
