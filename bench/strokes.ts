// strokes.ts — what people type, one update a key, and how one tells later that somebody got it: by the writer's clock
// after each key, and by the Y.Doc that all of it makes. Servers may join updates, so bytes tell nothing.
import * as Y from 'yjs'
import { editingSession } from '../test/editing-session.ts'
import type { SessionName } from '../test/editing-session.ts'

export type Strokes = {
  readonly clientId: number
  readonly updates: readonly Uint8Array[]
  /** The writer's clock after each; what only deletes does not move it. */
  readonly clocks: readonly number[]
  readonly stateVector: ReadonlyMap<number, number>
}

export function strokesOf(
  name: SessionName,
  limit: number,
  clientId: number,
  traces: string | undefined,
): Strokes {
  const where = traces === undefined ? { clientId } : { clientId, traces }
  const updates = editingSession(name, limit, where).updates.slice(0, limit)
  let clock = 0
  const clocks = updates.map((update) => (clock = clockAfter(update, clientId) ?? clock))
  return { clientId, updates, clocks, stateVector: new Map([[clientId, clock]]) }
}

function clockAfter(update: Uint8Array, clientId: number): number | undefined {
  return Y.parseUpdateMeta(update).to.get(clientId)
}

/** Throws unless these updates, in their order, make the very document that all strokes make. [C1] */
export function expectEqual(
  what: string,
  received: readonly Uint8Array[],
  written: readonly (readonly Uint8Array[])[],
): void {
  const [theirs, ours] = [received, written.flat()].map((updates) => {
    const doc = new Y.Doc()
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update)
    })
    return Y.snapshot(doc)
  })
  if (theirs === undefined || ours === undefined || !Y.equalSnapshots(theirs, ours))
    throw new Error(`${what} was not delivered whole.`)
}

/** Follows one reader: which strokes of which writer it has. */
export class Follower {
  readonly #strokes: ReadonlyMap<number, Strokes>
  readonly #reached: (writer: number, stroke: number) => void
  readonly #next = new Map<number, number>()

  /** `reached` is called for each stroke, once, in order. */
  constructor(strokes: readonly Strokes[], reached: (writer: number, stroke: number) => void) {
    this.#strokes = new Map(strokes.map((some) => [some.clientId, some]))
    this.#reached = reached
  }

  heard(update: Uint8Array): void {
    for (const [writer, clock] of Y.parseUpdateMeta(update).to) {
      const strokes = this.#strokes.get(writer)
      if (strokes === undefined) continue
      let next = this.#next.get(writer) ?? 0
      while ((strokes.clocks[next] ?? Number.POSITIVE_INFINITY) <= clock) this.#reached(writer, next++)
      this.#next.set(writer, next)
    }
  }
}
