// telling.ts — tells the application what was committed, at least once each, from the position that is stored: one call at a
// time, and none is forgotten for a fault of the application, or a restart. Knows: the index of changes, how long a call may
// take, how long to wait after a fault. Must not know: rooms, what an application does with it.
import { documentStage } from '../shared/document-state.ts'
import { pageEntriesMax } from '../shared/limits.ts'
import { decodeKey, headRange, toldKey } from '../shared/record-keys.ts'
import { decodeHead, encodeHead } from '../shared/relay-records.ts'
import { RelayStore } from '../shared/relay-store.ts'
import type { Store, WriteDurability } from '../shared/store.ts'
import type { Committed, CommittedDocument } from './committed.ts'
import type { Report } from './notice.ts'
import type { Options } from './options.ts'

export type TellingOptions = {
  readonly store: Store
  readonly records: Pick<RelayStore, 'readChanges'>
  readonly durability: WriteDurability
  readonly committed: Committed
  readonly report: Report
  /** Returns how to call it off. */
  readonly after: (ms: number, then: () => void) => () => void
  /** Milliseconds that only go forward. */
  readonly now: () => number
}

/** A call that takes longer counts as one that failed: it may never end, and nothing more would be told. */
const callMsMax = 60_000

const retryMsMin = 1_000
const retryMsMax = 60_000

class CommittedLate extends Error {}

export class Telling {
  readonly #options: TellingOptions
  /** Tenants with commits that were not told yet, and since when. */
  readonly #behind = new Map<string, number>()
  /** Since when there is something to tell of the tenant that is being told of. */
  #underWaySince: number | undefined
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
    const after = (ms: number, then: () => void) => {
      const timer = setTimeout(then, ms).unref()
      return () => clearTimeout(timer)
    }
    const now = () => performance.now()
    return new Telling({ store, records, durability: written, committed, report, after, now })
  }

  /** What was committed before the relay was started is told first. */
  async start(): Promise<void> {
    for (const tenant of await this.#tenants()) this.#fellBehind(tenant, this.#options.now())
    this.#go()
  }

  /** Something of this tenant is durable now. */
  committed(tenant: string): void {
    this.#fellBehind(tenant, this.#options.now())
    this.#go()
  }

  /** For how long the oldest commit has waited to be told; of before the start, since the start. */
  get untoldSeconds(): number {
    const now = this.#options.now()
    let since = this.#underWaySince ?? now
    for (const its of this.#behind.values()) since = Math.min(since, its)
    return (now - since) / 1000
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
    this.#options.report(
      cause instanceof CommittedLate ? { code: 'committed-late' } : { code: 'committed-failed', cause },
    )
    this.#options.after(this.#retryMs, () => {
      this.#isTelling = false
      this.#go()
    })
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2)
  }

  async #tellAll(): Promise<void> {
    for (const [tenant, since] of this.#behind) {
      // What is committed from here on puts it there again.
      this.#behind.delete(tenant)
      this.#underWaySince = since
      try {
        await this.#tellTenant(tenant)
      } catch (error) {
        this.#fellBehind(tenant, since)
        throw error
      } finally {
        this.#underWaySince = undefined
      }
    }
  }

  #fellBehind(tenant: string, since: number): void {
    this.#behind.set(tenant, Math.min(since, this.#behind.get(tenant) ?? since))
  }

  async #tellTenant(tenant: string): Promise<void> {
    const { store, records, durability } = this.#options
    let told = await this.#told(tenant)
    for (;;) {
      const { changes } = await records.readChanges(tenant, told, Number.MAX_SAFE_INTEGER)
      if (changes.length === 0 || this.#isStopped) return
      const documents = changes.map(({ document, position, stage }) => {
        return { tenant, document, position, isPurged: stage === documentStage.purged }
      })
      await this.#call(documents)
      told = changes.at(-1)?.position ?? told
      await store.write({ put: [{ key: toldKey(tenant), value: encodeHead(told) }], durability })
    }
  }

  async #call(documents: readonly CommittedDocument[]): Promise<void> {
    const { committed, after } = this.#options
    let callOff: (() => void) | undefined
    const late = new Promise<never>((_, reject) => {
      callOff = after(callMsMax, () => reject(new CommittedLate()))
    })
    try {
      await Promise.race([committed(documents), late])
    } finally {
      callOff?.()
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
