// inbox.ts — the edits that were refused and wait for a person. Knows: the records, in this tab and by hints of others.
// Must not know: machines; it says which are gone. [D3] [R1]
import { toBase64 } from 'lib0/buffer'
import { equalBytes } from '../shared/equal-bytes.ts'
import type { Filing } from '../shared/replica-records.ts'
import type { DeviceStore } from './device-store.ts'
import { Observed } from './observed.ts'
import type { Observable } from './observed.ts'

/** An edit that the relay will never take, with its content. It waits for a person. */
export type RefusedEdit = Filing

export interface RefusedEdits extends Observable<readonly RefusedEdit[]> {
  /** Everything, as JSON with the updates in base 64. */
  export(): string
  discard(edit: RefusedEdit): Promise<void>
}

export class Inbox extends Observed<readonly Filing[]> implements RefusedEdits {
  readonly #store: DeviceStore
  readonly #gone: (filing: Filing) => void

  constructor(store: DeviceStore, gone: (filing: Filing) => void) {
    super([])
    this.#store = store
    this.#gone = gone
  }

  countOf(document: string): number {
    return this.current.filter((filing) => filing.document === document).length
  }

  async read(): Promise<void> {
    const now = await this.#store.records.inbox()
    const before = this.current
    const gone = before.filter((filing) => !isIn(now, filing))
    if (gone.length === 0 && now.length === before.length) return
    this.set(now)
    for (const filing of gone) this.#gone(filing)
  }

  /** By a person: nothing else takes anything away from here. */
  async discard(filing: Filing): Promise<void> {
    await this.#store.records.discard(filing)
    await this.read()
  }

  export(): string {
    const bytes = (_key: string, value: unknown): unknown =>
      value instanceof Uint8Array ? toBase64(value) : value
    return JSON.stringify(this.current, bytes, 2)
  }
}

function isIn(filings: readonly Filing[], { counter, hash }: Filing): boolean {
  return filings.some((filing) => filing.counter === counter && equalBytes(filing.hash, hash))
}
