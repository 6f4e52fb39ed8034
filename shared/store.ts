// store.ts — the seam that both sides keep their records behind: an ordered map of byte keys to byte values, written
// in atomic batches with preconditions. Types and promises only; test/store-contract.ts holds every store to them.
// Must not know: what a record says (the record layers do), and which disk is below (LevelDB, IndexedDB, simulated).
//
// Keys are in the order of their bytes, unsigned; a key that begins another stands before it. A key has at least one
// byte, a value may be empty. Bytes handed to a store stay unchanged until its answer; what a store hands out is a
// plain Uint8Array that its receiver may keep and must not change.

export interface Store {
  /**
   * All of the batch or nothing. Batches take effect in the order of the calls, each precondition seeing all batches
   * called before it.
   *
   * - `written`: all of it is there, and as durable as asked.
   * - `stale`: a precondition did not hold; nothing was changed.
   * - a StoreError: see `WriteOutcome`. Writes that were called behind it and not yet answered fail too, as
   *   `notApplied`, or as it did if they went to the disk as one with it, so that no batch ever lands whose predecessor
   *   did not. Writes called after that are tried, and a store that broke mends itself then if it can.
   *
   * Between the call and the answer a reader finds all of the batch or nothing of it, and never a batch that is not
   * yet as durable as asked [D2]. From the answer on every reader finds it. What a store finds when it is opened is
   * synced, or becomes so before it is shown.
   */
  write(batch: Batch): Promise<'written' | 'stale'>

  get(key: Uint8Array): Promise<Uint8Array | undefined>

  /** One page, as all of it was at one moment; the next page may be of a later one. */
  range(range: Range): Promise<readonly Entry[]>

  /**
   * Lets the writes that were called come to their end, then lets go of the disk. Reads under way may end as `closed`;
   * every read and write after this call does. Closing again waits for the same end.
   */
  close(): Promise<void>
}

export type Entry = { readonly key: Uint8Array; readonly value: Uint8Array }

/** From a key, itself included, to a key, itself not. */
export type KeyRange = { readonly from: Uint8Array; readonly to: Uint8Array }

export type Range = KeyRange & {
  /** At least 1. */
  readonly limit: number
  /** The page ends with the entry that brings its values to so many bytes; it has one entry whatever its size. [B1] */
  readonly bytesMax?: number
  /** From the end of the range backwards. */
  readonly reverse?: boolean
}

/**
 * Preconditions look at what was there before the batch. Then ranges are removed, then keys, then entries are put: what
 * is put is there afterwards, whatever else the batch says of its key; of two puts of one key the later counts.
 * Removing what is not there is no fault. A removed range is read first by some stores: keep it to what a page may be.
 */
export type Batch = {
  readonly onlyIf?: readonly Precondition[]
  readonly removeRange?: readonly KeyRange[]
  readonly remove?: readonly Uint8Array[]
  readonly put?: readonly Entry[]
  readonly durability: WriteDurability
}

/** `undefined`: only if there is no such key. */
export type Precondition = { readonly key: Uint8Array; readonly value: Uint8Array | undefined }

/**
 * - `synced`: outlives the power going off.
 * - `written`: outlives the process. A power loss may take it, wholly or not at all, also where a later batch stays; a
 *   later synced batch says nothing of it.
 */
export type WriteDurability = 'synced' | 'written'

export type StoreErrorCode =
  /** No room. Reads go on; a later write tries again. */
  | 'full'
  /** The disk could not be read or written. A later call tries again. */
  | 'broken'
  /** What was read is not what was written. Trying again will not help; what to do is the record layer's to say. */
  | 'damaged'
  | 'closed'

/**
 * What became of a batch whose write failed.
 *
 * - `notApplied`: it is not there and never will be.
 * - `unknown`: a disk that failed in the middle cannot tell. Reads may find the batch or not, and change their answer,
 *   until a later write is answered with `written` or `stale`; from then on what they find is final. A batch sent again
 *   under its own precondition is thus safe: `stale` then means that the first one may have landed, and a read tells.
 */
export type WriteOutcome = 'notApplied' | 'unknown'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly outcome: WriteOutcome

  constructor(code: StoreErrorCode, message: string, outcome: WriteOutcome = 'notApplied', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.outcome = outcome
  }
}

export function closedStore(): StoreError {
  return new StoreError('closed', 'The store was closed.')
}
