// limits.ts — every bound that a peer can run into [B1], unit in the name. Must not know: who enforces it.

/** A document's name on the stock wire is its raw path. */
export const documentNameBytesMax = 1024

/** Stock clients close a socket on which a single message takes 30 s, so large documents go in pieces. */
export const stockChunkBytesMax: number = 1024 * 1024

/** Stock clients close a socket on which nothing but pings arrived for 30 s. */
export const stockSilenceMsMax = 20_000

/** Clients of 4.x write a few messages into a frame, older ones one. */
export const stockFrameMessagesMax = 64

/** Half minutes without a byte that moves, for a reader that still has to take what was sent to it. */
export const quietChecksMax = 10

/** What the relay holds for a reader that does not read, before it lets the socket go. */
export const unsentBytesMax: number = 16 * 1024 * 1024

/** Clocks and lengths end here: far above any document, and every sum of two of them stays exact. */
export const clockMax: number = 2 ** 31 - 1

/** Every transaction on every replica walks all clients of its document: 10,000 cost it 5 ms. */
export const updateClientsMax = 10_000

/** A root is made in every replica while it reads, whether or not it is ever used: 1.3 KB each. */
export const updateRootsMax = 10_000

/** A subdocument is a whole Y.Doc in every replica that reads it: 3 KB for 8 bytes of update. */
export const updateSubdocumentsMax = 1_000

export const rootNameBytesMax = 1024

/** Keys of maps, formats and attributes, names of elements, ids of subdocuments. */
export const keyBytesMax = 4096

/** Values inside values: the stacks of peers differ, so no peer may come near the end of its own. */
export const valueDepthMax = 100

/** Types inside types, by one update or by many: deleting the outermost of 2,000 overflows the stack of every peer. */
export const typeDepthMax = 512

/** At 50,000 clients each keystroke costs every replica 28 ms. */
export const documentClientsMax = 50_000

export const documentRootsMax = 10_000

/**
 * The log keeps 16 bytes for each range that was ever deleted, and to add one costs the same however many there are;
 * so that this is a matter of memory alone, and can be far above what a document that people write ever comes to.
 */
export const documentDeletesMax = 1_000_000

/** A frame of the native wire; a larger message travels in fragments. */
export const nativeFrameBytesMax: number = 1024 * 1024

/** A frame is taken in one turn, and each of its messages may be answered by one. */
export const frameMessagesMax = 4_096

/** A message of the native wire, put together. */
export const messageBytesMax: number = 64 * 1024 * 1024

/** Larger messages are cut, so that an ack does not wait behind a megabyte on a slow line. */
export const fragmentBytesMax: number = 256 * 1024

export const helloVersionsMax = 16

export const secretBytesMin = 16
export const secretBytesMax = 64

export const tokenBytesMax: number = 16 * 1024

/** The names that a token stands for. */
export const tenantBytesMax = 1024
export const subjectBytesMax = 1024

/** Why something was refused or ended, and the id under which a log tells it. */
export const reasonBytesMax = 1024
export const traceBytesMax = 1024

export const sealBytesMax = 256
export const workspaceCursorBytesMax = 256

/** `documentClientsMax` clients, 8 bytes for a client id and 5 for a clock. */
export const stateVectorBytesMax: number = 1024 * 1024

export const pushEntriesMax = 50

/** Each becomes an object on the reader's side, however few bytes it has. */
export const deliveryUpdatesMax = 4096

/** No clients and no deletes: nothing shorter is an update. */
export const updateBytesMin = 2

/** Ranges of an ack, entries of refused and of filed. */
export const answersMax = 1024

/** Counters in one range of an ack: a reader may walk through them. */
export const ackRangeCountersMax = 1024

export const presenceEntriesMax = 64
export const presenceStateBytesMax: number = 16 * 1024

export const changedDocumentsMax = 1024

/** What waits in a room for what it depends on. */
export const heldBackMax = 256
export const heldBackBytesMax: number = 4 * 1024 * 1024

/** Parts that are looked at of an answer that builds on what is missing: the rest of it waits until that is there. */
export const wholePartPiecesMax = 2_000

/** Refusals that a room keeps for authors who have not filed them. */
export const keptAnswersMax = 10_000

/** Client ids of which a room knows whose they are. */
export const roomClaimsMax = 100_000

export const roomPresencesMax = 2_000
export const roomPresenceBytesMax: number = 2 * 1024 * 1024

/** Client ids for which one replica speaks: one for each Y.Doc that it shows, and those before a reload. */
export const ownerPresencesMax = 100

/** A clock that is raised 60 times a second for a year ends here; past it a peer could not raise it any more. */
export const presenceClockMax: number = 2 ** 31 - 1

/** What is said of presence within so long goes out as one: 20 times a second looks fluid. */
export const presenceGatherMs = 50
/** In a room with fewer readers than that moment takes, it is as much shorter. */
export const presenceReadersPerMs = 4

/** Who is asked whether it is still there has so long to answer, before another socket may speak for its id. */
export const presenceRivalMs = 2_000

/** A presence that was not said again for so long is gone. */
export const presenceExpiryMs = 30_000

/** A replica whose socket broke is usually back by then, and nobody sees it flicker. */
export const presenceGraceMs = 5_000

/** Edits of a room that wait for an application's word. */
export const toJudgeMax = 1_000

/** Replicas of a room that wait for one digest to be made. */
export const comparisonsMax = 1_000

/** What is said at once of a log; a larger single update travels alone. */
export const deliveryBytesMax: number = 512 * 1024

/** A log is folded when so much was written since: every newcomer reads it, one fold pays for all of them. */
export const foldRowsMin = 4_000
export const foldBytesMin: number = 2 * 1024 * 1024

/** A newcomer reads a row of the log in the time in which it reads so much of a snapshot. */
export const rowWorthBytes = 256

/** Rows that stay behind a fold for cursors of late. */
export const tailRowsMax = 1_000

/** What waits of a tenant for a disk that does not write, before the relay stops reading its sockets. */
export const waitingBytesMax: number = 16 * 1024 * 1024
/** Of all tenants together: one of them leaves room for others, and many have a bound all the same. */
export const allWaitingBytesMax: number = 64 * 1024 * 1024
/** What waits is held by objects, however little it says: one for the disk, one for whoever waits to hear of it. */
export const waitingIntentBytes = 500
export const waitingAnswerBytes = 150
/** A view, and the buffer behind it. */
export const waitingViewBytes = 200

/** What is written at once: others wait for it, and the process does little else meanwhile. */
export const commitIntentsMax = 4_000

/** Between two tries to write to a disk that refused. */
export const writeRetryMs = 1_000

/** Links of one socket. */
export const linksMax = 20_000

/** Each side says something at least this often, and gives the other up after so many silences. */
export const silenceMs = 20_000
export const silencesMax = 3

/** Messages of a socket that wait for its token to be checked, or for somebody to say what it allows: opens, and a few. */
export const waitingMessagesMax = 20_100
/** So many opens with long names fit, and it is half of what a single message may hold. */
export const waitingMessageBytesMax: number = 32 * 1024 * 1024

/** Links of a tenant that come to documents that are still being read, and what they say: everyone after a restart. */
export const earlyInputsMax = 50_000
/** A cursor, or a state vector, of each of them. Native links have nothing else to say yet; stock ones may be typed into. */
export const earlyInputBytesMax: number = 32 * 1024 * 1024

/** Of one link. A frame counts whole, however little of it is the link’s: what a link says may lie in three of them. */
export const earlyLinkInputsMax = 1_000
export const earlyLinkBytesMax: number = 4 * 1024 * 1024

/** Whoever said more than is kept is told to come again after so long: by then the disk may have answered. */
export const comeAgainMs = 1_000

/** Half a replica id: enough to tell authors of one document apart. */
export const authorBytes = 8

/** Records that are read of a store at once. */
export const pageEntriesMax = 1_000

/** How large a document may be is set by who runs a relay, within these; what may be sent at once follows from it. */
export const largestDocumentMin: number = 64 * 1024
export const largestDocumentMax: number = 60 * 1024 * 1024

export type Sizes = {
  /** A snapshot and the rows after it. */
  readonly documentBytesMax: number
  readonly entryBytesMax: number
  /** Of either wire, put together: an edit with the rest of its message. */
  readonly messageBytesMax: number
}

export function sizesFor(largestDocument: number): Sizes {
  return {
    documentBytesMax: largestDocument,
    entryBytesMax: largestDocument,
    messageBytesMax: largestDocument + (messageBytesMax - largestDocumentMax),
  }
}

/** Between two tries to read a store that failed. */
export const readRetryMs = 1_000

/** A socket with so much unsent is fed no more: it goes on from the log when it has been read. */
export const fullBytesMin: number = 1024 * 1024

/** What was committed is gathered for so long before those who follow a workspace are told of it. */
export const changesGatherMs = 500

/**
 * What is read of a socket before its token is checked: a frame with hello, authenticate and the first opens in it, and what
 * came with its last bytes.
 */
export const unknownBytesMax: number = fragmentBytesMax + 64 * 1024

/** Links that are given a whole document at a time, by how much the relay has to do, and in its first moments. */
export const joinsAtOnce = { settling: 200, normal: 1_000, busy: 100, shedding: 20 } as const

/** After a start nothing is cached, and everybody comes back. */
export const settlingMs = 30_000

/** A link that was let in counts for so long at most: a stock client may never ask for what it lacks. */
export const joinMsMax = 10_000

/** Who is put off is told to come again within so long. */
export const putOffMsMax = 60_000
