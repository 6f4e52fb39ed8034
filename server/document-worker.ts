// document-worker.ts — the thread for documents: a shelf of Y.Docs, and one piece of work after the other. Must not
// know: stores, sockets, how long it may take; whoever started it ends it.
import { isMainThread, parentPort } from 'node:worker_threads'
import { DocShelf } from './doc-shelf.ts'
import { unpacked } from './document-words.ts'
import type { Result, Work } from './document-words.ts'
import type { Snapshot } from '../shared/room-words.ts'
import { unreachable } from '../shared/unreachable.ts'
import { WorkError } from './workshop.ts'

if (isMainThread || parentPort === null) throw new Error('This is run in a thread of its own.')
const port = parentPort
const shelf = new DocShelf()

port.on('message', (work: Work) => {
  const result = resultOf(work)
  const updates = result.is === 'made' ? result.updates : []
  port.postMessage(
    result,
    updates.map(({ buffer }) => buffer),
  )
})

function resultOf(work: Work): Result {
  try {
    return done(work)
  } catch (error) {
    const { code, index } = error instanceof WorkError ? error : {}
    return { is: 'failed', code, index, message: error instanceof Error ? error.message : String(error) }
  }
}

function done(work: Work): Result {
  const { name } = work
  switch (work.is) {
    case 'held':
      return { is: 'held', held: shelf.held(name) }
    case 'begin':
      shelf.begin(name, work.epoch)
      return made([])
    case 'take':
      shelf.take(name, unpacked(work.packed), work.through)
      return made([])
    case 'drop':
      shelf.drop(name)
      return made([])
    case 'difference':
      return made(shelf.difference(name, work.stateVector))
    case 'snapshot':
      return snapshotMade(shelf.snapshot(name))
    case 'read':
      return made([shelf.read(name, work.form)])
    case 'digest':
      return made([shelf.digest(name)])
    default:
      return unreachable(work)
  }
}

/** What the log holds comes before its pieces. */
function snapshotMade({ state, pieces }: Snapshot): Result {
  return made([state, ...pieces])
}

/** Each with memory of its own, which is handed over. */
function made(updates: readonly Uint8Array[]): Result {
  return { is: 'made', updates: updates.map((update) => new Uint8Array(update)) }
}
