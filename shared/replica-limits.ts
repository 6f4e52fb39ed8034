// replica-limits.ts — every bound and every wait of the replica [B1], unit in the name. Must not know: who enforces
// it. What the wire bounds stands in limits.ts.

/** A push has as many updates as this, and one more only if it is alone. */
export const pushBytesMax: number = 256 * 1024

/** Pushes on a socket that are not answered yet. */
export const pushesOpenMax = 2

/** Changes of one atomic write, which share one sync of the disk: more would make the first of them wait for the last. */
export const writeChangesMax = 512
export const writeBytesMax: number = 1024 * 1024

/** Waiting for a disk that refuses. Past it the link is let go; the relay keeps the rest. */
export const unstoredBytesMax: number = 16 * 1024 * 1024

/** Waits between two tries of a write double from the first to the last. */
export const storeRetryMsMin = 500
export const storeRetryMsMax = 30_000

export const reconnectMsMin = 500
export const reconnectMsMax = 60_000

/** A socket that lived for so long was no part of a storm. */
export const healthyMs = 10_000

/** From the wish for a socket until the token is accepted. */
export const greetingMsMax = 20_000

/** Until welcome says how often signs of life come. */
export const silenceMsDefault = 20_000
export const silencesMax = 3

/** A token is asked for so long before the old one ends. */
export const tokenLeadMs = 60_000

/** A push without an answer for so long is asked about by opening again; a relay whose disk is slow answers sooner. */
export const unansweredMsMax = 60_000

/** A document that came to rest is compared after a moment, and not again for a minute. */
export const quietMs = 2_000
export const comparisonMsMin = 60_000

/** A link that opened so often in a row without getting further waits before it tries again. */
export const reopeningsMax = 3
export const reopenWaitMs = 30_000

/** An entry that still lacks something after the relay got all we have, twice, waits for a person. */
export const repairsMax = 2

/** Rows that stay behind a fold for tabs that are slow; and how many make one worth while. */
export const foldTailRows = 50
export const foldRowsMin = 200

/** Rows without a place in the store's order count from here, above any sequence. */
export const rowlessCounterMin: number = 2 ** 52

/** Names of a full list that are kept until it has come to its end. */
export const listedMax = 100_000
