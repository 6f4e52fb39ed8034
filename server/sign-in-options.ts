// sign-in-options.ts — how a relay finds out who comes and what they may do: the options, with every default. Types
// and values only. Must not know: where they were read from.
import type { Authenticate, Authorize } from './application.ts'

/** What tokens are checked with. */
export type TokenKeys =
  /** HS256, with a secret of at least 32 bytes that the application shares with the relay. */
  | { readonly kind: 'secret'; readonly secret: string }
  /** PEM or JWK, of RSA, P-256, P-384, P-521 or Ed25519. */
  | { readonly kind: 'publicKey'; readonly key: string }
  /** The address of a key set, as identity providers publish it; fetched when a token names an unknown key. */
  | { readonly kind: 'jwks'; readonly address: string }

export type SignInOptions = {
  /** Without keys and without an application to ask, the relay is open, and on loopback only. */
  readonly keys: TokenKeys | undefined
  /** Where given, tokens have to name this issuer, and this audience. */
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** How far the clocks of who makes tokens and of the relay may be apart. */
  readonly clockToleranceMs: number
  /** Pages of which origins may connect. None: those that the relay itself serves. */
  readonly origins: readonly string[]
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  /** How long the application may take to answer. */
  readonly askMs: number
  /** How often what live links may do is looked at again. */
  readonly recheckMs: number
}

export const signInDefaults: SignInOptions = {
  keys: undefined,
  issuer: undefined,
  audience: undefined,
  clockToleranceMs: 5_000,
  origins: [],
  authenticate: undefined,
  authorize: undefined,
  askMs: 5_000,
  recheckMs: 60_000,
}
