// tenant-disk.ts — what a tenant's machine asks of the store, and what came of it: its log's head, its commits, its
// documents, what is left of histories that are no more. Knows: records, how long a commit takes, what is tried again.
// Must not know: rooms, links, what a commit says.
import type { HistoryPlace } from '../shared/record-keys.ts'
import type { RelayStore } from '../shared/relay-store.ts'
import type { TenantEffect, TenantInput } from '../shared/tenant-words.ts'
import type { HostOptions } from './host-options.ts'
import type { LogPages } from './log-pages.ts'
import type { Meters } from './meters.ts'
import type { Notice } from './notice.ts'
import type { Retries } from './retries.ts'

export type TenantDiskParts = {
  readonly options: HostOptions
  readonly store: RelayStore
  readonly pages: LogPages
  readonly meters: Meters
  readonly retries: Retries
  readonly fail: (notice: Notice) => void
}

export class TenantDisk {
  readonly #tenant: string
  readonly #parts: TenantDiskParts
  readonly #tell: (input: TenantInput) => void
  readonly #headDiffers: () => void
  #writing: Promise<unknown> | undefined
  /** By the stopwatch: since when a commit waits for the disk, however often it was tried. */
  #writesSince: number | undefined
  #slowestSeconds = 0
  /** The disk refused what is being written now. */
  #isRefused = false

  constructor(
    tenant: string,
    parts: TenantDiskParts,
    tell: (input: TenantInput) => void,
    headDiffers: () => void,
  ) {
    this.#tenant = tenant
    this.#parts = parts
    this.#tell = tell
    this.#headDiffers = headDiffers
  }

  /** The commit that the store has been asked for, and has not answered. */
  get writing(): Promise<unknown> | undefined {
    return this.#writing
  }

  /** For how long a commit has waited for the disk; undefined: none does. */
  get lagSeconds(): number | undefined {
    return this.#writesSince === undefined ? undefined : this.#seconds() - this.#writesSince
  }

  /** What the slowest commit took since somebody asked last. One that the disk refused tells nothing of how fast it is. */
  takeSlowestSeconds(): number {
    const lagSeconds = this.#isRefused ? 0 : (this.lagSeconds ?? 0)
    const seconds = Math.max(this.#slowestSeconds, lagSeconds)
    this.#slowestSeconds = 0
    return seconds
  }

  readTenant(): void {
    const { store, options } = this.#parts
    const minted = options.randomId()
    store.readTenant(this.#tenant).then(
      (read) => this.#tell({ type: 'storeRead', ...read, minted }),
      (cause: unknown) =>
        this.#again({ code: 'tenant-unreadable', tenant: this.#tenant, cause }, () => this.readTenant()),
    )
  }

  write({ commit }: TenantEffect & { readonly type: 'write' }): void {
    const { store, options, meters, fail } = this.#parts
    const write = store.write(this.#tenant, commit)
    this.#writing = write
    const began = this.#seconds()
    this.#writesSince ??= began
    write
      .finally(() => {
        this.#writing = undefined
      })
      .then(
        (outcome) => {
          // Tried again it would be the same for ever: the head on the disk does not come back to this one.
          if (outcome === 'stale') return this.#headDiffers()
          const seconds = this.#seconds() - began
          if (!this.#isRefused) this.#slowestSeconds = Math.max(this.#slowestSeconds, seconds)
          this.#isRefused = false
          meters.committed(seconds, commit.rows)
          if (commit.documents.length > 0) options.committed?.(this.#tenant)
          this.#writesSince = undefined
          return this.#tell({ type: 'written' })
        },
        (cause: unknown) => {
          meters.writesFailed++
          this.#isRefused = true
          fail({ code: 'write-failed', tenant: this.#tenant, cause })
          this.#tell({ type: 'writeFailed' })
        },
      )
  }

  readDocument(document: string): void {
    const { store, options, pages } = this.#parts
    const tenant = this.#tenant
    store.readDocument({ tenant, document }).then(
      (loaded) => {
        if (loaded.hasHole) options.report({ code: 'log-hole', tenant, document })
        const { epoch, foldedThrough } = loaded.document
        pages.keep({ tenant, document, epoch }, foldedThrough, loaded.snapshot.pieces)
        this.#tell({ type: 'documentRead', document, loaded })
      },
      (cause: unknown) =>
        this.#again({ code: 'document-unreadable', tenant, document, cause }, () =>
          this.readDocument(document),
        ),
    )
  }

  cleanUp(history: HistoryPlace): void {
    const { tenant, document } = history
    this.#parts.store.dropHistory(history).catch((cause: unknown) => {
      this.#again({ code: 'clean-up-failed', tenant, document, cause }, () => this.cleanUp(history))
    })
  }

  #again(notice: Notice, work: () => void): void {
    this.#parts.fail(notice)
    this.#parts.retries.add(this.#parts.options.now(), work)
  }

  #seconds(): number {
    const { stopwatch, now } = this.#parts.options
    return stopwatch?.() ?? now() / 1000
  }
}
