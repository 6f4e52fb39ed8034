// peers.ts — who else is at a document: a list that is another one only when somebody comes, goes or says something new.
// Knows: awareness. Must not know: React, what this device says of itself.
import type { Awareness } from 'y-protocols/awareness'
import type { Observable, SynclineDocument } from '../client/index.ts'

/** Somebody else, or this person in another tab. Anybody may say anything: look at it before you believe it. */
export type Peer = { readonly client: number; readonly state: Readonly<Record<string, unknown>> }

type Changes = Readonly<Record<'added' | 'updated' | 'removed', readonly number[]>>

export class Peers implements Observable<readonly Peer[]> {
  readonly #listeners = new Set<() => void>()
  readonly #stopRebuilt: () => void
  #awareness: Awareness
  #current: readonly Peer[]

  constructor(document: SynclineDocument) {
    this.#awareness = document.awareness
    this.#current = peersIn(this.#awareness)
    this.#awareness.on('change', this.#awarenessOnChange)
    this.#stopRebuilt = document.onRebuilt(() => {
      this.#awareness.off('change', this.#awarenessOnChange)
      this.#awareness = document.awareness
      this.#awareness.on('change', this.#awarenessOnChange)
      this.#look()
    })
  }

  get current(): readonly Peer[] {
    return this.#current
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  stop(): void {
    this.#stopRebuilt()
    this.#awareness.off('change', this.#awarenessOnChange)
  }

  readonly #awarenessOnChange = ({ added, updated, removed }: Changes): void => {
    const own = this.#awareness.clientID
    if ([...added, ...updated, ...removed].some((client) => client !== own)) this.#look()
  }

  #look(): void {
    this.#current = peersIn(this.#awareness)
    for (const listener of this.#listeners) listener()
  }
}

function peersIn({ clientID, states }: Awareness): readonly Peer[] {
  return [...states].filter(([client]) => client !== clientID).map(([client, state]) => ({ client, state }))
}
