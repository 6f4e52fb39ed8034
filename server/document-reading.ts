// document-reading.ts — what of a store can be asked without opening a room: where documents stand, which there are, what is
// in one. Knows: records, Y.Docs by way of views. Must not know: links, who may ask. What it shows is durable. [D2]
import { documentStage } from '../shared/document-state.ts'
import type { DocumentState } from '../shared/document-state.ts'
import { equalBytes } from '../shared/equal-bytes.ts'
import type { DocumentPlace } from '../shared/record-keys.ts'
import type { ListedDocument, RelayStore } from '../shared/relay-store.ts'
import type { LogViews } from './log-views.ts'
import type { ReadForm } from './workshop.ts'

export type ReadDocument = {
  readonly state: DocumentState
  /** Undefined: it was purged. */
  readonly bytes: Uint8Array | undefined
}

export class DocumentReading {
  readonly #store: RelayStore
  readonly #views: LogViews

  constructor(store: RelayStore, views: LogViews) {
    this.#store = store
    this.#views = views
  }

  /** All of a document, with the state that it stands for; undefined: there is none of this name. */
  async read(place: DocumentPlace, form: ReadForm): Promise<ReadDocument | undefined> {
    const state = await this.stateOf(place)
    if (state === undefined) return undefined
    if (state.stage === documentStage.purged) return { state, bytes: undefined }
    const { position, bytes } = await this.#views.read({ ...place, epoch: state.epoch }, form, state.last)
    return { state: { ...state, last: position }, bytes }
  }

  /** Where its log stands; undefined: nothing was ever written to it. */
  async stateOf(place: DocumentPlace): Promise<DocumentState | undefined> {
    const state = await this.#store.readState(place)
    return state.last === 0 ? undefined : state
  }

  /** Documents behind this name, in the order of the store; none at the end. */
  documentsAfter(tenant: string, name: string): Promise<readonly ListedDocument[]> {
    return this.#store.readDocuments(tenant, name)
  }

  /** The state that this update made when it followed that position; undefined: it did not. */
  async stateAfter(
    place: DocumentPlace,
    position: number,
    update: Uint8Array,
  ): Promise<DocumentState | undefined> {
    const state = await this.#store.readState(place)
    // Nothing was new in it.
    if (state.last === position) return state
    const { rows } = await this.#store.readRows({ ...place, epoch: state.epoch }, position, state.last)
    const [row] = rows
    return row !== undefined && equalBytes(row.update, update) ? { ...state, last: row.position } : undefined
  }
}
