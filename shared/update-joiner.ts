// update-joiner.ts — joins many small Yjs V1 updates into few, as the cutter cuts one into many: what clients have in
// them is copied and never encoded again, in a tenth of the time that Y.mergeUpdates takes. [C2] Knows: that a client's
// structs in one update are a run without a gap. Must not know: what a log holds, Y.Docs. Whoever applies a joined update
// does in one transaction what it would have done in many; deletes come last, and delete the same.

import { ByteCursor } from './byte-cursor.ts'
import { ByteMeasure, ByteWriter } from './byte-writer.ts'
import type { ByteSink } from './byte-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { StructReader } from './struct-reader.ts'
import { readUpdate } from './update-reader.ts'

/** The structs that one update has of one client, from a clock up to another. */
type Run = {
  readonly client: number
  readonly count: number
  readonly clock: number
  readonly end: number
  readonly bytes: Uint8Array
}

type Delete = { readonly client: number; readonly clock: number; readonly end: number }

type Inside = { readonly structs: readonly Run[]; readonly deletes: readonly Delete[] }

/** Runs of one client, one after the other. */
type Joint = { readonly clock: number; end: number; count: number; readonly runs: Uint8Array[] }

/** One update, made of so many that stood one after the other. */
export type Joined = { readonly update: Uint8Array; readonly count: number }

/** In the order in which they are to be applied. */
export function joinUpdates(updates: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
  return joinedOf(updates, bytesMax).map(({ update }) => update)
}

/** One that is as large as all may be, or not as Yjs writes, stays alone. */
export function joinedOf(updates: readonly Uint8Array[], bytesMax: number): Joined[] {
  const joined: Joined[] = []
  let joining = new Joining()
  for (const update of updates) {
    const inside = update.length < bytesMax ? insideOf(update) : undefined
    if (inside !== undefined && joining.byteLength + update.length <= bytesMax && joining.takes(inside)) {
      joining.add(inside, update)
      continue
    }
    joined.push(...joining.toJoined())
    joining = new Joining()
    if (inside === undefined) joined.push({ update, count: 1 })
    else joining.add(inside, update)
  }
  joined.push(...joining.toJoined())
  return joined
}

class Joining {
  readonly #structs = new Map<number, Joint>()
  readonly #deletes = new Map<number, Delete[]>()
  readonly #updates: Uint8Array[] = []
  /** About what the joined update will have. */
  byteLength = 0

  /** Whether each run begins where the one before it of its client ends. */
  takes({ structs }: Inside): boolean {
    return structs.every(({ client, clock }) => (this.#structs.get(client)?.end ?? clock) === clock)
  }

  add({ structs, deletes }: Inside, update: Uint8Array): void {
    for (const run of structs) this.#append(run)
    for (const one of deletes) {
      const before = this.#deletes.get(one.client)
      if (before === undefined) this.#deletes.set(one.client, [one])
      else before.push(one)
    }
    this.byteLength += update.length
    this.#updates.push(update)
  }

  toJoined(): readonly Joined[] {
    const count = this.#updates.length
    const alone = this.#updates.map((update) => ({ update, count: 1 }))
    if (count <= 1) return alone
    const measure = new ByteMeasure()
    this.#write(measure)
    const writer = new ByteWriter(measure.byteLength)
    this.#write(writer)
    return isReadable(writer.bytes) ? [{ update: writer.bytes, count }] : alone
  }

  #append({ client, count, clock, end, bytes }: Run): void {
    const joint = this.#structs.get(client)
    if (joint === undefined) {
      this.#structs.set(client, { clock, end, count, runs: [bytes] })
      return
    }
    joint.end = end
    joint.count += count
    joint.runs.push(bytes)
  }

  /** Clients falling, as Yjs writes them. */
  #write(to: ByteSink): void {
    to.varUint(this.#structs.size)
    for (const [client, { count, clock, runs }] of [...this.#structs].toSorted(([a], [b]) => b - a)) {
      for (const number of [count, client, clock]) to.varUint(number)
      for (const bytes of runs) to.fixedBytes(bytes, bytes.length)
    }
    to.varUint(this.#deletes.size)
    for (const [client, deletes] of [...this.#deletes].toSorted(([a], [b]) => b - a)) {
      const bounds = boundsOf(deletes)
      for (const number of [client, bounds.length]) to.varUint(number)
      for (const { clock, end } of bounds) for (const number of [clock, end - clock]) to.varUint(number)
    }
  }
}

/** What each may have by itself, of clients or of subdocuments, together may be more than a reader takes. */
function isReadable(update: Uint8Array): boolean {
  try {
    readUpdate(update)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** Rising and apart, as readers expect them. */
function boundsOf(deletes: readonly Delete[]): { clock: number; end: number }[] {
  const bounds: { clock: number; end: number }[] = []
  for (const { clock, end } of deletes.toSorted((a, b) => a.clock - b.clock)) {
    const last = bounds.at(-1)
    if (last === undefined || clock > last.end) bounds.push({ clock, end })
    else last.end = Math.max(last.end, end)
  }
  return bounds
}

/** Undefined where it has parts that it does not have, or is not one whole update. */
function insideOf(update: Uint8Array): Inside | undefined {
  try {
    const cursor = new ByteCursor(update)
    const structs = structsIn(cursor)
    if (structs === undefined) return undefined
    const deletes = deletesIn(cursor)
    return cursor.remaining === 0 ? { structs, deletes } : undefined
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function structsIn(cursor: ByteCursor): Run[] | undefined {
  const struct = new StructReader(cursor)
  const runs: Run[] = []
  for (let clients = cursor.readVarUint(); clients > 0; clients--) {
    const count = cursor.readVarUint()
    const client = cursor.readVarUint()
    const clock = cursor.readVarUint()
    const start = cursor.position
    struct.open(client, clock)
    for (let left = count; left > 0; left--) {
      struct.begin()
      struct.finish()
      if (struct.kind === 'skip') return undefined
    }
    if (runs.some((run) => run.client === client)) return undefined
    runs.push({ client, count, clock, end: struct.end, bytes: cursor.bytes.subarray(start, cursor.position) })
  }
  return runs
}

function deletesIn(cursor: ByteCursor): Delete[] {
  const deletes: Delete[] = []
  for (let clients = cursor.readVarUint(); clients > 0; clients--) {
    const client = cursor.readVarUint()
    for (let left = cursor.readVarUint(); left > 0; left--) {
      const clock = cursor.readVarUint()
      deletes.push({ client, clock, end: clock + cursor.readVarUint() })
    }
  }
  return deletes
}
