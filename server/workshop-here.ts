// workshop-here.ts — a workshop in this very thread: for simulations, and wherever a pause does no harm. Knows: the shelf
// of Y.Docs. Must not know: threads.
import type { Snapshot } from '../shared/room-words.ts'
import { DocShelf } from './doc-shelf.ts'
import type { Held, ReadForm, Workshop } from './workshop.ts'

export class WorkshopHere implements Workshop {
  readonly #shelf = new DocShelf()

  async held(name: string): Promise<Held | undefined> {
    return this.#shelf.held(name)
  }

  async begin(name: string, epoch: string): Promise<void> {
    this.#shelf.begin(name, epoch)
  }

  async take(name: string, updates: readonly Uint8Array[], through: number): Promise<void> {
    this.#shelf.take(name, updates, through)
  }

  async difference(name: string, stateVector: Uint8Array): Promise<Uint8Array[]> {
    return this.#shelf.difference(name, stateVector)
  }

  async snapshot(name: string): Promise<Snapshot> {
    return this.#shelf.snapshot(name)
  }

  async digest(name: string): Promise<Uint8Array> {
    return this.#shelf.digest(name)
  }

  async read(name: string, form: ReadForm): Promise<Uint8Array> {
    return this.#shelf.read(name, form)
  }

  drop(name: string): void {
    this.#shelf.drop(name)
  }

  async close(): Promise<void> {}
}
