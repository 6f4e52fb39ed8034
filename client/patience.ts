// patience.ts — work on a store that may fail for a while: done as often as it takes. Knows: how long to wait. Must not know:
// what is done. [L1]
import { StoreError } from '../shared/store.ts'

const momentMs = 1_000

/** Undefined: nobody wants it any more. What the store says is told, and that it goes on. */
export async function patiently<Answer>(
  work: () => Promise<Answer>,
  isWanted: () => boolean,
  storeSaid: (error: StoreError | undefined) => void,
): Promise<Answer | undefined> {
  for (let hasFailed = false; isWanted(); hasFailed = true) {
    try {
      const answer = await work()
      if (hasFailed) storeSaid(undefined)
      return answer
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (isWanted()) storeSaid(error)
      await new Promise((resolve) => setTimeout(resolve, momentMs))
    }
  }
  return undefined
}

/** A timer that is left would keep a program on Node from ending. */
export async function atMostAMoment(work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, momentMs)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
