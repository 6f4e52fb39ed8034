// own-presence.ts — what the components of this page say of who sits in front of it, as one state. Knows: awareness. Must
// not know: React, who hears it. What an editor's binding says in other fields stays as it is.
import type { SynclineDocument } from '../client/index.ts'

type Fields = Readonly<Record<string, unknown>>

export class OwnPresence {
  readonly #document: SynclineDocument
  readonly #said = new Set<Fields>()
  #names = new Set<string>()
  #isDue = false

  constructor(document: SynclineDocument) {
    this.#document = document
  }

  say(fields: Fields): () => void {
    this.#said.add(fields)
    this.#tellSoon()
    return () => {
      this.#said.delete(fields)
      this.#tellSoon()
    }
  }

  /** What is taken back and said again in one go, as React does it, is told once. */
  #tellSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#tell()
    })
  }

  #tell(): void {
    const { awareness } = this.#document
    const before = awareness.getLocalState()
    const others = Object.entries(before ?? {}).filter(([name]) => !this.#names.has(name))
    const own: Fields = Object.assign({}, ...this.#said)
    this.#names = new Set(Object.keys(own))
    const state = { ...Object.fromEntries(others), ...own }
    if (before === null || !isSame(before, state)) awareness.setLocalState(state)
  }
}

/** It is going to be JSON anyway. */
function isSame(left: Fields, right: Fields): boolean {
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => JSON.stringify(left[name]) === JSON.stringify(right[name]))
  )
}
