// replica-heartbeat.ts — signs of life on one socket: one's own often enough, and the relay's not missing for too long.
// Knows: times. Must not know: messages. A half-open socket looks whole for minutes to those who only wait. [L1]
import { silenceMsDefault, silencesMax } from './replica-limits.ts'

export class Heartbeat {
  #silenceMs = silenceMsDefault
  #heardAt: number
  #saidAt: number

  constructor(now: number) {
    this.#heardAt = now
    this.#saidAt = now
  }

  agree(silenceMs: number): void {
    // A relay that asks for signs of life all the time would keep the device awake.
    this.#silenceMs = Math.max(1_000, silenceMs)
  }

  heard(now: number): void {
    this.#heardAt = now
  }

  said(now: number): void {
    this.#saidAt = now
  }

  isSilent(now: number): boolean {
    return now - this.#heardAt >= this.#silenceMs * silencesMax
  }

  /** A moment before it is due: what arrives late is silence. */
  isDue(now: number): boolean {
    return now >= this.#dueAt
  }

  get nextAt(): number {
    return Math.min(this.#dueAt, this.#heardAt + this.#silenceMs * silencesMax)
  }

  get #dueAt(): number {
    return this.#saidAt + Math.floor(this.#silenceMs * 0.8)
  }
}
