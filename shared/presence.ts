// presence.ts — who is in a room: the newest state of each client id, until its replica left or fell silent. [P1]
// Knows: clocks, whose an id is, what expires, who has to be asked. Must not know: links, sockets, the document, what
// a state says. Whoever is asked is told that it is gone, and if it is there it says itself again, one clock higher.
import { encodeUtf8 } from 'lib0/string'
import type { Claims, Owner } from './claims.ts'
import { checkJson } from './json-text.ts'
import {
  ownerPresencesMax,
  presenceClockMax,
  presenceExpiryMs,
  presenceGraceMs,
  presenceRivalMs,
  presenceStateBytesMax,
  roomPresenceBytesMax,
  roomPresencesMax,
  valueDepthMax,
} from './limits.ts'
import type { PresenceEntry } from './message.ts'
import { ProtocolError } from './protocol-error.ts'

export type Speaker = {
  readonly owner: Owner
  /** Whether its name outlives its socket, as a replica's does. */
  readonly isNamed: boolean
  /**
   * A stock client's first word on its socket is about itself; later ones repeat what it heard of others. Whoever
   * opens has been away: it says the clock that it had, and takes nobody's for news whose clock it had seen.
   */
  readonly isOpening: boolean
}

export type PresenceListener = {
  /** News for everybody in the room. */
  readonly spread: (entry: PresenceEntry, from: Owner) => void
  readonly ask: (owner: Owner, gone: PresenceEntry) => void
}

type Known = {
  readonly entry: PresenceEntry
  readonly stateBytes: number
  readonly owner: Owner
  /** When the clock was last raised: who left before that has not seen it. */
  readonly raisedAt: number
  /** When it is taken for gone unless it is said again. */
  readonly expiresAt: number
  /** When its owner's last socket broke. */
  readonly lostAt: number | undefined
  /** Came with the same id while the owner's socket seems to be there: one of the two is not. */
  readonly rival: { readonly owner: Owner; readonly until: number } | undefined
}

/** It may have left, its socket broken, long before it ended, and everybody was told. */
type Gone = { readonly clock: number; readonly leftAt: number; readonly endedAt: number }

export class Presence {
  readonly #claims: Claims
  readonly #listener: PresenceListener
  readonly #known = new Map<number, Known>()
  /** Kept for as long as somebody may still repeat them, the oldest first. */
  readonly #gone = new Map<number, Gone>()
  #bytes = 0
  /** Nothing is due before. */
  #due = Number.POSITIVE_INFINITY

  constructor(claims: Claims, listener: PresenceListener) {
    this.#claims = claims
    this.#listener = listener
  }

  get due(): number {
    return this.#due
  }

  get size(): number {
    return this.#known.size
  }

  all(): PresenceEntry[] {
    return [...this.#known.values()].map(({ entry }) => entry)
  }

  /** Who has gone since then, for a reader that was told nothing meanwhile. */
  goneSince(time: number): PresenceEntry[] {
    return [...this.#gone]
      .filter(([, { endedAt }]) => endedAt >= time)
      .map(([client, { clock }]) => goneEntry({ client, clock }))
  }

  say(speaker: Speaker, entries: readonly PresenceEntry[], now: number): void {
    for (const entry of entries) this.#hear(speaker, entry, now)
  }

  /** The replica said that it leaves: gone at once. */
  leave(owner: Owner, now: number): void {
    for (const [client, known] of this.#known) {
      if (known.owner === owner) this.#end(client, known, known.entry.clock, now)
      else if (known.rival?.owner === owner) this.#known.set(client, { ...known, rival: undefined })
    }
  }

  /** Its last socket broke: it may be back in a moment, and nobody should see it flicker. */
  lose(owner: Owner, now: number): void {
    for (const [client, known] of this.#known) {
      if (known.rival?.owner === owner) {
        this.#known.set(client, { ...known, rival: undefined })
      } else if (known.owner === owner && known.rival !== undefined) {
        this.#handOver(client, known, known.rival.owner, now)
      } else if (known.owner === owner) {
        const expiresAt = Math.min(known.expiresAt, now + presenceGraceMs)
        this.#known.set(client, { ...known, expiresAt, lostAt: now })
        this.#due = Math.min(this.#due, expiresAt)
      }
    }
  }

  expire(now: number): void {
    if (now < this.#due) return
    this.#due = Number.POSITIVE_INFINITY
    for (const [client, known] of this.#known) {
      if (known.rival !== undefined && known.rival.until <= now)
        this.#handOver(client, known, known.rival.owner, now)
      else if (known.expiresAt <= now) this.#end(client, known, known.entry.clock, now)
    }
    for (const { expiresAt, rival } of this.#known.values())
      this.#due = Math.min(this.#due, expiresAt, rival?.until ?? expiresAt)
    for (const [client, { endedAt }] of this.#gone) {
      if (endedAt + presenceExpiryMs > now) break
      this.#gone.delete(client)
    }
  }

  #hear(speaker: Speaker, said: PresenceEntry, now: number): void {
    const entry = said.state === 'null' ? goneEntry(said) : said
    const { client, clock } = entry
    // What no wire can carry would be found only while everybody is told of it. [W1]
    if (!Number.isSafeInteger(client) || !Number.isSafeInteger(clock)) return
    if (clock > presenceClockMax || this.#claims.isForeign(client, speaker.owner)) return
    const known = this.#known.get(client)
    if (speaker.isOpening) this.#welcomeBack(speaker.owner, client, now)
    if (known === undefined ? !this.#mayBegin(speaker, entry) : !this.#maySay(speaker, known, now)) return
    if (entry.state !== '') this.#take(speaker, entry, now)
    else if (known !== undefined && clock >= known.entry.clock) this.#end(client, known, clock, now)
  }

  /** What a stock client repeats may be late: it must not bring back who has gone since. */
  #mayBegin({ isNamed, isOpening }: Speaker, { client, clock }: PresenceEntry): boolean {
    const gone = this.#gone.get(client)
    return isNamed || isOpening || gone === undefined || clock > gone.clock
  }

  #maySay(speaker: Speaker, known: Known, now: number): boolean {
    const { client } = known.entry
    if (known.owner === speaker.owner) {
      this.#known.set(client, { ...known, rival: undefined })
      return true
    }
    // Who writes with an id is its owner, whoever spoke for it before.
    if (this.#claims.ownerOf(client) === speaker.owner) return true
    if (!speaker.isOpening) return false
    if (known.lostAt !== undefined) return true
    // A client that comes back before its old socket is known to be dead, or an impostor: who is there answers.
    const until = now + presenceRivalMs
    this.#known.set(client, { ...known, rival: { owner: speaker.owner, until } })
    this.#due = Math.min(this.#due, until)
    this.#listener.ask(known.owner, goneEntry(known.entry))
    return false
  }

  #take({ owner, isNamed, isOpening }: Speaker, entry: PresenceEntry, now: number): void {
    const { client, clock } = entry
    const known = this.#known.get(client)
    const goneClock = this.#gone.get(client)?.clock ?? -1
    // At clock 0, and at a clock that was seen before, nobody would take it for news.
    if (isOpening || clock <= goneClock)
      this.#listener.ask(
        owner,
        goneEntry({ client, clock: Math.max(clock, goneClock, known?.entry.clock ?? 0) }),
      )
    if (known !== undefined && clock < known.entry.clock) return
    const stateBytes = bytesOfState(entry.state)
    if (stateBytes === undefined || !this.#hasRoomFor(owner, stateBytes, known)) return
    if (isNamed) this.#claims.claim(client, owner)
    const isNews = known === undefined || clock > known.entry.clock
    const expiresAt = now + presenceExpiryMs
    const raisedAt = isNews ? now : known.raisedAt
    const present = { entry, stateBytes, owner, raisedAt, expiresAt, lostAt: undefined, rival: undefined }
    this.#known.set(client, present)
    this.#bytes += stateBytes - (known?.stateBytes ?? 0)
    this.#due = Math.min(this.#due, expiresAt)
    // Said again without a change it only lives longer.
    if (isNews) this.#listener.spread(entry, owner)
  }

  /** It was here before, and has kept the clocks that it saw: what was not raised since is no news to it. */
  #welcomeBack(owner: Owner, client: number, now: number): void {
    const known = this.#known.get(client)
    const leftAt = known === undefined ? this.#gone.get(client)?.leftAt : (known.lostAt ?? now)
    if (leftAt === undefined || known?.owner === owner) return
    for (const other of this.#known.values()) {
      if (other === known || other.lostAt !== undefined || other.raisedAt > leftAt) continue
      this.#listener.ask(other.owner, goneEntry(other.entry))
    }
  }

  #handOver(client: number, known: Known, owner: Owner, now: number): void {
    const expiresAt = now + presenceExpiryMs
    this.#known.set(client, { ...known, owner, expiresAt, lostAt: undefined, rival: undefined })
    this.#due = Math.min(this.#due, expiresAt)
    this.#listener.ask(owner, goneEntry(known.entry))
  }

  /** Gone at the clock it was last said with: a higher one would keep who comes back from being seen. */
  #end(client: number, known: Known, clock: number, now: number): void {
    if (known.rival !== undefined) return this.#handOver(client, known, known.rival.owner, now)
    this.#known.delete(client)
    this.#bytes -= known.stateBytes
    this.#gone.delete(client)
    this.#gone.set(client, { clock, leftAt: known.lostAt ?? now, endedAt: now })
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= roomPresencesMax) break
      this.#gone.delete(oldest)
    }
    this.#listener.spread(goneEntry({ client, clock }), known.owner)
  }

  /** Who finds no room is not shown; nothing else is taken from it. */
  #hasRoomFor(owner: Owner, stateBytes: number, known: Known | undefined): boolean {
    if (this.#bytes - (known?.stateBytes ?? 0) + stateBytes > roomPresenceBytesMax) return false
    return (
      known !== undefined || (this.#known.size < roomPresencesMax && this.#countOf(owner) < ownerPresencesMax)
    )
  }

  #countOf(owner: Owner): number {
    let count = 0
    for (const known of this.#known.values()) if (known.owner === owner) count++
    return count
  }
}

function goneEntry({ client, clock }: { client: number; clock: number }): PresenceEntry {
  return { client, clock, state: '' }
}

/** How long a state is; undefined for what is none: one that JSON.parse refuses would stop every stock client that hears it. */
function bytesOfState(text: string): number | undefined {
  if (text.length > presenceStateBytesMax) return undefined
  const bytes = encodeUtf8(text)
  if (bytes.length > presenceStateBytesMax) return undefined
  try {
    checkJson(bytes, 0, bytes.length, valueDepthMax)
    return bytes.length
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
