// attendance.ts — who is in a room. Knows: links, whose they are, what each may and wants, whose socket is full. Must not
// know: the log, what is said of presence and when it is told: of that there is nothing until somebody speaks. [P1] [B1]
import { ownerNamed } from './claims.ts'
import type { Claims, Owner } from './claims.ts'
import type { PresenceEntry } from './message.ts'
import { PresenceNews } from './presence-news.ts'
import type { Joining, LinkId, RoomEffect } from './room-words.ts'

export type Member = Omit<Joining, 'knowledge'> & { readonly owner: Owner }

export class Attendance {
  readonly #room: number
  readonly #claims: Claims
  readonly #emit: (effect: RoomEffect) => void
  readonly #members = new Map<LinkId, Member>()
  readonly #links = new Map<Owner, readonly LinkId[]>()
  /** Whose socket takes no more, and since when. */
  #full: Map<LinkId, number> | undefined
  #news: PresenceNews | undefined

  constructor(room: number, claims: Claims, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#claims = claims
    this.#emit = emit
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  get size(): number {
    return this.#members.size
  }

  get links(): Iterable<LinkId> {
    return this.#members.keys()
  }

  get members(): Iterable<Member> {
    return this.#members.values()
  }

  member(link: LinkId): Member | undefined {
    return this.#members.get(link)
  }

  enter({ link, number, wire, replica, mayWrite, wantsPresence }: Joining): Member {
    const owner = replica === undefined ? `stock ${link}` : ownerNamed(replica)
    const member = { link, number, wire, replica, mayWrite, wantsPresence, owner }
    this.#members.set(link, member)
    const others = this.#links.get(owner)
    this.#links.set(owner, others === undefined ? [link] : [...others, link])
    return member
  }

  /** To be called when the newcomer has been told that it is in, or when it asks. */
  showPresent(link: LinkId): void {
    this.#news?.showPresent(link)
  }

  /** Who said so is gone at once; of who was lost the other sockets count, and a grace. */
  leave(link: LinkId, saidSo: boolean, now: number): void {
    const member = this.#members.get(link)
    if (member === undefined) return
    this.#members.delete(link)
    this.#full?.delete(link)
    const { owner } = member
    const others = this.linksOf(owner).filter((other) => other !== link)
    if (others.length > 0) this.#links.set(owner, others)
    else this.#links.delete(owner)
    this.#news?.left(link, others.length === 0 ? owner : undefined, saidSo, now)
  }

  /** All links of a replica: a socket that it has given up may live on for a while. */
  linksOf(owner: Owner): readonly LinkId[] {
    return this.#links.get(owner) ?? []
  }

  /** Returns whether that is a change. */
  allowWriting(link: LinkId, mayWrite: boolean): boolean {
    const member = this.#members.get(link)
    if (member === undefined || member.mayWrite === mayWrite) return false
    this.#members.set(link, { ...member, mayWrite })
    return true
  }

  /** Nothing of presence is told to it for now. */
  isFull(link: LinkId): boolean {
    return this.#full?.has(link) === true
  }

  say(link: LinkId, entries: readonly PresenceEntry[], isOpening: boolean, now: number): void {
    const member = this.#members.get(link)
    if (member === undefined) return
    const { owner, replica } = member
    this.#news ??= new PresenceNews(this.#room, this.#claims, this, this.#emit)
    this.#news.say({ owner, isNamed: replica !== undefined, isOpening }, entries, now)
  }

  expire(now: number): void {
    this.#news?.expire(now)
  }

  gathered(): void {
    this.#news?.gathered()
  }

  /** It is told nothing for now, and who is there when it reads again. */
  filled(link: LinkId, now: number): void {
    if (this.#members.get(link)?.wantsPresence !== true || this.isFull(link)) return
    this.#full ??= new Map()
    this.#full.set(link, now)
  }

  drained(link: LinkId): void {
    const since = this.#full?.get(link)
    if (since === undefined) return
    this.#full?.delete(link)
    this.#news?.readAgain(link, since)
  }
}
