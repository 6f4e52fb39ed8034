// commits.ts — what a tenant's rooms want written, one commit at a time on the disk. Knows: what waits, what is being
// written, what it weighs, when to try again. Must not know: rooms, keys, what an update says. Nothing was promised of what is not
// written, so nothing is ever taken back: the same batch is tried until the disk takes it. [D1] [B1]
import type { Backlog } from './backlog.ts'
import type { Commit } from './commit.ts'
import type { DocumentState } from './document-state.ts'
import { commitOf } from './intents.ts'
import type { Intent } from './intents.ts'
import { commitIntentsMax, waitingIntentBytes, waitingViewBytes, writeRetryMs } from './limits.ts'
import { unreachable } from './unreachable.ts'

export type CommitsEffect =
  | { readonly type: 'write'; readonly commit: Commit }
  /** Whether acks can be given: the disk writes. */
  | { readonly type: 'sayReady'; readonly ready: boolean }
  | { readonly type: 'wakeAt'; readonly time: number }

type Waiting = { readonly intent: Intent; readonly bytes: number }

type Writing = { readonly commit: Commit; readonly intents: readonly Intent[]; readonly bytes: number }

type Disk =
  | { readonly is: 'idle' }
  | ({ readonly is: 'writing' } & Writing)
  | ({ readonly is: 'refusing'; readonly retryAt: number } & Writing)

export class Commits {
  readonly #emit: (effect: CommitsEffect) => void
  #disk: Disk = { is: 'idle' }
  #waiting: Waiting[] = []
  /** Until it is written: of a write that failed all is kept. */
  readonly #backlog: Backlog

  constructor(backlog: Backlog, emit: (effect: CommitsEffect) => void) {
    this.#backlog = backlog
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

  add(intent: Intent): void {
    const bytes = waitingIntentBytes + bytesOf(intent)
    this.#waiting.push({ intent, bytes })
    this.#backlog.add(bytes)
  }

  drop(isMeant: (intent: Intent) => boolean): void {
    this.#waiting = this.#waiting.filter(({ intent, bytes }) => {
      if (isMeant(intent)) this.#backlog.remove(bytes)
      return !isMeant(intent)
    })
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
    const intents = taken.map(({ intent }) => intent)
    const bytes = taken.reduce((sum, waiting) => sum + waiting.bytes, 0)
    this.#begin({ commit: commitOf(intents, head, stateOf), intents, bytes })
  }

  /** No cursor is given before its branch is on the disk: after a crash it would be nobody's. */
  writeBranch(head: number, branch: NonNullable<Commit['branch']>): void {
    const nothing = commitOf([], head, () => {
      throw new Error('An opening writes no document.')
    })
    this.#begin({ commit: { ...nothing, branch }, intents: [], bytes: 0 })
  }

  #begin(writing: Writing): void {
    this.#disk = { is: 'writing', ...writing }
    this.#emit({ type: 'write', commit: writing.commit })
  }

  written(): Pick<Writing, 'commit' | 'intents'> {
    if (this.#disk.is === 'idle') throw new Error('Something was written that was not asked for.')
    const { is, commit, intents, bytes } = this.#disk
    this.#backlog.remove(bytes)
    if (is === 'refusing') this.#emit({ type: 'sayReady', ready: true })
    this.#disk = { is: 'idle' }
    return { commit, intents }
  }

  failed(now: number): void {
    if (this.#disk.is === 'idle') throw new Error('A write failed that was not asked for.')
    if (this.#disk.is === 'writing') this.#emit({ type: 'sayReady', ready: false })
    const retryAt = now + writeRetryMs
    this.#disk = { ...this.#disk, is: 'refusing', retryAt }
    this.#emit({ type: 'wakeAt', time: retryAt })
  }

  woken(now: number): void {
    if (this.#disk.is !== 'refusing' || this.#disk.retryAt > now) return
    this.#disk = { ...this.#disk, retryAt: Number.POSITIVE_INFINITY }
    this.#emit({ type: 'write', commit: this.#disk.commit })
  }
}

/** Beside what every intent weighs. */
function bytesOf(intent: Intent): number {
  switch (intent.is) {
    case 'append':
      return intent.effect.update.length
    case 'replace':
      return intent.by.pieces.reduce((sum, piece) => sum + piece.length, 0)
    case 'forget':
      return intent.ids.length * waitingViewBytes
    case 'fold':
      return intent.claims.reduce((sum, { clients }) => sum + waitingViewBytes + 8 * clients.length, 0)
    case 'keep':
      return 0
    default:
      return unreachable(intent)
  }
}
