// record-reader.ts — one record or key from a disk of our own, to its end. Must not know: what it says.
import { ByteCursor } from './byte-cursor.ts'
import { ProtocolError } from './protocol-error.ts'
import { StoreError } from './store.ts'

/** What cannot be read from our own disk is nobody's fault but the disk's: another error than a peer's. */
export function readRecord<Value>(noun: string, bytes: Uint8Array, read: (from: ByteCursor) => Value): Value {
  const from = new ByteCursor(bytes)
  try {
    const value = read(from)
    if (from.remaining > 0)
      throw new ProtocolError('trailing-bytes', `${from.remaining} bytes are left over.`)
    return value
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new StoreError(
      'damaged',
      `A ${noun} on the disk cannot be read: ${error.message}`,
      'notApplied',
      error,
    )
  }
}
