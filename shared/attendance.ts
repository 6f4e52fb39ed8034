// attendance.ts — who is in a room, and who is seen there. Knows: links, whose they are, what each may and wants;
// presence is said to all who want it, and taken back when its replica is gone. [P1] Must not know: the log.
import { ownerNamed } from './claims.ts'
import type { Claims, Owner } from './claims.ts'
import { inLots } from './in-lots.ts'
import { presenceEntriesMax } from './limits.ts'
import type { PresenceEntry } from './message.ts'
import { Presence } from './presence.ts'
import type { Joining, LinkId, RoomEffect } from './room-words.ts'

export type Member = Omit<Joining, 'knowledge'> & { readonly owner: Owner }

export class Attendance {
  readonly #room: number
  readonly #emit: (effect: RoomEffect) => void
  readonly #members = new Map<LinkId, Member>()
  readonly #presence: Presence

  constructor(room: number, claims: Claims, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#emit = emit
    this.#presence = new Presence(claims)
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  member(link: LinkId): Member | undefined {
    return this.#members.get(link)
  }

  enter({ link, number, wire, replica, mayWrite, wantsPresence }: Joining): Member {
    const owner = replica === undefined ? `stock ${link}` : ownerNamed(replica)
    const member = { link, number, wire, replica, mayWrite, wantsPresence, owner }
    this.#members.set(link, member)
    return member
  }

  /** To be called when the newcomer has been told that it is in. */
  showPresent({ link, wantsPresence }: Member): void {
    const present = this.#presence.all()
    if (wantsPresence && present.length > 0) this.#tell([link], present)
  }

  /** Who said so is gone at once; of who was lost the other sockets count, and a grace. */
  leave(link: LinkId, saidSo: boolean, now: number): void {
    const member = this.#members.get(link)
    this.#members.delete(link)
    if (member === undefined || this.#isHere(member.owner)) return
    if (saidSo) {
      this.#spread(this.#presence.leave(member.owner), undefined)
    } else {
      this.#presence.lose(member.owner, now)
      this.#wakeInTime()
    }
  }

  /** Returns whether that is a change. */
  allowWriting(link: LinkId, mayWrite: boolean): boolean {
    const member = this.#members.get(link)
    if (member === undefined || member.mayWrite === mayWrite) return false
    this.#members.set(link, { ...member, mayWrite })
    return true
  }

  say(link: LinkId, entries: readonly PresenceEntry[], now: number): void {
    const member = this.#members.get(link)
    if (member !== undefined) this.#spread(this.#presence.say(member.owner, entries, now), link)
  }

  expire(now: number): void {
    this.#spread(this.#presence.expire(now), undefined)
  }

  #isHere(owner: Owner): boolean {
    return [...this.#members.values()].some((member) => member.owner === owner)
  }

  #spread(news: readonly PresenceEntry[], except: LinkId | undefined): void {
    const links = [...this.#members.values()]
      .filter(({ link, wantsPresence }) => wantsPresence && link !== except)
      .map(({ link }) => link)
    if (news.length > 0 && links.length > 0) this.#tell(links, news)
    this.#wakeInTime()
  }

  #tell(links: readonly LinkId[], entries: readonly PresenceEntry[]): void {
    for (const some of inLots(entries, presenceEntriesMax)) {
      this.#emit({
        type: 'tellAll',
        links,
        message: { type: 'presence', linkOrRoom: this.#room, entries: some },
      })
    }
  }

  #wakeInTime(): void {
    const time = this.#presence.nextExpiry()
    if (time !== undefined) this.#emit({ type: 'wakeAt', time })
  }
}
