// acks.ts — who waits for which answer about the disk. Knows: how many writes were asked for and how many of them
// are durable. Must not know: what is written, positions, the wire. The one place where an ack comes into being. [D1]
import type { Backlog } from './backlog.ts'

type Item<Link, Answer> = {
  readonly link: Link
  readonly answer: Answer
  readonly after: number
  readonly bytes: number
}

export class Acks<Link, Answer> {
  #asked = 0
  #durable = 0
  /** In the order of `after`, which is the order of arrival. */
  #waiting: Item<Link, Answer>[] = []
  readonly #backlog: Backlog

  constructor(backlog: Backlog) {
    this.#backlog = backlog
  }

  /** Something of this room goes to the disk. */
  appended(): void {
    this.#asked++
  }

  /**
   * Somebody is to hear of what was just appended, or of a copy of what was appended before. A copy waits for all
   * that is on its way: which of it holds the first copy is not known, and the disk may still lose it.
   */
  wait(link: Link, answer: Answer, bytes: number): void {
    this.#waiting.push({ link, answer, after: this.#asked, bytes })
    this.#backlog.add(bytes)
  }

  /** So many more are durable, in their order. */
  becameDurable(count: number): void {
    this.#durable += count
  }

  /** What may be said now. */
  take(): readonly { readonly link: Link; readonly answer: Answer }[] {
    if (this.#waiting.length === 0) return this.#waiting
    const end = this.#waiting.findIndex(({ after }) => after > this.#durable)
    return this.#gone(this.#waiting.splice(0, end === -1 ? this.#waiting.length : end))
  }

  forget(link: Link): void {
    this.#gone(this.#waiting.filter((waiting) => waiting.link === link))
    this.#waiting = this.#waiting.filter((waiting) => waiting.link !== link)
  }

  #gone(items: readonly Item<Link, Answer>[]): readonly Item<Link, Answer>[] {
    for (const { bytes } of items) this.#backlog.remove(bytes)
    return items
  }

  get isAllDurable(): boolean {
    return this.#asked === this.#durable
  }
}
