// live-grant.ts — what a token allows, while its socket lives: somebody may have to be asked, and it can be looked at
// again. Types, and the grant that never changes. Must not know: tokens, sockets, who is asked.
import type { Grant, Refusal } from '../shared/session-words.ts'

export type LiveGrant = Grant & {
  /** May speak for the relay itself: revoke, back up. */
  readonly mayAdminister: boolean
  /** Afterwards `rightsOf` knows this document; or the refusal says why not. */
  readonly ask: (document: string) => Promise<Refusal | undefined>
  /** Why it counts no more, though it was given: to be asked in the moment in which it begins to be used. */
  readonly withdrawn: () => Refusal | undefined
  /** The same token, now: it knows these documents. */
  readonly renewed: (documents: readonly string[]) => Promise<LiveGrant | Refusal>
}

/** The headers of the request that a socket began with. */
export type RequestHeaders = { readonly [name: string]: string | readonly string[] | undefined }

export function unchanging(grant: Grant, mayAdminister = false): LiveGrant {
  const live: LiveGrant = {
    ...grant,
    mayAdminister,
    ask: () => Promise.resolve(undefined),
    withdrawn: () => undefined,
    renewed: () => Promise.resolve(live),
  }
  return live
}

export function isRefusal(answer: LiveGrant | Refusal): answer is Refusal {
  return 'reason' in answer
}
