// document-rows.ts — one document's rows in the store: what is read of them, the machine's batches, one after the other, and what
// became of each. Knows: the records, plans. Must not know: the Y.Doc that is made of them, what a batch is for.
import type { Change, NumberedRow, Plan } from '../shared/replica-batches.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import { StoreError } from '../shared/store.ts'
import type { TabInput } from '../shared/tabs.ts'
import { unreachable } from '../shared/unreachable.ts'
import type { DeviceStore } from './device-store.ts'
import { Folding } from './folding.ts'
import type { FoldingHost } from './folding.ts'
import { Lane } from './lane.ts'
import { patiently } from './patience.ts'
import { isPending } from './records.ts'
import type { Loaded, Written } from './records.ts'

export type RowsHost = FoldingHost & {
  readonly store: Pick<DeviceStore, 'kept'>
  readonly tell: (document: string, input: OwnInput) => void
  readonly tab: { readonly step: (input: TabInput) => void }
}

export class DocumentRows {
  readonly folding: Folding
  /** Rows that the relay had not answered when they were read here, or written. */
  unanswered = 0
  /** The last one that this tab wrote. */
  written = 0
  readonly #document: string
  readonly #host: RowsHost
  readonly #isWanted: () => boolean
  /** Of batches, and of what is read to begin with, which no batch of this document may be under way for. */
  readonly #lane = new Lane()
  readonly #plans = new Map<number, Plan>()

  constructor(document: string, host: RowsHost, isWanted: () => boolean) {
    this.#document = document
    this.#host = host
    this.#isWanted = isWanted
    this.folding = new Folding(document, host)
  }

  /** `take` has all that the store holds, and no batch of it is on its way until it is done. */
  load(take: (loaded: Loaded) => Promise<void> | undefined): void {
    void this.#lane.run(async () => {
      const loaded = await this.read()
      if (loaded !== undefined) await take(loaded)
    })
  }

  /** Undefined: nobody wants it any more. */
  read(): Promise<Loaded | undefined> {
    return this.patiently(() => this.#host.store.records.load(this.#document))
  }

  patiently<Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> {
    return patiently(work, this.#isWanted, this.#host.store.said)
  }

  /** Of what was read; the machine is about to hear of it. */
  pendingIn(rows: readonly NumberedRow[]): readonly NumberedRow[] {
    const pending = rows.filter(isPending)
    this.unanswered = pending.length
    return pending
  }

  /** Resolves when all batches so far have come to their end. */
  async settled(): Promise<void> {
    await this.#lane.run(() => Promise.resolve())
  }

  write(ticket: number, changes: readonly Change[]): void {
    void this.#lane.run(async () => {
      const planned = (plan: Plan): void => void this.#plans.set(ticket, plan)
      this.#tell(ticket, await this.#host.store.records.write(this.#document, changes, planned))
      this.folding.count(changes)
      this.folding.foldIfMany()
    })
  }

  /** Finds out what became of a batch of which the store could not say it. */
  settle(ticket: number): void {
    void this.#lane.run(async () => {
      const plan = this.#plans.get(ticket)
      if (plan !== undefined) this.#tell(ticket, await this.#host.store.records.settle(plan))
    })
  }

  /** For the tab's machine: what other tabs wrote. */
  async readAfter(after: number): Promise<void> {
    const document = this.#document
    try {
      const { head, rows } = await this.#host.store.records.load(document, after)
      this.#host.tab.step({ type: 'rowsRead', document, after, rows, head })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#host.tab.step({ type: 'readFailed', document })
    }
  }

  #tell(ticket: number, written: Written): void {
    const document = this.#document
    switch (written.is) {
      case 'stored': {
        const { sequences, filed, head } = written.plan
        this.#plans.delete(ticket)
        this.unanswered += sequences.length
        this.written = Math.max(this.written, ...sequences.map((sequence) => sequence ?? 0))
        this.#host.store.said(undefined)
        if (sequences.length > 0) this.#host.store.kept()
        this.#host.tell(document, { type: 'stored', ticket, sequences, filed, head })
        this.#host.tab.step({ type: 'committed', document, after: written.after, head })
        return
      }
      case 'failed':
        if (written.error !== undefined) this.#host.store.said(written.error)
        this.#host.tell(document, { type: 'storeFailed', ticket, outcome: written.outcome })
        return
      case 'fenced':
        this.#host.tab.step({ type: 'fenced' })
        return
      default:
        unreachable(written)
    }
  }
}
