// shown-presence.ts — who a device shows to be there: what the relay told on the link that is open. Must not know: time.
import type { PresenceEntry } from '../../shared/message.ts'

export class ShownPresence {
  readonly #clients = new Map<number, PresenceEntry>()

  get clients(): Iterable<number> {
    return this.#clients.keys()
  }

  heard(entries: readonly PresenceEntry[]): void {
    for (const entry of entries) {
      if (entry.state === '') this.#clients.delete(entry.client)
      else this.#clients.set(entry.client, entry)
    }
  }

  clear(): void {
    this.#clients.clear()
  }
}
