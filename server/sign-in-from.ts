// sign-in-from.ts — the options as signing in takes them: what is in files is read. Must not know: how tokens are checked.
import { readNamedFile } from './named-file.ts'
import type { Options } from './options.ts'
import type { SignInOptions, TokenKeys } from './sign-in-options.ts'

export async function signInFrom(options: Options): Promise<SignInOptions> {
  return {
    keys: await keysFrom(options),
    issuer: options.tokenIssuer,
    audience: options.tokenAudience,
    clockToleranceMs: options.tokenClockTolerance,
    origins: options.origins,
    authenticate: options.authenticate,
    authorize: options.authorize,
    askMs: options.askTime,
    recheckMs: options.recheck,
  }
}

/** What tokens are checked with, if anything is. */
export async function keysFrom(options: Options): Promise<TokenKeys | undefined> {
  const { tokenSecret, tokenSecretFile, tokenPublicKey, tokenJwks } = options
  if (tokenSecret !== undefined) return { kind: 'secret', secret: tokenSecret }
  if (tokenSecretFile !== undefined)
    return { kind: 'secret', secret: (await read(tokenSecretFile, 'The secret for tokens')).trim() }
  if (tokenPublicKey !== undefined)
    return { kind: 'publicKey', key: await read(tokenPublicKey, 'The public key for tokens') }
  return tokenJwks === undefined ? undefined : { kind: 'jwks', address: tokenJwks }
}

async function read(file: string, what: string): Promise<string> {
  return (await readNamedFile(file, what, 'bad-key')).toString()
}
