// telling.ts — tells the application what was committed, at least once each, from the position that is stored: one call at a
// time, and none is forgotten for a fault of the application, or a restart. Knows: the index of changes, how long to wait
// after a fault. Must not know: rooms, what an application does with it.
import { documentStage } from '../shared/document-state.ts'
import { pageEntriesMax } from '../shared/limits.ts'
import { decodeKey, headRange, toldKey } from '../shared/record-keys.ts'
import { decodeHead, encodeHead } from '../shared/relay-records.ts'
import { RelayStore } from '../shared/relay-store.ts'
import type { Store, WriteDurability } from '../shared/store.ts'
import type { Committed } from './committed.ts'
import type { Report } from './notice.ts'
import type { Options } from './options.ts'

export type TellingOptions = {
  readonly store: Store
  readonly records: Pick<RelayStore, 'readChanges'>
  readonly durability: WriteDurability
  readonly committed: Committed
  readonly report: Report
  readonly after: (ms: number, then: () => void) => void
}

const retryMsMin = 1_000
const retryMsMax = 60_000

export class Telling {
  readonly #options: TellingOptions
  /** Tenants with commits that were not told yet. */
  readonly #behind = new Set<string>()
  #isTelling = false
  #isStopped = false
  #retryMs = retryMsMin

  constructor(options: TellingOptions) {
    this.#options = options
  }

  /** Undefined: the application does not want to be told. */
  static for({ committed, durability }: Options, store: Store, report: Report): Telling | undefined {
    if (committed === undefined) return undefined
    const written = durability === 'disk' ? 'synced' : 'written'
    const records = new RelayStore(store, written)
    const after = (ms: number, then: () => void) => void setTimeout(then, ms).unref()
    return new Telling({ store, records, durability: written, committed, report, after })
  }

  /** What was committed before the relay was started is told first. */
  async start(): Promise<void> {
    for (const tenant of await this.#tenants()) this.#behind.add(tenant)
    this.#go()
  }

  /** Something of this tenant is durable now. */
  committed(tenant: string): void {
    this.#behind.add(tenant)
    this.#go()
  }

  /** What is under way is not waited for: it is told again at the next start. */
  stop(): void {
    this.#isStopped = true
  }

  #go(): void {
    if (this.#isTelling || this.#isStopped) return
    this.#isTelling = true
    this.#tellAll().then(
      () => this.#ended(),
      (cause: unknown) => this.#failed(cause),
    )
  }

  #ended(): void {
    this.#isTelling = false
    this.#retryMs = retryMsMin
    if (this.#behind.size > 0) this.#go()
  }

  #failed(cause: unknown): void {
    if (this.#isStopped) return
    this.#options.report({ code: 'committed-failed', cause })
    this.#options.after(this.#retryMs, () => {
      this.#isTelling = false
      this.#go()
    })
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2)
  }

  async #tellAll(): Promise<void> {
    for (const tenant of this.#behind) {
      // What is committed from here on puts it there again.
      this.#behind.delete(tenant)
      try {
        await this.#tellTenant(tenant)
      } catch (error) {
        this.#behind.add(tenant)
        throw error
      }
    }
  }

  async #tellTenant(tenant: string): Promise<void> {
    const { store, records, durability, committed } = this.#options
    let told = await this.#told(tenant)
    for (;;) {
      const { changes } = await records.readChanges(tenant, told, Number.MAX_SAFE_INTEGER)
      if (changes.length === 0 || this.#isStopped) return
      const documents = changes.map(({ document, position, stage }) => {
        return { tenant, document, position, isPurged: stage === documentStage.purged }
      })
      await committed(documents)
      told = changes.at(-1)?.position ?? told
      await store.write({ put: [{ key: toldKey(tenant), value: encodeHead(told) }], durability })
    }
  }

  async #told(tenant: string): Promise<number> {
    const record = await this.#options.store.get(toldKey(tenant))
    return record === undefined ? 0 : decodeHead(record)
  }

  async #tenants(): Promise<string[]> {
    const tenants: string[] = []
    let { from } = headRange()
    for (;;) {
      const page = await this.#options.store.range({ ...headRange(), from, limit: pageEntriesMax })
      for (const { key } of page) {
        const place = decodeKey(key)
        if (place.type === 'head') tenants.push(place.tenant)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < pageEntriesMax) return tenants
      from = Uint8Array.of(...last.key, 0)
    }
  }
}
