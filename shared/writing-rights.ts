// writing-rights.ts — which links of a room may write. Knows: an older socket of a replica never may more than its newest:
// what arrives on it late gets the same answer. Must not know: tokens, what is written. [R1] [S1]
import type { Attendance, Member } from './attendance.ts'
import { right } from './message.ts'
import type { LinkId, RoomEffect } from './room-words.ts'

export class WritingRights {
  readonly #room: number
  readonly #attendance: Attendance
  readonly #emit: (effect: RoomEffect) => void

  constructor(room: number, attendance: Attendance, emit: (effect: RoomEffect) => void) {
    this.#room = room
    this.#attendance = attendance
    this.#emit = emit
  }

  /** What still arrives on an older socket of the same replica is judged by the newer token: one answer for one edit. */
  entered({ owner, mayWrite }: Member): void {
    if (mayWrite) return
    for (const other of this.#attendance.linksOf(owner)) this.#change(other, false)
  }

  changed(link: LinkId, mayWrite: boolean): void {
    const member = this.#attendance.member(link)
    if (member === undefined) return
    const links = this.#attendance.linksOf(member.owner)
    const newest = links.at(-1)
    if (link === newest && !mayWrite) for (const each of links) this.#change(each, false)
    else if (link === newest || !mayWrite || this.#has(newest)) this.#change(link, mayWrite)
  }

  #has(link: LinkId | undefined): boolean {
    return link !== undefined && this.#attendance.member(link)?.mayWrite === true
  }

  #change(link: LinkId, mayWrite: boolean): void {
    if (!this.#attendance.allowWriting(link, mayWrite)) return
    this.#emit({
      type: 'tell',
      link,
      message: { type: 'rights', room: this.#room, rights: rightsOf(mayWrite) },
    })
  }
}

/** Whoever is in may read. */
export function rightsOf(mayWrite: boolean): number {
  return mayWrite ? right.read + right.write : right.read
}
