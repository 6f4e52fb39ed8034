// asked-opens.ts — links that were opened and may not be let in yet: whoever says what a token allows there has to be
// asked first. What C says of them meanwhile waits. Knows: their numbers, order. Must not know: who is asked, rooms.
import { EarlySize } from './early-size.ts'
import { waitingMessageBytesMax, waitingMessagesMax } from './limits.ts'
import type { Message, MessageOf } from './message.ts'

type AskedOpen = { readonly open: MessageOf<'open'>; readonly early: Message[] }

export class AskedOpens {
  readonly #asked = new Map<number, AskedOpen>()
  readonly #size = new EarlySize({ countMax: waitingMessagesMax, bytesMax: waitingMessageBytesMax })

  get size(): number {
    return this.#asked.size
  }

  has(link: number): boolean {
    return this.#asked.has(link)
  }

  /** Returns whether it may wait; else too much does. [B1] */
  ask(open: MessageOf<'open'>): boolean {
    if (!this.#size.add(open)) return false
    this.#asked.set(open.link, { open, early: [] })
    return true
  }

  /** Whether the message is about such a link, and so has to wait; or that too much does. [B1] */
  keep(message: Message): 'kept' | 'notHere' | 'tooMuch' {
    const link = linkOf(message)
    const asked = link === undefined ? undefined : this.#asked.get(link)
    if (asked === undefined) return 'notHere'
    if (message.type === 'leave') {
      this.#remove(asked)
      return 'kept'
    }
    if (!this.#size.add(message)) return 'tooMuch'
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
    this.#size.remove(open)
    for (const message of early) this.#size.remove(message)
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
