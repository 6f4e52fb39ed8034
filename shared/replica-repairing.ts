// replica-repairing.ts — giving the relay back what it lacks: after an exchange of state vectors, or because an entry
// hangs on something that is not in its log. Knows: which round it is. Must not know: what is in a difference, links.
//
// The relay says `missing` for every entry that it holds back, all of them before it hears the repair: only the first
// begins a round. A repair is of what is confirmed alone: else a refused edit would go up again under another name.
import { entryKind } from './message.ts'
import type { PushEntry } from './message.ts'
import { entryHash } from './entry-hash.ts'
import { repairsMax } from './replica-limits.ts'
import { isEmptyUpdate } from './stock-wire.ts'

type State =
  | { readonly is: 'none' }
  | { readonly is: 'making'; readonly request: number; readonly isAsked: boolean }
  | { readonly is: 'ready'; readonly entry: PushEntry; readonly isAsked: boolean }
  | { readonly is: 'sent'; readonly counter: number; readonly isAsked: boolean }

export class Repairing {
  #state: State = { is: 'none' }
  /** Answers to `missing` in a row, with no edit acknowledged between them. */
  #rounds = 0

  get isUnderWay(): boolean {
    return this.#state.is !== 'none'
  }

  get isReady(): boolean {
    return this.#state.is === 'ready'
  }

  /** Because state vectors are exchanged. */
  begin(request: number): void {
    this.#state = { is: 'making', request, isAsked: false }
  }

  /** Because an entry is held back. `exhausted`: the relay has all that there is, and still lacks something. */
  answer(request: number): 'begun' | 'underWay' | 'exhausted' {
    if (this.isUnderWay) return 'underWay'
    if (this.#rounds >= repairsMax) return 'exhausted'
    this.#rounds += 1
    this.#state = { is: 'making', request, isAsked: true }
    return 'begun'
  }

  /** `again`: there is nothing to give back, and what was held back has to be said again. */
  made(request: number, update: Uint8Array, counter: number): 'ready' | 'again' | 'done' | 'notMine' {
    if (this.#state.is !== 'making' || this.#state.request !== request) return 'notMine'
    const { isAsked } = this.#state
    if (isEmptyUpdate(update)) {
      this.#state = { is: 'none' }
      return isAsked ? 'again' : 'done'
    }
    const entry = { counter, hash: entryHash(update), kind: entryKind.repair, update }
    this.#state = { is: 'ready', entry, isAsked }
    return 'ready'
  }

  take(): PushEntry | undefined {
    if (this.#state.is !== 'ready') return undefined
    const { entry, isAsked } = this.#state
    this.#state = { is: 'sent', counter: entry.counter, isAsked }
    return entry
  }

  /** `again`: what was sent before the repair has to be sent again, as far as it is not answered yet. */
  answered(isAnswered: (counter: number) => boolean): 'again' | 'done' | 'notMine' {
    const state = this.#state
    if (state.is !== 'sent' || !isAnswered(state.counter)) return 'notMine'
    this.#state = { is: 'none' }
    return state.isAsked ? 'again' : 'done'
  }

  editWasAcknowledged(): void {
    this.#rounds = 0
  }

  stop(): void {
    this.#state = { is: 'none' }
  }

  forgive(): void {
    this.#rounds = 0
  }
}
