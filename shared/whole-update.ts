// whole-update.ts — an update that is to be all of a document: it stands by itself, and is cut into what a history can
// begin with. Knows: what an update may be. Must not know: logs, stores. What is no such update is a ProtocolError. [E1]
import { stockChunkBytesMax } from './limits.ts'
import { LogState } from './log-state.ts'
import { ProtocolError } from './protocol-error.ts'
import { cutUpdate } from './update-cutter.ts'
import { readUpdate } from './update-reader.ts'

export function piecesOfWhole(update: Uint8Array): Uint8Array[] {
  const facts = readUpdate(update)
  const nothing = new LogState()
  if (nothing.gapOf(facts) !== undefined)
    throw new ProtocolError('not-whole', 'The update builds on what it does not hold itself.')
  const broken = nothing.limitBrokenBy(facts)
  if (broken !== undefined) throw new ProtocolError(broken, 'The update is larger than documents may be.')
  return cutUpdate(update, stockChunkBytesMax)
}
