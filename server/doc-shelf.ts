// doc-shelf.ts — Y.Docs that were made of documents' logs, kept for the next question while there is room. Knows: Yjs,
// how much a Y.Doc costs, and which one was needed longest ago. Must not know: stores, threads, who asks.
import * as Y from 'yjs'
import { digestOf } from '../shared/document-digest.ts'
import { stockChunkBytesMax } from '../shared/limits.ts'
import { LogState } from '../shared/log-state.ts'
import type { Snapshot } from '../shared/room-words.ts'
import { cutUpdate } from '../shared/update-cutter.ts'
import { jsonOf } from './document-json.ts'
import { WorkError } from './workshop.ts'
import type { Held, ReadForm } from './workshop.ts'

/** A Y.Doc of 282 KB of text takes 4.6 MB. */
const memoryPerByte = 16
/** For Y.Docs that nobody asks of at the moment. */
const shelfBytesMax = 128 * 1024 * 1024

type Shelved = { readonly doc: Y.Doc; readonly epoch: string; through: number; encodedBytes: number }

export class DocShelf {
  readonly #bytesMax: number
  /** The one that was needed longest ago first. */
  readonly #shelved = new Map<string, Shelved>()
  #encodedBytes = 0

  constructor(bytesMax: number = shelfBytesMax) {
    this.#bytesMax = bytesMax
  }

  held(name: string): Held | undefined {
    const shelved = this.#shelved.get(name)
    return shelved && { epoch: shelved.epoch, through: shelved.through }
  }

  begin(name: string, epoch: string): void {
    this.drop(name)
    this.#shelved.set(name, { doc: new Y.Doc(), epoch, through: 0, encodedBytes: 0 })
  }

  /** In one transaction: a hundred thousand rows take 0.2 s this way and 1.2 s one by one. */
  take(name: string, updates: readonly Uint8Array[], through: number): void {
    const shelved = this.#needed(name)
    let index: number | undefined
    try {
      shelved.doc.transact(() => {
        for (const [next, update] of updates.entries()) {
          index = next
          Y.applyUpdate(shelved.doc, update)
        }
        index = undefined
      })
    } catch (error) {
      // An update that Yjs cannot apply leaves a Y.Doc that is half of it.
      this.drop(name)
      throw new WorkError(
        'update-unusable',
        `An update of the log cannot be applied: ${String(error)}`,
        index,
      )
    }
    shelved.through = through
    this.#measure(shelved, shelved.encodedBytes + updates.reduce((sum, { length }) => sum + length, 0))
    this.#makeRoomFor(name)
  }

  /** What a replica with this state vector lacks, all deletions included. */
  difference(name: string, stateVector: Uint8Array): Uint8Array[] {
    return cutUpdate(Y.encodeStateAsUpdate(this.#needed(name).doc, stateVector), stockChunkBytesMax)
  }

  snapshot(name: string): Snapshot {
    const shelved = this.#needed(name)
    const update = Y.encodeStateAsUpdate(shelved.doc)
    this.#measure(shelved, update.length)
    const pieces = cutUpdate(update, stockChunkBytesMax)
    return { pieces, state: LogState.ofSnapshot(pieces).toBytes() }
  }

  read(name: string, form: ReadForm): Uint8Array {
    const { doc } = this.#needed(name)
    return form === 'update' ? Y.encodeStateAsUpdate(doc) : new TextEncoder().encode(jsonOf(doc))
  }

  digest(name: string): Uint8Array {
    return digestOf(this.#needed(name).doc)
  }

  drop(name: string): void {
    const shelved = this.#shelved.get(name)
    if (shelved === undefined) return
    this.#measure(shelved, 0)
    this.#shelved.delete(name)
    shelved.doc.destroy()
  }

  /** Of all Y.Docs. */
  get memoryBytes(): number {
    return this.#encodedBytes * memoryPerByte
  }

  #needed(name: string): Shelved {
    const shelved = this.#shelved.get(name)
    if (shelved === undefined) throw new Error('A Y.Doc was worked on that is not there.')
    this.#shelved.delete(name)
    this.#shelved.set(name, shelved)
    return shelved
  }

  #measure(shelved: Shelved, encodedBytes: number): void {
    this.#encodedBytes += encodedBytes - shelved.encodedBytes
    shelved.encodedBytes = encodedBytes
  }

  /** Others go; the one that is being worked on stays, however large. */
  #makeRoomFor(name: string): void {
    for (const other of this.#shelved.keys()) {
      if (this.memoryBytes <= this.#bytesMax) return
      if (other !== name) this.drop(other)
    }
  }
}
