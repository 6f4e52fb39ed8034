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
    const before = this.filings.current
    const now = await this.#records().inbox()
    this.filings.set(now)
    for (const filing of before) if (!now.some((other) => isSame(filing, other))) this.#gone(filing)
  }

  /** By a person: nothing else takes anything away from here. */
  async discard(filing: Filing): Promise<void> {
    await this.#records().discard(filing)
    await this.read()
  }
}

function isSame(left: Filing, right: Filing): boolean {
  return left.counter === right.counter && equalBytes(left.hash, right.hash)
}
