// relay-room.ts — a room told by hand, with whatever is needed to tell it. Must not know: what comes of it.
import { Backlog } from '../../shared/backlog.ts'
import { newDocument } from '../../shared/document-state.ts'
import { EarlySize } from '../../shared/early-size.ts'
import { entryHash } from '../../shared/entry-hash.ts'
import { earlyInputBytesMax, earlyInputsMax } from '../../shared/limits.ts'
import { entryKind, knowledgeKind } from '../../shared/message.ts'
import type { PushEntry } from '../../shared/message.ts'
import { Room } from '../../shared/room.ts'
import type { RoomOptions } from '../../shared/room.ts'
import type { LinkId, RoomEffect, RoomInput, Wire } from '../../shared/room-words.ts'
import { Branches, Seals } from '../../shared/seals.ts'

export const replica = new Uint8Array(16).fill(1)

export const loaded = {
  type: 'loaded',
  document: newDocument,
  hasHole: false,
  snapshot: { pieces: [], state: undefined },
  rows: [],
  answers: [],
  claims: [],
} as const satisfies RoomInput

/** Of a document that is still being read, until it is told `loaded`. */
export class TestRoom {
  readonly machine: Room

  constructor(options: Partial<RoomOptions> = {}) {
    const branches = new Branches([{ id: new Uint8Array(16), first: 1 }], () => 0)
    const seals = new Seals(new Uint8Array(32), '', 'story', branches)
    const earlySize = new EarlySize({ countMax: earlyInputsMax, bytesMax: earlyInputBytesMax })
    this.machine = new Room({
      room: 1,
      seals,
      isJudged: false,
      documentBytesMax: 60_000_000,
      earlySize,
      backlog: new Backlog(),
      ...options,
    })
  }

  tell(input: RoomInput): readonly RoomEffect[] {
    return this.machine.step(input, 0)
  }

  tellAll(...inputs: readonly RoomInput[]): readonly RoomEffect[] {
    return inputs.flatMap((input) => this.tell(input))
  }
}

export function joined(link: LinkId, wire: Wire = 'native', mayWrite = true): RoomInput {
  return {
    type: 'joined',
    link,
    number: link,
    wire,
    replica: wire === 'native' ? replica : undefined,
    mayWrite,
    wantsPresence: true,
    knowledge: { kind: knowledgeKind.nothing },
  }
}

export function editOf(counter: number, update: Uint8Array): PushEntry {
  return { counter, hash: entryHash(update), kind: entryKind.edit, update }
}
