// token-asking.ts — asks the application for a token, and for another when that was no good. Knows: what a token looks like, how
// long an application may think. Must not know: what a token is for.
import { Asking } from './asking.ts'
import { checkedToken } from './passed-in.ts'
import { SynclineError } from './syncline-error.ts'

/** Beyond this an application that was asked for a token is asked again. */
const tokenMsMax = 30_000

export type AskToken = () => Promise<string>

/** `failed`: in words for a person; of ours they begin with their code. */
export function tokenAsking(
  ask: AskToken,
  given: (token: string) => void,
  failed: (why: string) => void,
): Asking<string> {
  return new Asking(
    async () => checkedToken(await ask()),
    given,
    (error) => failed(error instanceof SynclineError ? `${error.code}: ${error.message}` : String(error)),
    tokenMsMax,
  )
}
