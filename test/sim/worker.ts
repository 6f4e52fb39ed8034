// worker.ts — lives through the seeds that it is sent, one after the other, and reports each. Runs in a thread of its
// own, from a compiled variant. Must not know: which seeds, what is done with the outcomes.
import { parentPort } from 'node:worker_threads'
import { failLiving, live } from './life.ts'
import type { Outcome } from './life.ts'

/** What a promise of the host lets fall belongs to the life that is being lived. */
process.on('unhandledRejection', failLiving)

if (parentPort === null) throw new Error('This runs as a worker.')
const port = parentPort

port.on('message', ({ seed, wantsTrace }: { seed: number; wantsTrace: boolean }) => {
  live(seed, wantsTrace).then(
    (outcome) => port.postMessage(outcome satisfies Outcome),
    (error: unknown) => {
      throw error
    },
  )
})
