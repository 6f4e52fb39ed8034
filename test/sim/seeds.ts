// seeds.ts — many lives in a few threads. Knows: how to hand out seeds and to stop. Must not know: what a life is.
import { Worker } from 'node:worker_threads'
import type { Outcome } from './life.ts'
import type { Variant } from './variant.ts'

export type Run = {
  readonly seeds: Iterable<number>
  readonly threads: number
  readonly wantsTrace?: boolean
  /** False: enough was seen. */
  readonly onOutcome: (outcome: Outcome) => boolean
}

export async function runSeeds(variant: Variant, run: Run): Promise<void> {
  const seeds = run.seeds[Symbol.iterator]()
  let isOver = false
  const next = (): number | undefined => {
    const { value, done } = seeds.next()
    return isOver || done === true ? undefined : value
  }
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(variant.worker)
      const goOn = (): void => {
        const seed = next()
        if (seed === undefined) worker.terminate().then(() => resolve(), reject)
        else worker.postMessage({ seed, wantsTrace: run.wantsTrace === true }, [])
      }
      worker.on('message', (outcome: Outcome) => {
        if (!isOver && !run.onOutcome(outcome)) isOver = true
        goOn()
      })
      worker.on('error', reject)
      goOn()
    })
  await Promise.all(Array.from({ length: run.threads }, runThread))
}

export function* seedsFrom(first: number, count: number): Generator<number, void, undefined> {
  for (let seed = first; seed < first + count; seed++) yield seed
}
