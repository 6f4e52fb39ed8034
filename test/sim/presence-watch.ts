// presence-watch.ts — who said when that they are there, as the relay heard it: what it tells others of presence is
// measured against that [P1]. Knows: client ids, the devices whose they are, times. Must not know: rooms, sessions.
import { presenceExpiryMs } from '../../shared/limits.ts'
import type { PresenceEntry } from '../../shared/message.ts'
import { BrokenRule } from './world.ts'
import type { World } from './world.ts'

/** A wake-up may be a turn late. */
const lateMsMax = 5
/** The word that somebody is gone may be on its way. */
const travelMsMax = 100

export class PresenceWatch {
  readonly #world: World
  readonly #deviceOf = new Map<number, string>()
  readonly #heardAt = new Map<number, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** A clone of a profile speaks for itself, under ids of its own. */
  owns(device: string, client: number): void {
    this.#deviceOf.set(client, device)
  }

  relayHeard(device: string, entries: readonly PresenceEntry[]): void {
    for (const { client, state } of entries) {
      if (this.#deviceOf.get(client) !== device) continue
      if (state === '') this.#heardAt.delete(client)
      else this.#heardAt.set(client, this.#world.now)
    }
  }

  relaySaid(hearer: string, entries: readonly PresenceEntry[]): void {
    for (const { client, state } of entries) {
      if (state === '') continue
      const device = this.#deviceOf.get(client)
      if (device !== nameIn(state))
        throw new BrokenRule(
          'P1',
          `${hearer} is told of ${client}, which is of ${device}, in words of another.`,
        )
      const heardAt = this.#heardAt.get(client)
      const age = heardAt === undefined ? Infinity : this.#world.now - heardAt
      if (age > presenceExpiryMs + lateMsMax)
        throw new BrokenRule(
          'P1',
          `${hearer} is told that ${device} is there, who last said so ${age} ms ago.`,
        )
    }
  }

  /** What somebody still shows at the end must have been said lately. */
  checkShown(hearer: string, clients: Iterable<number>): void {
    for (const client of clients) {
      const age = this.#world.now - (this.#heardAt.get(client) ?? -Infinity)
      if (age > presenceExpiryMs + lateMsMax + travelMsMax)
        throw new BrokenRule('P1', `${hearer} shows ${this.#deviceOf.get(client)}, who is long gone.`)
    }
  }
}

export function stateOf(device: string): string {
  return JSON.stringify({ device })
}

function nameIn(state: string): string {
  return String((JSON.parse(state) as { device: unknown }).device)
}
