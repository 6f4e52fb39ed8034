// joins.ts — how many links may be given a whole document at a time, over all documents: after a restart everyone comes
// back at once, and who cannot be served now is told when to come again, one behind the other. Knows: links, times, how
// much the relay has to do. Must not know: sockets, rooms, what a document holds. Who only goes on from a cursor is
// always let in. [B1] [L1]
import { joinMsMax, joinsAtOnce, putOffMsMax, settlingMs } from './limits.ts'
import { knowledgeKind, planKind } from './message.ts'
import type { Message, Plan } from './message.ts'
import type { DocumentClass, Overload } from './overload.ts'
import type { Joining, LinkId } from './room-words.ts'

export class Joins {
  readonly #overload: Overload
  readonly #settledAt: number
  /** Who is being given a document, and until when that counts: a stock client may never ask for its part. */
  readonly #underWay = new Map<LinkId, number>()
  /** Those who were told to come again, and when the last of them will. */
  #line = 0
  #lineEndsAt = 0

  /** `startedAgainAt`: everybody who was there before comes back then. */
  constructor(overload: Overload, startedAgainAt: number) {
    this.#overload = overload
    this.#settledAt = startedAgainAt + settlingMs
  }

  /** Undefined: it may come in. Else after how many milliseconds it may ask again. */
  ask(joining: Joining, documentClass: DocumentClass, now: number): number | undefined {
    if (!wantsAll(joining)) return undefined
    this.#forgetLate(now)
    const most = this.#most(documentClass, now)
    const isShed = this.#overload.isShed(documentClass)
    if (!isShed && this.#underWay.size < most) {
      this.#underWay.set(joining.link, now + joinMsMax)
      return undefined
    }
    const afterMs = this.#behindTheOthers(most, now)
    return isShed ? Math.max(afterMs, this.#overload.word.afterMs) : afterMs
  }

  told(link: LinkId, message: Message): void {
    if (message.type === 'caughtUp' || (message.type === 'opened' && isLittle(message.plan))) this.ended(link)
  }

  /** It has all of it, or left. */
  ended(link: LinkId): void {
    this.#underWay.delete(link)
  }

  #most(documentClass: DocumentClass, now: number): number {
    if (documentClass === 'critical') return joinsAtOnce.normal
    const most = joinsAtOnce[this.#overload.mode]
    return now < this.#settledAt ? Math.min(most, joinsAtOnce.settling) : most
  }

  /** As many in each second as can be served at a time. */
  #behindTheOthers(most: number, now: number): number {
    if (now >= this.#lineEndsAt) this.#line = 0
    this.#line += 1
    const afterMs = Math.min(putOffMsMax, 1_000 * Math.ceil(this.#line / most))
    this.#lineEndsAt = Math.max(this.#lineEndsAt, now + afterMs)
    return afterMs
  }

  /** The oldest come first. */
  #forgetLate(now: number): void {
    for (const [link, until] of this.#underWay) {
      if (until > now) return
      this.#underWay.delete(link)
    }
  }
}

/** Of a cursor the relay has only to read on; a stock client says nothing of what it has before it is in. */
function wantsAll({ wire, knowledge }: Joining): boolean {
  return wire === 'stock' || knowledge.kind !== knowledgeKind.cursor
}

function isLittle({ kind }: Plan): boolean {
  return kind === planKind.atHead || kind === planKind.tail
}
