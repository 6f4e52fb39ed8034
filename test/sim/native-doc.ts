// native-doc.ts — the Y.Doc that a page shows: made of rows, made anew, given what comes. Knows: what of its updates a
// person made and what Yjs derived, and of which history it is. Must not know: stores, machines.
import * as Y from 'yjs'
import type { Made } from '../../shared/replica-batches.ts'
import { newDoc } from './truth.ts'

/** What came out of the Y.Doc, and of which one. */
export type DocChange = { readonly update: Uint8Array; readonly made: Made; readonly isDerived: boolean }

export class NativeDoc {
  readonly #nextClientId: () => number
  readonly #changed: (change: DocChange) => void
  #doc: Y.Doc | undefined
  #isApplying = false

  constructor(nextClientId: () => number, changed: (change: DocChange) => void) {
    this.#nextClientId = nextClientId
    this.#changed = changed
  }

  get current(): Y.Doc | undefined {
    return this.#doc
  }

  /** A new client id each time: the clocks of the one before may be taken by what was refused. */
  make(made: Made, updates: readonly Uint8Array[]): void {
    const doc = newDoc()
    doc.clientID = this.#nextClientId()
    // Formatting is cleaned up only in a root that somebody has asked for by its type.
    doc.getText('text')
    this.#applyTo(doc, updates)
    // What Yjs derives while the rows are read it derives each time.
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (doc === this.#doc && origin !== this) this.#changed({ update, made, isDerived: this.#isApplying })
    })
    this.#doc = doc
  }

  apply(updates: readonly Uint8Array[]): void {
    if (this.#doc !== undefined) this.#applyTo(this.#doc, updates)
  }

  #applyTo(doc: Y.Doc, updates: readonly Uint8Array[]): void {
    this.#isApplying = true
    for (const update of updates) Y.applyUpdate(doc, update, this)
    this.#isApplying = false
  }
}
