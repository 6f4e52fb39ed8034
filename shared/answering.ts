// answering.ts — what is said of updates when the disk has what it speaks of: acks, echoes, refusals, and the refusals that
// are kept until their authors have filed them. Knows: who waits for which answer. Must not know: why something was
// refused, what the log holds. [D1] [R1]
import { Acks } from './acks.ts'
import type { Attendance } from './attendance.ts'
import type { Backlog } from './backlog.ts'
import { counterRanges } from './counter-ranges.ts'
import { inLots } from './in-lots.ts'
import { KeptAnswers } from './kept-answers.ts'
import { answersMax, waitingAnswerBytes, waitingViewBytes } from './limits.ts'
import type { FiledEntry } from './message.ts'
import type { KeptAnswer, LinkId, PushId, RoomEffect } from './room-words.ts'
import { unreachable } from './unreachable.ts'

/** What is said when the disk has it. */
export type Waiting =
  | { readonly is: 'ack'; readonly counter: number }
  | { readonly is: 'echo'; readonly update: Uint8Array }
  | { readonly is: 'refusal'; readonly answer: KeptAnswer }

export class Answering {
  readonly #room: number
  readonly #attendance: Attendance
  readonly #emit: (effect: RoomEffect) => void
  readonly #acks: Acks<LinkId, Waiting>
  readonly #kept = new KeptAnswers()

  constructor(room: number, attendance: Attendance, backlog: Backlog, emit: (effect: RoomEffect) => void) {
    this.#acks = new Acks(backlog)
    this.#room = room
    this.#attendance = attendance
    this.#emit = emit
  }

  get isAllDurable(): boolean {
    return this.#acks.isAllDurable
  }

  load(answers: readonly KeptAnswer[]): void {
    for (const answer of answers) this.#kept.keep(answer)
  }

  /** The answer that this very entry got before. */
  find(id: PushId): KeptAnswer | undefined {
    return this.#kept.find(id)
  }

  /** An update goes to the disk. */
  appended(): void {
    this.#acks.appended()
  }

  wait(link: LinkId, answer: Waiting): void {
    this.#acks.wait(link, answer, waitingAnswerBytes + bytesOf(answer))
  }

  /** So that a re-send gets the same one. */
  keep(answer: KeptAnswer): void {
    const forgotten = this.#kept.keep(answer)
    this.#acks.appended()
    this.#emit({ type: 'keepAnswer', answer })
    if (forgotten === undefined) return
    this.#emit({ type: 'notice', what: 'answerForgotten' })
    this.#emit({ type: 'forgetAnswers', ids: [forgotten] })
  }

  filed(link: LinkId, entries: readonly FiledEntry[]): void {
    const replica = this.#attendance.member(link)?.replica
    if (replica === undefined) return
    const filed = entries
      .map(({ counter, hash }) => ({ replica, counter, hash }))
      .filter((id) => this.#kept.forget(id))
    if (filed.length > 0) this.#emit({ type: 'forgetAnswers', ids: filed })
  }

  leave(link: LinkId): void {
    this.#acks.forget(link)
  }

  becameDurable(count: number): void {
    this.#acks.becameDurable(count)
  }

  tellWhatIsDue(): void {
    const due = this.#acks.take()
    if (due.length === 0) return
    const counters = new Map<LinkId, number[]>()
    for (const { link, answer } of due) {
      if (this.#attendance.member(link) === undefined) continue
      if (answer.is === 'echo') {
        this.#emit({ type: 'echo', link, update: answer.update })
      } else if (answer.is === 'refusal') {
        // A refusal of all writing speaks for what has no answer yet: the acks before it come before it. [D3]
        this.#acknowledge(link, counters.get(link) ?? [])
        counters.delete(link)
        this.#tellRefusal(link, answer.answer)
      } else {
        const before = counters.get(link)
        if (before === undefined) counters.set(link, [answer.counter])
        else before.push(answer.counter)
      }
    }
    for (const [link, all] of counters) this.#acknowledge(link, all)
  }

  #acknowledge(link: LinkId, counters: readonly number[]): void {
    for (const ranges of inLots(counterRanges(counters), answersMax)) {
      this.#emit({ type: 'tell', link, message: { type: 'ack', room: this.#room, ranges } })
    }
  }

  #tellRefusal(link: LinkId, { counter, hash, code, reason }: KeptAnswer): void {
    const entries = [{ counter, hash, code, reason }]
    this.#emit({ type: 'tell', link, message: { type: 'refused', room: this.#room, entries } })
  }
}

/** Beside what every answer weighs. */
function bytesOf(answer: Waiting): number {
  switch (answer.is) {
    case 'ack':
      return 0
    case 'echo':
      return waitingViewBytes + answer.update.length
    case 'refusal':
      return waitingViewBytes
    default:
      return unreachable(answer)
  }
}
