// presence-words.ts — awareness as y-protocols keeps it, and presence as the wire carries it. Must not know: who hears
// it, sockets. [P1]
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { applyAwarenessUpdate } from 'y-protocols/awareness'
import type { Awareness } from 'y-protocols/awareness'
import type { PresenceEntry } from '../shared/message.ts'

/** What this tab says of itself: of others it does not speak. */
export function ownPresence(awareness: Awareness): PresenceEntry[] {
  return presenceOf(awareness, awareness.clientID)
}

/** What it has heard of others, to be told on. */
export function othersPresence(awareness: Awareness): PresenceEntry[] {
  const { clientID, states } = awareness
  return [...states.keys()].flatMap((client) => (client === clientID ? [] : presenceOf(awareness, client)))
}

function presenceOf(awareness: Awareness, client: number): PresenceEntry[] {
  const clock = awareness.meta.get(client)?.clock
  if (clock === undefined) return []
  const state = awareness.states.get(client)
  return [{ client, clock, state: state === undefined ? '' : JSON.stringify(state) }]
}

export function hearPresence(awareness: Awareness, entries: readonly PresenceEntry[], origin: unknown): void {
  const heard = entries.filter(({ client, state }) => client !== awareness.clientID && isState(state))
  const encoder = createEncoder()
  writeVarUint(encoder, heard.length)
  for (const { client, clock, state } of heard) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, clock)
    writeVarString(encoder, state === '' ? 'null' : state)
  }
  applyAwarenessUpdate(awareness, toUint8Array(encoder), origin)
  const asked = entries.find(({ client, state }) => client === awareness.clientID && state === '')
  if (asked !== undefined) sayAgain(awareness, asked.clock)
}

/** Above every clock that others may have seen: what is not higher is no news to them. */
export function sayAgain(awareness: Awareness, seen = 0): void {
  const own = awareness.meta.get(awareness.clientID)
  const state = awareness.getLocalState()
  if (own === undefined || state === null) return
  own.clock = Math.max(own.clock, seen)
  awareness.setLocalState(state)
}

/** A peer may say anything; what is no JSON is not heard. */
function isState(state: string): boolean {
  try {
    return state === '' || JSON.parse(state) !== undefined
  } catch {
    return false
  }
}
