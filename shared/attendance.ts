// attendance.ts — who is in a room, and who is seen there. Knows: links, whose they are, what each may and wants, whose
// socket is full. Must not know: the log. What is said within a moment is told to all at once: among 200 people who
// move, each would else be told 200 times a second. [P1] [B1]
import { ownerNamed } from './claims.ts'
import type { Claims, Owner } from './claims.ts'
import { inLots } from './in-lots.ts'
import { presenceEntriesMax, presenceGatherMs, presenceReadersPerMs, roomPresencesMax } from './limits.ts'
import type { PresenceEntry } from './message.ts'
import { Presence } from './presence.ts'
import type { Joining, LinkId, RoomEffect } from './room-words.ts'

export type Member = Omit<Joining, 'knowledge'> & { readonly owner: Owner }

export class Attendance {
  readonly #room: number
  readonly #emit: (effect: RoomEffect) => void
  readonly #members = new Map<LinkId, Member>()
  readonly #links = new Map<Owner, Set<LinkId>>()
  readonly #presence: Presence
  /** What is to be told to those who have been told all before it. */
  readonly #news = new Map<number, PresenceEntry>()
  readonly #newsOf = new Set<Owner>()
  /** That is for everybody: a tab that was killed is of the same replica as the one that goes on. [P1] */
  #someAreGone = false
  /** Who has to be told of everybody. */
  readonly #newcomers = new Set<LinkId>()
  /** Whose socket takes no more, and since when. */
  readonly #full = new Map<LinkId, number>()
  #isGathering = false
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(room: number, claims: Claims, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#emit = emit
    this.#presence = new Presence(claims, {
      spread: (entry, from) => this.#note(entry, from),
      ask: (owner, gone) => this.#ask(owner, gone),
    })
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  get links(): Iterable<LinkId> {
    return this.#members.keys()
  }

  member(link: LinkId): Member | undefined {
    return this.#members.get(link)
  }

  enter({ link, number, wire, replica, mayWrite, wantsPresence }: Joining): Member {
    const owner = replica === undefined ? `stock ${link}` : ownerNamed(replica)
    const member = { link, number, wire, replica, mayWrite, wantsPresence, owner }
    this.#members.set(link, member)
    this.#links.set(owner, (this.#links.get(owner) ?? new Set()).add(link))
    return member
  }

  /** To be called when the newcomer has been told that it is in, or when it asks. */
  showPresent(link: LinkId): void {
    if (this.#presence.size > 0 && this.#members.get(link)?.wantsPresence === true) this.#newcomers.add(link)
    this.#tellSoon()
  }

  /** Who said so is gone at once; of who was lost the other sockets count, and a grace. */
  leave(link: LinkId, saidSo: boolean, now: number): void {
    const member = this.#members.get(link)
    if (member === undefined) return
    this.#members.delete(link)
    this.#newcomers.delete(link)
    this.#full.delete(link)
    const others = this.#links.get(member.owner)
    others?.delete(link)
    if (others !== undefined && others.size > 0) return
    this.#links.delete(member.owner)
    if (saidSo) this.#presence.leave(member.owner, now)
    else this.#presence.lose(member.owner, now)
    this.#tellSoon()
  }

  /** All links of a replica: a socket that it has given up may live on for a while. */
  linksOf(owner: Owner): LinkId[] {
    return [...(this.#links.get(owner) ?? [])]
  }

  /** Returns whether that is a change. */
  allowWriting(link: LinkId, mayWrite: boolean): boolean {
    const member = this.#members.get(link)
    if (member === undefined || member.mayWrite === mayWrite) return false
    this.#members.set(link, { ...member, mayWrite })
    return true
  }

  say(link: LinkId, entries: readonly PresenceEntry[], isOpening: boolean, now: number): void {
    const member = this.#members.get(link)
    if (member === undefined) return
    const { owner, replica } = member
    this.#presence.say({ owner, isNamed: replica !== undefined, isOpening }, entries, now)
    this.#tellSoon()
  }

  expire(now: number): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#presence.expire(now)
    this.#tellSoon()
  }

  gathered(): void {
    this.#isGathering = false
    this.#tellSoon()
  }

  /** It is told nothing for now, and who is there when it reads again. */
  filled(link: LinkId, now: number): void {
    if (this.#members.get(link)?.wantsPresence === true && !this.#full.has(link)) this.#full.set(link, now)
  }

  drained(link: LinkId): void {
    const since = this.#full.get(link)
    if (since === undefined) return
    this.#full.delete(link)
    this.#tell([link], this.#presence.goneSince(since))
    this.showPresent(link)
  }

  #note(entry: PresenceEntry, from: Owner): void {
    this.#news.set(entry.client, entry)
    this.#newsOf.add(from)
    if (entry.state === '') this.#someAreGone = true
    if (this.#news.size > roomPresencesMax) this.#tellNow()
  }

  #ask(owner: Owner, gone: PresenceEntry): void {
    for (const link of this.#links.get(owner) ?? []) {
      if (this.#members.get(link)?.wantsPresence === true && !this.#full.has(link)) this.#tell([link], [gone])
    }
  }

  #tellSoon(): void {
    const { due } = this.#presence
    if (due < this.#wakesAt) {
      this.#wakesAt = due
      this.#emit({ type: 'wakeAt', time: due })
    }
    if (this.#isGathering || (this.#news.size === 0 && this.#newcomers.size === 0)) return
    this.#tellNow()
    this.#isGathering = true
    const ms = Math.ceil(this.#members.size / presenceReadersPerMs)
    this.#emit({ type: 'gather', ms: Math.min(ms, presenceGatherMs) })
  }

  #tellNow(): void {
    const readers: LinkId[] = []
    for (const member of this.#members.values()) if (this.#isToldNews(member)) readers.push(member.link)
    this.#tell(readers, [...this.#news.values()])
    const newcomers = [...this.#newcomers].filter((link) => !this.#full.has(link))
    const gone = [...this.#news.values()].filter(({ state }) => state === '')
    this.#tell(newcomers, [...gone, ...this.#presence.all()])
    this.#news.clear()
    this.#newsOf.clear()
    this.#someAreGone = false
    this.#newcomers.clear()
  }

  /** A stock client expects its own echo; a replica knows what it said. */
  #isToldNews({ link, wire, owner, wantsPresence }: Member): boolean {
    if (!wantsPresence || this.#newcomers.has(link) || this.#full.has(link)) return false
    return wire === 'stock' || this.#someAreGone || this.#newsOf.size > 1 || !this.#newsOf.has(owner)
  }

  #tell(links: readonly LinkId[], entries: readonly PresenceEntry[]): void {
    if (links.length === 0) return
    for (const some of inLots(entries, presenceEntriesMax)) {
      this.#emit({
        type: 'tellAll',
        links,
        message: { type: 'presence', linkOrRoom: this.#room, entries: some },
      })
    }
  }
}
