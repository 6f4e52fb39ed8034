// relay-error.ts — what the person who runs a relay may be told, each with a code. Must not know: peers' faults.

export type RelayErrorCode =
  | 'bad-option'
  | 'data-in-use'
  | 'data-unreadable'
  | 'disk-full'
  | 'port-in-use'
  | 'cannot-listen'
  | 'no-data'
  | 'no-folder'
  | 'other-format'
  | 'not-empty'
  | 'unfinished-copy'
  | 'damaged-copy'
  | 'relay-silent'
  | 'not-revoked'
  | 'no-relay'
  | 'bad-key'
  | 'no-secret'
  | 'secret-unreadable'

export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: RelayErrorCode

  constructor(code: RelayErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
