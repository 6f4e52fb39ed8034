// live-doc.ts — a Y.Doc made of rows, with its awareness: what is applied to it, and what comes out of it. Knows: Yjs. Must
// not know: stores, machines, which Y.Doc follows it.
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Made } from '../shared/replica-batches.ts'
import { SynclineError } from './syncline-error.ts'

export type LiveEvents = {
  /** A person's edit; or deletes that Yjs derived while it applied others' updates, which are nobody's. */
  readonly updated: (live: LiveDoc, update: Uint8Array, isDerived: boolean) => void
  readonly presenceChanged: (live: LiveDoc) => void
}

/** Called with each new Y.Doc, before anything is in it: for observers of an application. */
export type Prepare = (doc: Y.Doc) => void

export class LiveDoc {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Of which rows it is; until they are read, of none. */
  made: Made | undefined
  /** What is being applied. */
  arriving: readonly Uint8Array[] | undefined

  constructor(
    name: string,
    made: Made | undefined,
    updates: readonly Uint8Array[],
    { updated, presenceChanged }: LiveEvents,
    prepare?: Prepare,
  ) {
    this.doc = new Y.Doc({ guid: name })
    this.made = made
    prepare?.(this.doc)
    if (this.doc.store.clients.size > 0)
      throw new SynclineError(
        'prepare-wrote',
        '`prepare` may only observe: nothing is kept yet of what it writes.',
      )
    let isNew = true
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === this) return
      // Without structs, in the midst of others' updates: there Yjs tidies up after them. From rows alone it does so each time.
      const isDerived = this.arriving !== undefined && update[0] === 0
      if (!isNew || !isDerived) updated(this, update, isDerived)
    })
    this.apply(updates)
    isNew = false
    this.awareness = new Awareness(this.doc)
    this.awareness.on('update', (_changes: unknown, origin: unknown) => {
      if (origin !== this) presenceChanged(this)
    })
  }

  /** In one transaction, which is nobody's edit. */
  apply(updates: readonly Uint8Array[]): void {
    this.arriving = updates
    try {
      applyAll(this.doc, updates, this)
    } finally {
      this.arriving = undefined
    }
  }
}

/** The updates that a transaction applies; none: it is of this page. To be asked while its observers are called. */
export function updatesIn({ origin }: Y.Transaction): readonly Uint8Array[] {
  return (origin instanceof LiveDoc && origin.arriving) || []
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
