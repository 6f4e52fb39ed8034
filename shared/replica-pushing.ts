// replica-pushing.ts — one document going up: its outbox, the repairs that the relay needs, the answers. Knows: what may
// go next, and what an answer means for it. Must not know: how a link is opened, records, the socket's window (it asks,
// and is granted). An ack moves no cursor. [C2] [R1]
import { closedCode, refusedCode } from './message.ts'
import type { MessageOf } from './message.ts'
import type { DocumentEffect } from './replica-document-words.ts'
import { isIn, Outbox, pushEntryOf } from './replica-outbox.ts'
import type { OutboxEntry } from './replica-outbox.ts'
import { orphansAmong } from './replica-orphans.ts'
import { Pushes } from './replica-pushes.ts'
import { orphanedCode } from './replica-records.ts'
import { Repairing } from './replica-repairing.ts'
import type { Task } from './replica-writing.ts'

export type PushingHost = {
  readonly emit: (effect: DocumentEffect) => void
  readonly write: (task: Task) => void
  readonly nextRequest: () => number
  /** For what goes up without a row. */
  readonly nextRowless: () => number
  /** Acknowledged, and no disk has taken that yet: what is made of the store does not hold them. */
  readonly unconfirmed: () => readonly OutboxEntry[]
  /** The relay has what it lacked, as far as it takes it. */
  readonly repaired: () => void
}

export class Pushing {
  readonly outbox: Outbox = new Outbox()
  readonly #host: PushingHost
  readonly #pushes = new Pushes()
  readonly #repairing = new Repairing()
  #wants = false
  #lastSaved: number | undefined

  constructor(host: PushingHost) {
    this.#host = host
  }

  get lastSaved(): number | undefined {
    return this.#lastSaved
  }

  get isRepairing(): boolean {
    return this.#repairing.isUnderWay
  }

  get unansweredSince(): number | undefined {
    return this.#pushes.oldestSince
  }

  load(entries: readonly OutboxEntry[], lastSaved: number | undefined): void {
    this.outbox.load(entries)
    this.#lastSaved = lastSaved
  }

  ask(mayPush: boolean): void {
    const hasSomething = this.#repairing.isReady || (!this.#repairing.isUnderWay && this.outbox.hasReady)
    if (!mayPush || !hasSomething || this.#wants) return
    this.#wants = true
    this.#host.emit({ type: 'wantPush' })
  }

  /** The window has room for one. Nothing to push any more: it is given back. */
  granted(mayPush: boolean, now: number): void {
    this.#wants = false
    const repair = mayPush ? this.#repairing.take() : undefined
    const taken = repair === undefined && mayPush && !this.isRepairing ? this.outbox.take() : []
    const entries = repair === undefined ? taken.map((entry) => pushEntryOf(entry.kept())) : [repair]
    if (entries.length === 0) {
      this.#host.emit({ type: 'freePushes', count: 1 })
      return
    }
    this.#pushes.opened(
      entries.map(({ counter }) => counter),
      now,
    )
    this.#host.emit({ type: 'push', entries })
  }

  acknowledged({ ranges }: MessageOf<'ack'>, now: number): void {
    const entries = this.outbox.acknowledge(ranges)
    if (entries.length > 0) {
      this.#repairing.editWasAcknowledged()
      this.#lastSaved = now
      this.#host.write({ is: 'acknowledge', entries, at: now })
    }
    this.#answered((counter) => ranges.some((range) => isIn(range, counter)))
  }

  /** What is refused is in the inbox before anybody hears of it, and then `filed` is said. */
  refused(message: MessageOf<'refused'>, now: number): void {
    const refusals = message.entries.flatMap((refusal) => {
      const entry = this.outbox.refuse(refusal)
      return entry === undefined ? [] : [{ entry, code: refusal.code, reason: refusal.reason }]
    })
    // Each of the others gets its own answer, also where all writing is refused: the log may have it from before. [D3]
    this.#answered((counter) => message.entries.some((refusal) => refusal.counter === counter))
    if (refusals.length > 0) this.#host.write({ is: 'refuse', refusals, at: now })
  }

  missing({ stateVector }: MessageOf<'missing'>, now: number): void {
    const request = this.#host.nextRequest()
    switch (this.#repairing.answer(request)) {
      case 'begun':
        // An answer to both pushes, as far as the window goes: else two that are held back would stop the repair.
        this.#host.emit({ type: 'freePushes', count: this.#pushes.forgetAll() })
        this.#giveBack(request, stateVector)
        return
      case 'exhausted':
        this.#fileOrphans(stateVector, now)
        return
      case 'underWay':
    }
  }

  /** State vectors are exchanged: the relay has said what it has. */
  giveBack(stateVector: Uint8Array): void {
    const request = this.#host.nextRequest()
    this.#repairing.begin(request)
    this.#giveBack(request, stateVector)
  }

  /** What the store holds as confirmed in one piece, and behind it what only this tab knows to be. */
  #giveBack(request: number, stateVector: Uint8Array): void {
    const repairs = this.#host.unconfirmed().map((entry) => entry.asRepair(this.#host.nextRowless()))
    this.outbox.addFirst(repairs)
    this.#host.emit({ type: 'makeDifference', request, stateVector })
  }

  differenceMade(request: number, update: Uint8Array): void {
    this.#repaired(this.#repairing.made(request, update, this.#host.nextRowless()))
  }

  /** A repair that is refused is over as well: its author may be asked, and nobody here is. */
  #answered(isAnswered: (counter: number) => boolean): void {
    this.#free(isAnswered)
    this.#repaired(this.#repairing.answered(isAnswered))
  }

  #repaired(outcome: ReturnType<Repairing['made']>): void {
    if (outcome === 'again') this.outbox.unsend()
    if (outcome === 'again' || outcome === 'done') this.#host.repaired()
  }

  /** The link is gone, or is opened anew: what has no answer goes again. */
  stop(): void {
    const count = this.#pushes.forgetAll() + (this.#wants ? 1 : 0)
    if (count > 0) this.#host.emit({ type: 'freePushes', count })
    this.#wants = false
    this.#repairing.stop()
    this.outbox.unsend()
  }

  forgive(): void {
    this.#repairing.forgive()
  }

  /** No disk takes them: they go up from memory, if they are of this history. */
  goDirect(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      if (entry.state !== 'inMemory') continue
      if (entry.counter === 0) entry.counter = this.#host.nextRowless()
      entry.state = 'direct'
    }
  }

  /**
   * The relay has all that is confirmed here, twice, and still lacks what these build on: it was refused, and they with
   * it. Waiting would be for ever.
   */
  #fileOrphans(stateVector: Uint8Array, now: number): void {
    // What has no gap there was taken, and its ack is on its way [D3]; or else it is asked about after a while. [L1]
    const orphans = orphansAmong(this.outbox.sent, stateVector)
    this.outbox.remove(orphans)
    for (const entry of orphans) entry.state = 'refused'
    this.#repairing.forgive()
    const counters = new Set(orphans.map(({ counter }) => counter))
    this.#free((counter) => counters.has(counter))
    const reason = 'This change builds on one that is nowhere any more.'
    const refusals = orphans.map((entry) => ({ entry, code: orphanedCode, reason }))
    if (refusals.length > 0) this.#host.write({ is: 'refuse', refusals, at: now })
  }

  #free(isAnswered: (counter: number) => boolean): void {
    const count = this.#pushes.answered(isAnswered)
    if (count > 0) this.#host.emit({ type: 'freePushes', count })
  }
}

/** Whether the relay keeps the answer until it hears that it is filed. */
export function isKeptByRelay(code: number): boolean {
  return code !== orphanedCode && code !== refusedCode.readOnly && code !== closedCode.replaced
}
