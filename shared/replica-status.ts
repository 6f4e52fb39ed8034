// replica-status.ts — what a person may be told of one document: a value. Knows: the words. Must not know: where they
// come from. It is made of what was stored and answered; a handshake, or a network that seems to be there, proves
// nothing. [T1]

export type WaitReason =
  /** Another tab talks; how far it is, it says itself. */
  | 'otherTab'
  | 'noLink'
  /** The relay may not be asked for this document with this token. */
  | 'forbidden'
  | 'tooLarge'
  /** It was deleted. What was not sent is in the inbox. */
  | 'gone'
  /** It told us to come back later. */
  | 'relayBusy'
  /** The disk does not take anything: what is new lives in this tab alone. */
  | 'storeRefuses'
  /** Opened again and again without getting further: the next try has a time. */
  | 'noProgress'
  /** The relay asked for what it lacks. */
  | 'repairing'
  | 'answer'

export type DocumentStatus = {
  readonly phase: 'loading' | 'following' | 'unlinked' | 'opening' | 'catchingUp' | 'live' | 'closed'
  /** Edits that a crash of this tab would lose. */
  readonly inMemory: number
  /** Edits on the disk (or sent without one) that the relay has not answered. */
  readonly pending: number
  /** What waits for a person. */
  readonly refused: number
  /** Every edit made here is acknowledged, or was discarded: nothing is in memory, pending or refused. */
  readonly isSaved: boolean
  /** At the head last told, and the last comparison was equal. */
  readonly isUpToDate: boolean
  /** The last comparison found a difference that is being mended, or could not be. */
  readonly differs: boolean
  readonly lastSaved: number | undefined
  readonly progress: { readonly position: number; readonly head: number } | undefined
  readonly waitingFor: WaitReason | undefined
  /** Undefined: the relay never said. */
  readonly mayWrite: boolean | undefined
}

/** Asked after every key: two strings of JSON to compare would be a good part of what a key costs. */
export function isSameStatus<Status extends object>(left: Status, right: Status): boolean {
  for (const name in left) {
    const one: unknown = left[name]
    const other: unknown = right[name]
    const isSame = one === other || (isRecord(one) && isRecord(other) && isSameStatus(one, other))
    if (!isSame) return false
  }
  return true
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
