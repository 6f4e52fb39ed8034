// presence-news.ts — what is to be told of who is there, and to whom: what is said within a moment is told to all at once,
// among 200 people who move each would else be told 200 times a second. Knows: what was said since the last telling, who
// has been told nothing yet. Must not know: the log, when somebody is gone (presence.ts). [P1] [B1]
import type { Member } from './attendance.ts'
import type { Claims, Owner } from './claims.ts'
import { inLots } from './in-lots.ts'
import { presenceEntriesMax, presenceGatherMs, presenceReadersPerMs, roomPresencesMax } from './limits.ts'
import type { PresenceEntry } from './message.ts'
import { Presence } from './presence.ts'
import type { PresenceListener, Speaker } from './presence.ts'
import type { LinkId, RoomEffect } from './room-words.ts'

/** Who may hear it. */
export type Hearers = {
  readonly size: number
  readonly members: Iterable<Member>
  readonly member: (link: LinkId) => Member | undefined
  readonly linksOf: (owner: Owner) => readonly LinkId[]
  readonly isFull: (link: LinkId) => boolean
}

export class PresenceNews implements PresenceListener {
  readonly #room: number
  readonly #hearers: Hearers
  readonly #emit: (effect: RoomEffect) => void
  readonly #presence: Presence
  /** What is to be told to those who have been told all before it. */
  readonly #news = new Map<number, PresenceEntry>()
  readonly #newsOf = new Set<Owner>()
  /** That is for everybody: a tab that was killed is of the same replica as the one that goes on. [P1] */
  #someAreGone = false
  /** Who has to be told of everybody. */
  readonly #newcomers = new Set<LinkId>()
  #isGathering = false
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(room: number, claims: Claims, hearers: Hearers, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#hearers = hearers
    this.#emit = emit
    this.#presence = new Presence(claims, this)
  }

  showPresent(link: LinkId): void {
    if (this.#presence.size > 0 && this.#hearers.member(link)?.wantsPresence === true)
      this.#newcomers.add(link)
    this.#tellSoon()
  }

  /** With the owner whose last link this was. */
  left(link: LinkId, owner: Owner | undefined, saidSo: boolean, now: number): void {
    this.#newcomers.delete(link)
    if (owner === undefined) return
    if (saidSo) this.#presence.leave(owner, now)
    else this.#presence.lose(owner, now)
    this.#tellSoon()
  }

  say(speaker: Speaker, entries: readonly PresenceEntry[], now: number): void {
    this.#presence.say(speaker, entries, now)
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

  readAgain(link: LinkId, since: number): void {
    this.#tell([link], this.#presence.goneSince(since))
    this.showPresent(link)
  }

  spread(entry: PresenceEntry, from: Owner): void {
    this.#news.set(entry.client, entry)
    this.#newsOf.add(from)
    if (entry.state === '') this.#someAreGone = true
    if (this.#news.size > roomPresencesMax) this.#tellNow()
  }

  ask(owner: Owner, gone: PresenceEntry): void {
    for (const link of this.#hearers.linksOf(owner)) {
      if (this.#hearers.member(link)?.wantsPresence === true && !this.#hearers.isFull(link))
        this.#tell([link], [gone])
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
    const ms = Math.ceil(this.#hearers.size / presenceReadersPerMs)
    this.#emit({ type: 'gather', ms: Math.min(ms, presenceGatherMs) })
  }

  #tellNow(): void {
    const readers: LinkId[] = []
    for (const member of this.#hearers.members) if (this.#isToldNews(member)) readers.push(member.link)
    this.#tell(readers, [...this.#news.values()])
    const newcomers = [...this.#newcomers].filter((link) => !this.#hearers.isFull(link))
    const gone = [...this.#news.values()].filter(({ state }) => state === '')
    this.#tell(newcomers, [...gone, ...this.#presence.all()])
    this.#news.clear()
    this.#newsOf.clear()
    this.#someAreGone = false
    this.#newcomers.clear()
  }

  /** A stock client expects its own echo; a replica knows what it said. */
  #isToldNews({ link, wire, owner, wantsPresence }: Member): boolean {
    if (!wantsPresence || this.#newcomers.has(link) || this.#hearers.isFull(link)) return false
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
