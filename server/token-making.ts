// token-making.ts — makes a token, where the relay shares a secret: for `syncline token`, and for the link that a relay
// prints. Knows: the claims. Must not know: how they are checked, who asks.
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { NamePattern } from './name-patterns.ts'
import type { Report } from './notice.ts'
import { ownSecret } from './own-secret.ts'
import { RelayError } from './relay-error.ts'
import type { SignInOptions } from './sign-in-options.ts'
import { secretKey } from './token-keys.ts'

export type TokenWish = {
  readonly subject: string
  readonly tenant: string
  readonly documents: readonly NamePattern[]
  readonly mayAdminister: boolean
  /** Undefined: it does not expire. */
  readonly expiresAt: number | undefined
}

type Signing = Pick<SignInOptions, 'keys' | 'issuer' | 'audience' | 'authenticate' | 'authorize'>

/** With the secret that the relay was given, or with its own. */
export async function makeToken(
  { keys, issuer, audience, authenticate, authorize }: Signing,
  folder: string,
  wish: TokenWish,
  now: number,
  report: Report,
): Promise<string> {
  if (keys !== undefined && keys.kind !== 'secret')
    throw new RelayError(
      'no-secret',
      'This relay only checks tokens. Who holds the private key of its public key makes them.',
    )
  if (keys === undefined && (authenticate !== undefined || authorize !== undefined))
    throw new RelayError('no-secret', 'This relay has no keys for tokens: it asks the application who comes.')
  const secret = keys?.secret ?? (await ownSecret(folder, report))
  const { tenant, documents, mayAdminister } = wish
  const token = new SignJWT({
    ...(tenant === '' ? {} : { tenant }),
    ...(mayAdminister ? { admin: true } : {}),
    documents,
  })
  token.setProtectedHeader({ alg: 'HS256' }).setSubject(wish.subject).setJti(randomUUID())
  token.setIssuedAt(Math.floor(now / 1000))
  if (issuer !== undefined) token.setIssuer(issuer)
  if (audience !== undefined) token.setAudience(audience)
  if (wish.expiresAt !== undefined) token.setExpirationTime(Math.floor(wish.expiresAt / 1000))
  return token.sign(secretKey(secret))
}
