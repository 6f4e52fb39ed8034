// touching.ts — tells the list when somebody writes in a document: at the first key, once a minute while it goes on, and when
// it rests. So the list hears little, and whoever looked in meanwhile is told of what came after. [B1] Knows: the list, a
// clock. Must not know: what is written.
import type * as Y from 'yjs'
import { isAhead, touch } from './document-list.ts'

const everyMs = 60_000
const restMs = 10_000

export class Touching {
  readonly #list: Y.Doc
  readonly #id: string
  readonly #touched: (time: number) => void
  #last = 0
  #resting: ReturnType<typeof setTimeout> | undefined

  constructor(list: Y.Doc, id: string, touched: (time: number) => void) {
    this.#list = list
    this.#id = id
    this.#touched = touched
  }

  /** Each key calls this. */
  write(): void {
    clearTimeout(this.#resting)
    this.#resting = undefined
    const now = Date.now()
    // A time to come, of a clock that goes ahead, would keep the document on top of all others.
    if (now - this.#last >= everyMs || isAhead(this.#list, this.#id, now)) this.#touch()
    else this.#resting = setTimeout(() => this.rest(), restMs)
  }

  /** Whoever turns away from it writes no more. */
  rest(): void {
    if (this.#resting === undefined) return
    clearTimeout(this.#resting)
    this.#resting = undefined
    this.#touch()
  }

  #touch(): void {
    this.#last = Date.now()
    touch(this.#list, this.#id, this.#last)
    this.#touched(this.#last)
  }
}
