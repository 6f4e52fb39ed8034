// thrown-error.ts — the ProtocolError that something throws. Any other error, or none, fails the test.

import { ProtocolError } from '../../shared/protocol-error.ts'

export function errorOf(act: () => unknown): { readonly code: string; readonly blame: string } {
  try {
    act()
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code, blame: error.blame }
    throw error
  }
  throw new Error('Nothing was thrown.')
}
