// session-links.ts — the links of one native socket whose replica is known: which number stands for which document, and
// what the token allows there. Knows: what each may, who has to be asked first. Must not know: tokens, the clock, rooms'
// insides. What it lets through to a room, the token allows. [S1]
import { AskedOpens } from './asked-opens.ts'
import { documentClientsMax, linksMax } from './limits.ts'
import { closedCode, comeBack, right, want } from './message.ts'
import type { ClosedCode, ComeBack, Message, MessageOf } from './message.ts'
import type { LinkId, RoomInput } from './room-words.ts'
import type { Grant, Refusal, SessionEffect, SessionInput } from './session-words.ts'
import { unreachable } from './unreachable.ts'

type OpenLink = { readonly id: LinkId; readonly number: number; readonly document: string; rights: number }

type LinkMessage = MessageOf<'leave' | 'known' | 'push' | 'filed' | 'digest' | 'presence'>

export type LinksOptions = {
  readonly replica: Uint8Array
  readonly tenant: string
  readonly nextLink: () => LinkId
  readonly emit: (effect: SessionEffect) => void
}

const rightEnded: Refusal = {
  code: 'forbidden',
  reason: 'Your right to read this document has ended. Ask for it, or sign in as somebody else. (forbidden)',
  isPassing: false,
}

const notToBeRead: Refusal = {
  code: 'forbidden',
  reason:
    'This document may not be read with this token. Ask for it, or sign in as somebody else. (forbidden)',
  isPassing: false,
}

const moreThanFits = `This document was written by more than ${documentClientsMax} clients. Export it, and begin a new one. (too-large)`

/** Before a link is opened again of which nobody could say what is allowed. */
const askAgainMs = 5_000

export class SessionLinks {
  readonly #replica: Uint8Array
  readonly #tenant: string
  readonly #nextLink: () => LinkId
  readonly #emit: (effect: SessionEffect) => void
  readonly #links = new Map<number, OpenLink>()
  #asked: AskedOpens | undefined
  /** The socket takes no more for now. */
  #isFull = false

  constructor({ replica, tenant, nextLink, emit }: LinksOptions) {
    this.#replica = replica
    this.#tenant = tenant
    this.#nextLink = nextLink
    this.#emit = emit
  }

  get count(): number {
    return this.#links.size
  }

  get isFull(): boolean {
    return this.#isFull
  }

  get documents(): string[] {
    return [...this.#links.values()].map(({ document }) => document)
  }

  /** Whether this is about a link that has to wait until its rights are known; or too much is. */
  keep(message: Message): 'kept' | 'notHere' | 'tooMuch' {
    return this.#asked === undefined || this.#asked.size === 0 ? 'notHere' : this.#asked.keep(message)
  }

  open(message: MessageOf<'open'>, grant: Grant): 'opened' | 'tooMany' | 'tooMuch' | 'taken' {
    if (this.#links.size + (this.#asked?.size ?? 0) >= linksMax) return 'tooMany'
    if (this.#links.has(message.link) || this.#asked?.has(message.link) === true) return 'taken'
    const rights = grant.rightsOf(message.document)
    if (rights === undefined) {
      this.#asked ??= new AskedOpens()
      if (!this.#asked.ask(message)) return 'tooMuch'
      this.#emit({ type: 'askRights', link: message.link, document: message.document })
      return 'opened'
    }
    if ((rights & right.read) === 0) {
      this.#sayRefused(message.link, notToBeRead)
      return 'opened'
    }
    const link = { id: this.#nextLink(), number: message.link, document: message.document, rights }
    this.#links.set(message.link, link)
    this.#toRoom(link, {
      type: 'joined',
      link: link.id,
      number: link.number,
      wire: 'native',
      replica: this.#replica,
      mayWrite: (rights & right.write) !== 0,
      wantsPresence: (message.wants & want.presence) !== 0,
      knowledge: message.knowledge,
    })
    // Nothing more of it is read for a socket that has enough to take already. [B1]
    if (this.#isFull) this.#toRoom(link, { type: 'filled', link: link.id })
    return 'opened'
  }

  /** What was said of an open that waited for the answer, itself first: to be heard again. */
  rightsAnswered(
    { link: number, document, refusal }: SessionInput & { type: 'rightsAnswered' },
    grant: Grant,
  ): readonly Message[] {
    const asked = this.#asked?.take(number, document)
    if (asked !== undefined) {
      if (refusal === undefined) return [asked.open, ...asked.early]
      this.#sayRefused(number, refusal)
      return []
    }
    const link = this.#links.get(number)
    if (link?.document !== document) return []
    if (refusal === undefined) this.#applyRights(link, grant)
    else this.#shut(link, refusal)
    return []
  }

  /** The grant is another one. */
  applyGrant(grant: Grant): void {
    for (const link of this.#links.values()) this.#applyRights(link, grant)
  }

  /** Words for a link that is gone are no fault: they crossed with the word that it is. */
  hear(message: LinkMessage): void {
    const link = this.#links.get(message.type === 'presence' ? message.linkOrRoom : message.link)
    if (link === undefined) return undefined
    if (message.type === 'leave') return this.#leave(link, true)
    return this.#toRoom(link, inputOf(message, link.id))
  }

  /** What the replica has of it is more than a document may hold: said again it would be the same. */
  tooLarge(number: number): void {
    const link = this.#links.get(number)
    if (link !== undefined) this.#leave(link, true)
    this.#sayClosed(number, closedCode.tooLarge, comeBack.no, moreThanFits, 0)
  }

  leaveAll(saidSo: boolean): void {
    for (const link of this.#links.values()) this.#leave(link, saidSo)
  }

  /** A room has let it go. */
  closed({ link: id, code, reason, afterMs }: SessionInput & { type: 'closed' }): void {
    const link = [...this.#links.values()].find((open) => open.id === id)
    if (link === undefined) return
    this.#leave(link, true)
    const word = Object.values(closedCode).find((known) => known === code) ?? closedCode.forbidden
    const again = word === closedCode.replaced || word === closedCode.notNow ? comeBack.later : comeBack.no
    this.#sayClosed(link.number, word, again, reason, afterMs)
  }

  fill(isFull: boolean): void {
    this.#isFull = isFull
    const type = isFull ? 'filled' : 'drained'
    for (const link of this.#links.values()) this.#toRoom(link, { type, link: link.id })
  }

  #applyRights(link: OpenLink, grant: Grant): void {
    const rights = grant.rightsOf(link.document)
    if (rights === undefined) {
      this.#emit({ type: 'askRights', link: link.number, document: link.document })
    } else if ((rights & right.read) === 0) {
      this.#shut(link, rightEnded)
    } else if (rights !== link.rights) {
      link.rights = rights
      this.#toRoom(link, { type: 'rightsChanged', link: link.id, mayWrite: (rights & right.write) !== 0 })
    }
  }

  #shut(link: OpenLink, refusal: Refusal): void {
    this.#leave(link, true)
    this.#sayRefused(link.number, refusal)
  }

  #leave(link: OpenLink, saidSo: boolean): void {
    this.#links.delete(link.number)
    this.#toRoom(link, { type: 'left', link: link.id, saidSo })
  }

  /** `forbidden` takes the document from the device: not where nobody could say what is allowed. */
  #sayRefused(link: number, { reason, isPassing }: Refusal): void {
    if (isPassing) this.#sayClosed(link, closedCode.notNow, comeBack.later, reason, askAgainMs)
    else this.#sayClosed(link, closedCode.forbidden, comeBack.withToken, reason, 0)
  }

  #sayClosed(link: number, code: ClosedCode, again: ComeBack, reason: string, afterMs: number): void {
    const message = { type: 'closed', link, code, comeBack: again, afterMs, reason } as const
    this.#emit({ type: 'send', message })
  }

  #toRoom({ document }: OpenLink, input: RoomInput): void {
    this.#emit({ type: 'happened', tenant: this.#tenant, document, input })
  }
}

function inputOf(message: Exclude<LinkMessage, { type: 'leave' }>, link: LinkId): RoomInput {
  switch (message.type) {
    case 'known':
      return { type: 'knew', link, stateVector: message.stateVector }
    case 'push':
      return { type: 'pushed', link, entries: message.entries }
    case 'filed':
      return { type: 'filed', link, entries: message.entries }
    case 'digest':
      return { type: 'compareAsked', link, position: message.position, digest: message.digest }
    case 'presence':
      return { type: 'presenceSaid', link, entries: message.entries, isOpening: false }
    default:
      return unreachable(message)
  }
}
