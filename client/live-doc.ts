// live-doc.ts — a Y.Doc made of rows, with its awareness: what is applied to it, and what comes out of it. Knows: Yjs. Must
// not know: stores, machines, which Y.Doc follows it.
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Made } from '../shared/replica-batches.ts'

export type LiveEvents = {
  /** A person's edit; or deletes that Yjs derived while it applied others' updates, which are nobody's. */
  readonly updated: (live: LiveDoc, update: Uint8Array, isDerived: boolean) => void
  readonly presenceChanged: (live: LiveDoc) => void
}

export class LiveDoc {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Of which rows it is; until they are read, of none. */
  made: Made | undefined
  #isApplying = false

  constructor(
    name: string,
    made: Made | undefined,
    updates: readonly Uint8Array[],
    { updated, presenceChanged }: LiveEvents,
  ) {
    this.doc = new Y.Doc({ guid: name })
    this.made = made
    // What Yjs derives from rows alone it derives each time.
    this.apply(updates)
    this.awareness = new Awareness(this.doc)
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      // Without structs, in the midst of others' updates: there Yjs tidies up after them.
      if (origin !== this) updated(this, update, this.#isApplying && update[0] === 0)
    })
    this.awareness.on('update', (_changes: unknown, origin: unknown) => {
      if (origin !== this) presenceChanged(this)
    })
  }

  /** In one transaction, which is nobody's edit. */
  apply(updates: readonly Uint8Array[]): void {
    this.#isApplying = true
    try {
      applyAll(this.doc, updates, this)
    } finally {
      this.#isApplying = false
    }
  }
}

/** A Y.Doc to ask something, and to be forgotten. */
export function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  applyAll(doc, updates, undefined)
  return doc
}

function applyAll(doc: Y.Doc, updates: readonly Uint8Array[], origin: unknown): void {
  Y.transact(
    doc,
    () => {
      for (const update of updates) Y.applyUpdate(doc, update, origin)
    },
    origin,
    false,
  )
}
