// protocol-error.ts — the one error that bytes from outside can cause [W1]. Knows: a machine code and whose
// fault it is. Must not know: sockets, close codes, logs.

/** Who is to blame: `peer` sent something it must not send, `self` was used wrongly by this program. */
export type Blame = 'peer' | 'self'

export type ProtocolErrorCode =
  | 'truncated'
  | 'trailing-bytes'
  | 'number-too-large'
  | 'malformed-text'
  | 'malformed-json'
  | 'unknown-message'
  | 'too-many-messages'
  | 'unknown-content'
  | 'forbidden-key'
  | 'too-many-clients'
  | 'too-many-structs'
  | 'too-many-deletes'
  | 'too-many-roots'
  | 'too-many-subdocuments'
  | 'too-deep'
  | 'too-long'
  | 'clock-too-large'
  | 'out-of-order'
  | 'duplicate-client'
  | 'circular-reference'
  | 'empty-run'
  | 'unknown-word'
  | 'too-short'
  | 'too-many-entries'
  | 'frame-too-large'
  | 'message-too-large'
  | 'bad-fragment'
  | 'not-whole'
  | 'not-encodable'

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode
  readonly blame: Blame

  constructor(code: ProtocolErrorCode, message: string, blame: Blame = 'peer') {
    super(message)
    this.code = code
    this.blame = blame
  }
}
