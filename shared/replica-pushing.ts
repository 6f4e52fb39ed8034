// replica-pushing.ts — one document going up: its outbox, the repairs that the relay needs, the answers. Knows: what may
// go next, and what an answer means for it. Must not know: how a link is opened, records, the socket's window (it asks,
// and is granted). An ack moves no cursor. [C2] [R1]
import { closedCode, refusedCode } from './message.ts'
import type { MessageOf } from './message.ts'
import type { DocumentEffect } from './replica-document-words.ts'
import { Outbox, pushEntryOf } from './replica-outbox.ts'
import type { OutboxEntry } from './replica-outbox.ts'
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
    this.#free((counter) => ranges.some(({ from, count }) => counter >= from && counter < from + count))
    if (this.#repairing.acknowledged(ranges)) this.outbox.unsend()
  }

  /** What is refused is in the inbox before anybody hears of it, and then `filed` is said. */
  refused(message: MessageOf<'refused'>, now: number): void {
    const refusals = message.entries.flatMap((refusal) => {
      const entry = this.outbox.refuse(refusal)
      return entry === undefined ? [] : [{ entry, code: refusal.code, reason: refusal.reason }]
    })
    if (message.entries.some(({ code }) => code === refusedCode.readOnly) && refusals.length > 0) {
      // All writing is refused. What was not sent yet would get the same answer, one by one.
      const reason = refusals.at(-1)?.reason ?? ''
      const rest = this.outbox.refuseAll()
      refusals.push(...rest.map((entry) => ({ entry, code: refusedCode.readOnly, reason })))
      this.#host.emit({ type: 'freePushes', count: this.#pushes.forgetAll() })
    }
    this.#free((counter) => message.entries.some((refusal) => refusal.counter === counter))
    if (refusals.length > 0) this.#host.write({ is: 'refuse', refusals, at: now })
  }

  missing({ stateVector }: MessageOf<'missing'>, now: number): void {
    const request = this.#host.nextRequest()
    switch (this.#repairing.answer(request)) {
      case 'begun':
        // An answer to both pushes, as far as the window goes: else two that are held back would stop the repair.
        this.#host.emit({ type: 'freePushes', count: this.#pushes.forgetAll() })
        this.#host.emit({ type: 'makeDifference', request, stateVector })
        return
      case 'exhausted':
        this.#fileOrphans(now)
        return
      case 'underWay':
    }
  }

  /** State vectors are exchanged: the relay has said what it has. */
  giveBack(stateVector: Uint8Array): void {
    const request = this.#host.nextRequest()
    this.#repairing.begin(request)
    this.#host.emit({ type: 'makeDifference', request, stateVector })
  }

  differenceMade(request: number, update: Uint8Array): void {
    if (this.#repairing.made(request, update, this.#host.nextRowless()) === 'again') this.outbox.unsend()
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
  #fileOrphans(now: number): void {
    const orphans = this.outbox.all.filter(({ state }) => state === 'sent')
    this.outbox.remove(orphans)
    for (const entry of orphans) entry.state = 'refused'
    this.#repairing.forgive()
    this.#host.emit({ type: 'freePushes', count: this.#pushes.forgetAll() })
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
