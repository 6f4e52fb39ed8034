// readiness.ts — whether the relay can keep its promise now: a record is written and synced, within a time limit.
// Knows: one record, and when it was last tried. Must not know: HTTP, who asks. However many ask, one write is under
// way at a time and none is repeated within a second. [B1]
import { probeKey } from '../shared/record-keys.ts'
import type { Store } from '../shared/store.ts'

export type Readiness =
  | { readonly isReady: true; readonly writeMs: number }
  | {
      readonly isReady: false
      readonly code: 'draining' | 'disk-refuses' | 'disk-slow'
      readonly reason: string
    }

export type ProbeOptions = {
  readonly store: Store
  /** The tenants' machines say that the disk refused, and has not written since. */
  readonly isRefused: () => boolean
  readonly now: () => number
  readonly answerMsMax: number
}

const repeatMs = 1000

/** A block of the disk: a full one still takes a few bytes, where the last block of a file has room for them. */
const recordBytes = 4096

export class Probe {
  readonly #options: ProbeOptions
  #isDraining = false
  #underWay: Promise<Readiness> | undefined
  #last: { readonly at: number; readonly outcome: Readiness } | undefined
  #written = 0

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  drain(): void {
    this.#isDraining = true
  }

  async ask(): Promise<Readiness> {
    const known = this.#known()
    if (known !== undefined) return known
    const { now } = this.#options
    if (this.#last !== undefined && now() - this.#last.at < repeatMs) return this.#last.outcome
    this.#underWay ??= this.#try()
    const outcome = await this.#underWay
    return this.#known() ?? outcome
  }

  #known(): Readiness | undefined {
    if (this.#isDraining)
      return {
        isReady: false,
        code: 'draining',
        reason: 'The relay is being stopped. Send people to another, or wait for the next start.',
      }
    if (this.#options.isRefused())
      return {
        isReady: false,
        code: 'disk-refuses',
        reason: 'The disk refuses to write. Make room, or mend it; the relay goes on by itself.',
      }
    return undefined
  }

  async #try(): Promise<Readiness> {
    const { now, answerMsMax } = this.#options
    const began = now()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Readiness>((resolve) => {
      const reason = `The disk did not write and sync a record within ${answerMsMax} ms. Look what else uses it.`
      timer = setTimeout(() => resolve({ isReady: false, code: 'disk-slow', reason }), answerMsMax)
    })
    const written = this.#write(began)
    const outcome = await Promise.race([written, late])
    clearTimeout(timer)
    this.#last = { at: now(), outcome }
    // A write that hangs is not followed by another one until it has ended.
    void written.finally(() => {
      this.#underWay = undefined
    })
    return outcome
  }

  async #write(began: number): Promise<Readiness> {
    const value = new TextEncoder().encode(String(++this.#written).padEnd(recordBytes))
    try {
      await this.#options.store.write({ put: [{ key: probeKey(), value }], durability: 'synced' })
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      return {
        isReady: false,
        code: 'disk-refuses',
        reason: `The disk refuses to write: ${cause}. Make room, or mend it.`,
      }
    }
    return { isReady: true, writeMs: Math.round(this.#options.now() - began) }
  }
}
