// admission.ts — may this update enter the log, now? Knows: what the log holds or is about to hold, and whose the
// client ids are. Must not know: links, acks, positions; whoever asks acts on the verdict.
import type { Claims, Owner } from './claims.ts'
import { freshPartOf } from './fresh-part.ts'
import type { LogState } from './log-state.ts'
import { entryKind, refusedCode } from './message.ts'
import type { EntryKind, RefusedCode } from './message.ts'
import { ProtocolError } from './protocol-error.ts'
import type { ProtocolErrorCode } from './protocol-error.ts'
import { readUpdate } from './update-reader.ts'
import type { UpdateFacts } from './update-reader.ts'

/** `edit` is its author's own; `repair` may be of anyone; `derived` holds deletes only. */
export type Candidate = {
  readonly kind: EntryKind
  readonly update: Uint8Array
  readonly author: Owner
}

export type Verdict =
  /** What of it enters the log: all of it, but for a piece that the log has. */
  | { readonly is: 'new'; readonly fresh: UpdateFacts }
  /** The log has it, or will have it when what is being written is durable. */
  | { readonly is: 'known' }
  /** It depends on what the log lacks, of this client for one. To append it would be to append a hole. */
  | { readonly is: 'gap'; readonly lacks: number }
  | { readonly is: 'refused'; readonly code: RefusedCode; readonly reason: string }

export function judge(candidate: Candidate, log: LogState, claims: Claims): Verdict {
  let facts: UpdateFacts
  try {
    facts = readUpdate(candidate.update)
  } catch (error) {
    if (error instanceof ProtocolError) return refused(refusedCode.badUpdate, sentenceOf(error))
    throw error
  }
  if (candidate.kind === entryKind.derived && facts.structCount > 0) {
    return refused(
      refusedCode.badUpdate,
      'A derived update holds deletes only. Push what a person wrote as an edit. (not-derived)',
    )
  }
  if (candidate.kind === entryKind.edit && speaksForOthers(facts, candidate.author, claims)) {
    return refused(
      refusedCode.foreignClient,
      'This edit is written with a client id of another replica. Give each Y.Doc one of its own. (foreign-client)',
    )
  }
  if (log.addsNothing(facts)) return { is: 'known' }
  const gap = log.gapOf(facts)
  if (gap !== undefined) return { is: 'gap', lacks: gap.client }
  const fresh = freshPartOf(facts, log.clocks)
  const limit = log.limitBrokenBy(fresh)
  if (limit !== undefined) {
    const beyond = limit === 'too-deep' ? 'nest deeper than documents may' : 'be larger than documents may be'
    const reason = `With this the document would ${beyond}. Begin another one for it. (${limit})`
    return refused(refusedCode.tooLarge, reason)
  }
  return { is: 'new', fresh }
}

/** Whether the log has all of it, or will have it when what is being written is durable. */
export function isKnown(update: Uint8Array, log: LogState): boolean {
  try {
    return log.addsNothing(readUpdate(update))
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** To be called when a new update was appended. */
export function takeUp(facts: UpdateFacts, candidate: Candidate, log: LogState, claims: Claims): void {
  log.add(facts)
  if (candidate.kind === entryKind.edit) claimAll(facts, candidate.author, claims)
}

export function claimAll({ structs }: UpdateFacts, author: Owner, claims: Claims): void {
  structs.everyRun((client) => {
    claims.claim(client, author)
    return true
  })
}

function speaksForOthers(facts: UpdateFacts, author: Owner, claims: Claims): boolean {
  return !facts.structs.everyRun((client) => !claims.isForeign(client, author))
}

/** Where it is Yjs's own, and more than the relay takes. */
const boundsOfUpdates: ReadonlySet<ProtocolErrorCode> = new Set([
  'too-deep',
  'too-long',
  'too-many-clients',
  'too-many-roots',
  'too-many-subdocuments',
])

function sentenceOf({ code, message }: ProtocolError): string {
  const advice = boundsOfUpdates.has(code)
    ? 'Make it smaller, or divide it.'
    : 'Send updates as Yjs makes them.'
  return `${message} ${advice} (${code})`
}

function refused(code: RefusedCode, reason: string): Verdict {
  return { is: 'refused', code, reason }
}
