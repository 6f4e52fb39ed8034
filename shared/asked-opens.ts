// asked-opens.ts — links that were opened and may not be let in yet: whoever says what a token allows there has to be
// asked first. What C says of them meanwhile waits. Knows: their numbers, order. Must not know: who is asked, rooms.
import { waitingMessagesMax } from './limits.ts'
import type { Message, MessageOf } from './message.ts'

type AskedOpen = { readonly open: MessageOf<'open'>; readonly early: Message[] }

export class AskedOpens {
  readonly #asked = new Map<number, AskedOpen>()
  #earlyCount = 0

  get size(): number {
    return this.#asked.size
  }

  has(link: number): boolean {
    return this.#asked.has(link)
  }

  ask(open: MessageOf<'open'>): void {
    this.#asked.set(open.link, { open, early: [] })
  }

  /** Whether the message is about such a link, and so has to wait; or that too many do. [B1] */
  keep(message: Message): 'kept' | 'notHere' | 'tooMany' {
    const link = linkOf(message)
    const asked = link === undefined ? undefined : this.#asked.get(link)
    if (asked === undefined) return 'notHere'
    if (message.type === 'leave') {
      this.#remove(asked)
      return 'kept'
    }
    if (this.#earlyCount >= waitingMessagesMax) return 'tooMany'
    this.#earlyCount += 1
    asked.early.push(message)
    return 'kept'
  }

  /** The open and what was said after it; undefined where this is not asked any more. */
  take(link: number, document: string): AskedOpen | undefined {
    const asked = this.#asked.get(link)
    if (asked?.open.document !== document) return undefined
    this.#remove(asked)
    return asked
  }

  #remove({ open, early }: AskedOpen): void {
    this.#asked.delete(open.link)
    this.#earlyCount -= early.length
  }
}

function linkOf(message: Message): number | undefined {
  switch (message.type) {
    case 'leave':
    case 'known':
    case 'push':
    case 'filed':
    case 'digest':
      return message.link
    case 'presence':
      return message.linkOrRoom
    default:
      return undefined
  }
}
