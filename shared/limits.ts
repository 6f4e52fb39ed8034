// limits.ts — every bound that a peer can run into [B1], unit in the name. Must not know: who enforces it.

/** A frame larger than this ends its socket. */
export const frameBytesMax: number = 64 * 1024 * 1024

/** A document's name on the stock wire is its raw path. */
export const documentNameBytesMax = 1024

/** Stock clients close a socket on which a single message takes 30 s, so large documents go in pieces. */
export const stockChunkBytesMax: number = 1024 * 1024

/** Y.mergeUpdates is more than quadratic in the number of its updates: 5,000 take 0.3 s, 100,000 take minutes. */
export const mergedUpdatesMax = 256

/** Stock clients close a socket on which nothing but pings arrived for 30 s. */
export const stockSilenceMsMax = 20_000

/** What the relay holds for a reader that does not read, before it lets the socket go. */
export const unsentBytesMax: number = 16 * 1024 * 1024

