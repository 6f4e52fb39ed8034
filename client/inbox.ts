// inbox.ts — the edits that were refused and wait for a person. Knows: the records, in this tab and by hints of others.
// Must not know: machines; it says which are gone. [D3] [R1]
import { equalBytes } from '../shared/equal-bytes.ts'
import type { Filing } from '../shared/replica-records.ts'
import { Observed } from './observed.ts'
import type { Records } from './records.ts'

export class Inbox {
  readonly filings: Observed<readonly Filing[]> = new Observed<readonly Filing[]>([])
  readonly #records: () => Records
  readonly #gone: (filing: Filing) => void

  constructor(records: () => Records, gone: (filing: Filing) => void) {
    this.#records = records
    this.#gone = gone
  }

  countOf(document: string): number {
    return this.filings.current.filter((filing) => filing.document === document).length
  }

  async read(): Promise<void> {
    const now = await this.#records().inbox()
    const before = this.filings.current
    const gone = before.filter((filing) => !isIn(now, filing))
    if (gone.length === 0 && now.length === before.length) return
    this.filings.set(now)
    for (const filing of gone) this.#gone(filing)
  }

  /** By a person: nothing else takes anything away from here. */
  async discard(filing: Filing): Promise<void> {
    await this.#records().discard(filing)
    await this.read()
  }
}

function isIn(filings: readonly Filing[], { counter, hash }: Filing): boolean {
  return filings.some((filing) => filing.counter === counter && equalBytes(filing.hash, hash))
}
