// truth.ts — what the relay's disk holds for sure, document by document, as a Y.Doc that only Yjs made. Knows: the
// records of the log, and what the platters have. Must not know: rooms, tenants, what any machine believes; the
// invariants compare against this and nothing else.
//
// Its Y.Docs never name a type: a root that is asked for as a Y.Text would clean up formatting, and so delete what
// no row deletes.
import * as Y from 'yjs'
import { documentStage, newDocument } from '../../shared/document-state.ts'
import { equalBytes } from '../../shared/equal-bytes.ts'
import { documentKey, documentRange, decodeKey, pieceRange, rowRange } from '../../shared/record-keys.ts'
import { decodeDocument, decodePiece, decodeRow } from '../../shared/relay-records.ts'
import type { Row } from '../../shared/room-words.ts'
import type { SimulatedDisk } from './disk.ts'
import { BrokenRule } from './world.ts'

type Known = { readonly doc: Y.Doc; readonly epoch: Uint8Array; through: number; writes: number }

/** A history that was replaced, as it was at its end. */
export type Retired = { readonly document: string; readonly epoch: Uint8Array; readonly doc: Y.Doc }

/** An id of its own would be asked of the real world's chance, and nobody needs it. */
export function newDoc(): Y.Doc {
  return new Y.Doc({ guid: 'simulated' })
}

export class Truth {
  readonly #disk: SimulatedDisk
  readonly #tenant: string
  /** Rows were lost without a word; otherwise whoever let a gap into the log is to blame. */
  mayHaveHoles = false
  readonly #documents = new Map<string, Known>()
  readonly #retired: Retired[] = []
  /** How often the disk was written to: only then is there anything to read. */
  #writes = 0

  constructor(disk: SimulatedDisk, tenant: string) {
    this.#disk = disk
    this.#tenant = tenant
  }

  /** All that was ever seen to be durable of a document, brought up to now. */
  of(document: string): Y.Doc {
    const known = this.#documents.get(document)
    if (known !== undefined && known.writes === this.#writes) return known.doc
    const epoch = this.epochOf(document)
    if (known !== undefined) {
      this.#bringUpToNow(document, known)
      if (equalBytes(known.epoch, epoch)) return known.doc
      this.#retired.push({ document, epoch: known.epoch, doc: known.doc })
    }
    const fresh = { doc: this.replay(document), epoch, through: this.last(document), writes: this.#writes }
    this.#documents.set(document, fresh)
    return fresh.doc
  }

  #bringUpToNow(document: string, known: Known): void {
    known.writes = this.#writes
    for (const { position, update } of this.#rows(document, known.epoch, known.through)) {
      Y.applyUpdate(known.doc, update)
      known.through = position
    }
  }

  get retired(): readonly Retired[] {
    return this.#retired
  }

  /** What of an update was never durable, in this history or in one that was replaced. */
  lackOf(document: string, update: Uint8Array): string | undefined {
    const lacks = whatLacks(this.of(document), update)
    const docs = this.#retired.filter((retired) => retired.document === document).map(({ doc }) => doc)
    return docs.some((doc) => whatLacks(doc, update) === undefined) ? undefined : lacks
  }

  diskChanged(): void {
    this.#writes += 1
  }

  get documents(): Iterable<string> {
    return this.#documents.keys()
  }

  /** From nothing, as a newcomer or a restarted relay would read it: the snapshot that counts, then the rows. [C2] */
  replay(document: string): Y.Doc {
    const { epoch, foldedThrough } = this.#record(document) ?? newDocument
    const updates: Uint8Array[] = []
    if (foldedThrough > 0) {
      const pieces = this.#disk.durable(pieceRange({ tenant: this.#tenant, document, epoch }, foldedThrough))
      updates.push(...pieces.map(({ value }) => decodePiece(value)))
    }
    updates.push(...this.rowsAfter(document, foldedThrough).map(({ update }) => update))
    return docOf(updates)
  }

  rowsAfter(document: string, position: number): Row[] {
    return this.#rows(document, this.epochOf(document), position)
  }

  #rows(document: string, epoch: Uint8Array, position: number): Row[] {
    const range = rowRange({ tenant: this.#tenant, document, epoch }, position)
    return this.#disk.durable(range).map(({ key, value }) => {
      const place = decodeKey(key)
      if (place.type !== 'row') throw new Error('A row was asked for.')
      return { position: place.position, update: decodeRow(value).update }
    })
  }

  epochOf(document: string): Uint8Array {
    return this.#record(document)?.epoch ?? newDocument.epoch
  }

  isPurged(document: string): boolean {
    return this.#record(document)?.stage === documentStage.purged
  }

  last(document: string): number {
    return this.#record(document)?.last ?? 0
  }

  servedFrom(document: string): number {
    return this.#record(document)?.servedFrom ?? 0
  }

  /** The disk lost rows, and the replicas have not given them back yet: what lies behind them is there, but not said. */
  hasHole(document: string): boolean {
    const { pendingStructs, pendingDs } = this.of(document).store
    if (pendingStructs === null && pendingDs === null) return false
    if (!this.mayHaveHoles)
      throw new BrokenRule('C1', `«${document}»: its log was given something with a gap.`)
    return true
  }

  /** What was synced stays: after a crash, and whatever a fold took away. [D1] [C2] */
  checkThatNothingWent(why: string): void {
    for (const document of this.#documents.keys()) {
      if (this.hasHole(document)) continue
      const replayed = this.replay(document)
      if (replayed.store.pendingStructs !== null || replayed.store.pendingDs !== null)
        throw new BrokenRule('C2', `«${document}»: ${why}, its log has a hole.`)
      const lost = whatLacks(replayed, Y.encodeStateAsUpdate(this.of(document)))
      if (lost !== undefined) throw new BrokenRule('D1', `«${document}»: ${why}, its log lacks ${lost}.`)
    }
  }

  #record(document: string): ReturnType<typeof decodeDocument> | undefined {
    const key = documentKey({ tenant: this.#tenant, document })
    const { from, to } = { from: key, to: Uint8Array.of(...key, 0) }
    const [entry] = this.#disk.durable({ from, to })
    return entry === undefined ? undefined : decodeDocument(entry.value)
  }

  /** Names of all documents that the disk has a record of. */
  recorded(): string[] {
    return this.#disk.durable(documentRange(this.#tenant)).flatMap(({ key }) => {
      const place = decodeKey(key)
      return place.type === 'document' ? [place.document] : []
    })
  }
}

/** The first thing in an update that a Y.Doc does not hold; undefined: it holds all of it. */
export function whatLacks(doc: Y.Doc, update: Uint8Array): string | undefined {
  const { structs, ds } = Y.decodeUpdate(update)
  for (const { id, length } of structs) {
    const clock = Y.getState(doc.store, id.client)
    if (clock < id.clock + length) return `${id.client}:${clock} to ${id.clock + length}`
  }
  for (const [client, ranges] of ds.clients) {
    const end = Y.getState(doc.store, client)
    for (const { clock, len } of ranges) {
      for (let at = clock; at < clock + len;) {
        if (at >= end) return `the delete of ${client}:${at}`
        const item = Y.getItem(doc.store, Y.createID(client, at))
        if (!item.deleted) return `the delete of ${client}:${at}`
        at = item.id.clock + item.length
      }
    }
  }
  return undefined
}

/** Whether a Y.Doc has any of what an update wrote; of its deletes nobody can tell whose they are. */
export function holdsStructOf(doc: Y.Doc, update: Uint8Array): boolean {
  return Y.decodeUpdate(update).structs.some(({ id }) => Y.getState(doc.store, id.client) > id.clock)
}

/** A Y.Doc of these updates, in one transaction: what Yjs derives between two of them is none of theirs. */
export function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = newDoc()
  Y.transact(doc, () => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return doc
}

/** What two Y.Docs differ in, for people to read; undefined: nothing. */
export function differenceOf(left: Y.Doc, right: Y.Doc): string | undefined {
  if (areEqual(left, right)) return undefined
  const lacks = whatLacks(right, Y.encodeStateAsUpdate(left))
  const more = whatLacks(left, Y.encodeStateAsUpdate(right))
  return [lacks, more].map((what) => what ?? 'nothing').join(' is only here, and only there is ')
}

/** Same state vector and same delete set, not only the same text. [C1] */
export function areEqual(left: Y.Doc, right: Y.Doc): boolean {
  return Y.equalSnapshots(Y.snapshot(left), Y.snapshot(right))
}
