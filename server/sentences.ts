// sentences.ts — what clients of both wires are told when their socket ends, in the same words: why, what to do, and the word
// by which it is counted. Must not know: who is told, and when. Stock clients hear them in a close frame, which holds
// 123 bytes. With the trace, whoever is asked for help finds what happened in the journal.
import type { ProtocolErrorCode } from '../shared/protocol-error.ts'

export const beingStopped = 'The relay is being stopped. Come back in a moment; nothing is lost. (draining)'
export const partWasLost =
  'A part of the data was lost on the disk. Come back at once: what you have is wanted. (damaged)'
export const tooSlow =
  'You read too slowly. Come back, and go on from where you are; nothing is lost. (too-slow)'
export const tooMuchUnknown =
  'Too much came before it was known who you are. Sign in first, and come back. (too-much-unknown)'
export const frameTooLarge =
  'What you sent at once is larger than this relay takes. Export it, and begin a new one. (too-large)'
export const nameTooLong =
  'The name of this document is longer than 1,024 bytes. Choose a shorter one. (name-too-long)'

export function tooFast(afterMs: number): string {
  const seconds = Math.ceil(afterMs / 1000)
  return `You send faster than you may. Come back in ${seconds} s; nothing is lost. (too-fast)`
}

export function relayFailed(trace: string | undefined): string {
  const known = trace === undefined || trace === '' ? '' : `; if it repeats, tell who runs it: ${trace}`
  return `The relay could not answer. Come back in a moment${known}. (failing)`
}

/** What a stock client said is none of the wire that it asked for: it would say the same again. */
export function unreadable(code: ProtocolErrorCode): string {
  return code === 'too-many-clients'
    ? `More clients wrote this than a document may have. Export it, and begin a new one. (${code})`
    : `What you sent cannot be read. Reload the page, and update its y-websocket if it repeats. (${code})`
}
