// commits.ts — what a tenant's rooms want written, one commit at a time on the disk. Knows: what waits, what is being
// written, when to try again. Must not know: rooms, keys, what an update says. Nothing was promised of what is not
// written, so nothing is ever taken back: the same batch is tried until the disk takes it. [D1] [B1]
import type { Commit } from './commit.ts'
import type { DocumentState } from './document-state.ts'
import { commitOf } from './intents.ts'
import type { Intent } from './intents.ts'
import { commitIntentsMax, waitingBytesMax, writeRetryMs } from './limits.ts'

export type CommitsEffect =
  | { readonly type: 'write'; readonly commit: Commit }
  /** Stop reading from sockets, or go on: too much waits for the disk. [B1] */
  | { readonly type: 'holdSockets'; readonly hold: boolean }
  /** Whether acks can be given: the disk writes. */
  | { readonly type: 'sayReady'; readonly ready: boolean }
  | { readonly type: 'wakeAt'; readonly time: number }

type Waiting = { readonly intent: Intent; readonly bytes: number }

type Writing = { readonly commit: Commit; readonly intents: readonly Intent[] }

type Disk =
  | { readonly is: 'idle' }
  | ({ readonly is: 'writing' } & Writing)
  | ({ readonly is: 'refusing'; readonly retryAt: number } & Writing)

export class Commits {
  readonly #emit: (effect: CommitsEffect) => void
  #disk: Disk = { is: 'idle' }
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #holdsSockets = false

  constructor(emit: (effect: CommitsEffect) => void) {
    this.#emit = emit
  }

  /** Something waits, and the disk is free: the end of the turn is worth telling. */
  get hasToWrite(): boolean {
    return this.#waiting.length > 0 && this.#disk.is === 'idle'
  }

  get waiting(): readonly Intent[] {
    return this.#waiting.map(({ intent }) => intent)
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  add(intent: Intent, bytes = 0): void {
    this.#waiting.push({ intent, bytes })
    this.#waitingBytes += bytes
    if (this.#holdsSockets || this.#waitingBytes <= waitingBytesMax) return
    this.#holdsSockets = true
    this.#emit({ type: 'holdSockets', hold: true })
  }

  drop(isMeant: (intent: Intent) => boolean): void {
    const kept = this.#waiting.filter(({ intent }) => !isMeant(intent))
    this.#waiting = kept
    this.#waitingBytes = 0
    for (const { bytes } of kept) this.#waitingBytes += bytes
  }

  /** Waits for the disk, or is being written. */
  has(isMeant: (intent: Intent) => boolean): boolean {
    return (
      this.#waiting.some(({ intent }) => isMeant(intent)) ||
      (this.#disk.is !== 'idle' && this.#disk.intents.some(isMeant))
    )
  }

  /** What waits, the oldest first, as one commit. */
  write(head: number, stateOf: (document: string) => DocumentState): void {
    if (!this.hasToWrite) return
    const taken = this.#waiting
    this.#waiting = taken.splice(commitIntentsMax)
    for (const { bytes } of taken) this.#waitingBytes -= bytes
    const intents = taken.map(({ intent }) => intent)
    this.#begin(commitOf(intents, head, stateOf), intents)
  }

  /** No cursor is given before its branch is on the disk: after a crash it would be nobody's. */
  writeBranch(head: number, branch: NonNullable<Commit['branch']>): void {
    const nothing = commitOf([], head, () => {
      throw new Error('An opening writes no document.')
    })
    this.#begin({ ...nothing, branch }, [])
  }

  #begin(commit: Commit, intents: readonly Intent[]): void {
    this.#disk = { is: 'writing', commit, intents }
    this.#emit({ type: 'write', commit })
  }

  written(): Writing {
    if (this.#disk.is === 'idle') throw new Error('Something was written that was not asked for.')
    const { is, commit, intents } = this.#disk
    if (is === 'refusing') this.#emit({ type: 'sayReady', ready: true })
    this.#disk = { is: 'idle' }
    return { commit, intents }
  }

  letGoOfSockets(): void {
    if (!this.#holdsSockets || this.#waitingBytes > waitingBytesMax) return
    this.#holdsSockets = false
    this.#emit({ type: 'holdSockets', hold: false })
  }

  failed(now: number): void {
    if (this.#disk.is === 'idle') throw new Error('A write failed that was not asked for.')
    const { is, commit, intents } = this.#disk
    if (is === 'writing') this.#emit({ type: 'sayReady', ready: false })
    const retryAt = now + writeRetryMs
    this.#disk = { is: 'refusing', commit, intents, retryAt }
    this.#emit({ type: 'wakeAt', time: retryAt })
  }

  woken(now: number): void {
    if (this.#disk.is !== 'refusing' || this.#disk.retryAt > now) return
    this.#disk = { ...this.#disk, retryAt: Number.POSITIVE_INFINITY }
    this.#emit({ type: 'write', commit: this.#disk.commit })
  }
}
