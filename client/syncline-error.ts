// syncline-error.ts — what can go wrong in the hands of who uses this package: one class, one code each.

export type SynclineErrorCode =
  /** A document's name has 1 to 1,024 bytes of well-formed text. */
  | 'bad-name'
  /** What the application gave as a token is no text of at most 16 KiB. Told as `tokenError`, never thrown. */
  | 'bad-token'
  /** A relay's address begins with `ws://` or `wss://`, and has no `#`. */
  | 'bad-url'
  /** The workspace, or the document, was closed. */
  | 'closed'
  /** An application that was asked for a token said nothing for 30 seconds. Told as `tokenError`, never thrown. */
  | 'no-answer'
  /** There is no IndexedDB here, or what was passed is no store. */
  | 'no-store'
  /** There is no WebSocket here: Node 20 needs one passed in. */
  | 'no-web-socket'
  /** `prepare` wrote into the Y.Doc, where nothing is kept yet. */
  | 'prepare-wrote'
  /** Another process, or another workspace, has the folder of LevelDB. */
  | 'store-in-use'
  /** The folder cannot be opened. */
  | 'store-unreadable'

export class SynclineError extends Error {
  override readonly name = 'SynclineError'
  readonly code: SynclineErrorCode

  constructor(code: SynclineErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
