// refusals.ts — why somebody is not let in: a code for programs and counters, a sentence for people. Must not know:
// wires, and what exactly was presented; nothing of a token is ever repeated.
import type { Refusal } from '../shared/session-words.ts'

const sentences = {
  'no-token': 'This relay asks for a token, and there is none. Sign in, and come back with one.',
  'token-too-long': 'This token is longer than tokens may be. Sign in again, and come back with another.',
  'token-malformed': 'This is not a token that this relay can read. Sign in again.',
  'token-algorithm': 'This token is signed in a way that this relay does not accept. Tell who makes it.',
  'token-signature': 'This token was not signed with the key that this relay knows. Sign in again.',
  'token-key-unknown': 'This token names a key that this relay does not know. Sign in again.',
  'token-expired': 'Your token has expired. Sign in again.',
  'token-not-yet-valid': 'This token is not valid yet. Come back later, or set the clock of who made it.',
  'token-issuer': 'This token was issued by somebody whom this relay does not trust. Sign in again.',
  'token-audience': 'This token was made for another service. Sign in to this one.',
  'token-claims': 'This token does not say what this relay has to know. Tell who makes it.',
  'token-revoked': 'Your token was revoked. Sign in again.',
  'not-signed-in': 'The application does not know you. Sign in, and come back.',
  forbidden: 'This document may not be read with this token. Ask for it, or sign in as somebody else.',
  'not-local':
    'Without signing in this relay serves its own machine only. Connect from there, or have people sign in.',
  'wrong-origin': 'This relay does not accept the page that you come from. Its --origins has to name it.',
  'unknown-protocol':
    'This relay speaks syncline.v1, and the wire of y-websocket. Update your client or the relay.',
  'keys-unreachable': 'The keys that tokens are checked with cannot be fetched. Come back in a moment.',
  'application-failed': 'The application could not say what you may do. Come back in a moment.',
  'application-late': 'The application took too long to say what you may do. Come back in a moment.',
} as const

export type RefusalCode = keyof typeof sentences

/** All there are: whoever counts refusals may name a counter after each. */
export const refusalCodes: readonly RefusalCode[] = Object.keys(sentences).filter(isRefusalCode)

const passing: ReadonlySet<RefusalCode> = new Set([
  'keys-unreachable',
  'application-failed',
  'application-late',
])

export type SignInRefusal = Refusal & { readonly code: RefusalCode }

/** With a sentence of its own where one says more, such as the application's. */
export function refusal(code: RefusalCode, sentence: string = sentences[code]): SignInRefusal {
  return { code, reason: `${sentence} (${code})`, isPassing: passing.has(code) }
}

function isRefusalCode(word: string): word is RefusalCode {
  return Object.hasOwn(sentences, word)
}
