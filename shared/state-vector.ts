// state-vector.ts — state vectors as Yjs V1 writes them: for each client the clock that comes next. Knows: their
// bytes. Must not know: documents, logs, and deletes above all: two replicas with equal state vectors may still
// differ, because a delete moves none.

import { createEncoder, toUint8Array, writeVarUint } from 'lib0/encoding'

import { ByteCursor } from './byte-cursor.ts'
import { clockMax, documentClientsMax } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

export type StateVector = ReadonlyMap<number, number>

/** Reads a peer's state vector, or throws ProtocolError and nothing else. [W1] */
export function readStateVector(bytes: Uint8Array): Map<number, number> {
  const cursor = new ByteCursor(bytes)
  const clocks = readClocks(cursor)
  if (cursor.remaining > 0) {
    throw new ProtocolError('trailing-bytes', 'The state vector goes on behind its end.')
  }
  return clocks
}

/** Why these bytes are none. */
export function stateVectorFault(bytes: Uint8Array): ProtocolError | undefined {
  try {
    readStateVector(bytes)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

/** Reads one that more may follow. */
export function readClocks(cursor: ByteCursor): Map<number, number> {
  const count = cursor.readVarUint()
  if (count * 2 > cursor.remaining)
    throw new ProtocolError('truncated', `The state vector announces ${count} clients and ends before them.`)
  if (count > documentClientsMax)
    throw new ProtocolError('too-many-clients', `The state vector announces ${count} clients.`)
  const clocks = new Map<number, number>()
  for (let index = 0; index < count; index++) {
    const client = cursor.readVarUint()
    const clock = cursor.readVarUint()
    if (clock > clockMax) throw new ProtocolError('clock-too-large', `A clock is larger than ${clockMax}.`)
    if (clocks.has(client)) {
      throw new ProtocolError('duplicate-client', 'A client comes twice in one state vector.')
    }
    clocks.set(client, clock)
  }
  return clocks
}

/** To the byte what `Y.encodeStateVector` gives for the same clocks. */
export function encodeStateVector(clocks: StateVector): Uint8Array {
  const encoder = createEncoder()
  writeVarUint(encoder, clocks.size)
  for (const [client, clock] of [...clocks].toSorted((a, b) => b[0] - a[0])) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, clock)
  }
  return toUint8Array(encoder)
}
