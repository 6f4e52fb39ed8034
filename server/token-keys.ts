// token-keys.ts — whether a token is what it says: signed with a key that the relay was given, in a way that fits the
// kind of key, and valid now. Knows: jose. Must not know: what else the claims say, who asks.
import { createPublicKey, subtle } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import type { JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { tokenBytesMax } from '../shared/limits.ts'
import type { Claims } from './bearer.ts'
import { isFields } from './fields.ts'
import type { Fields } from './fields.ts'
import { isLoopbackHost } from './origins.ts'
import { refusal } from './refusals.ts'
import type { RefusalCode, SignInRefusal } from './refusals.ts'
import { RelayError } from './relay-error.ts'
import type { SignInOptions, TokenKeys } from './sign-in-options.ts'

export type Verify = (token: string) => Promise<{ readonly claims: Claims } | SignInRefusal>

/** As long as the hash that HS256 is made with: shorter ones can be tried out. */
const secretBytesMin = 32

/** A key set is fetched anew after ten minutes, and for an unknown key at most twice a minute. */
const keySet = { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: 5_000 }

const hmac = { name: 'HMAC', hash: 'SHA-256' }
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const edwardsAlgorithms = ['EdDSA', 'Ed25519']
const curveAlgorithms: { readonly [curve: string]: string } = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

export function verifierOf(keys: TokenKeys, options: SignInOptions, now: () => number): Verify {
  const { getKey, algorithms } = keySource(keys)
  const { issuer, audience, clockToleranceMs } = options
  const wanted: JWTVerifyOptions = {
    algorithms,
    clockTolerance: clockToleranceMs / 1000,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  }
  return async (token) => {
    if (token === '') return refusal('no-token')
    if (Buffer.byteLength(token) > tokenBytesMax) return refusal('token-too-long')
    try {
      const { payload } = await jwtVerify(token, getKey, { ...wanted, currentDate: new Date(now()) })
      return { claims: payload }
    } catch (error) {
      return refusal(codeOf(error, keys.kind))
    }
  }
}

function keySource(keys: TokenKeys): { getKey: JWTVerifyGetKey; algorithms: string[] } {
  switch (keys.kind) {
    case 'secret': {
      // Made once: made anew for each token it costs more than the check itself.
      const key = subtle.importKey('raw', secretKey(keys.secret), hmac, false, ['verify'])
      return { getKey: () => key, algorithms: ['HS256'] }
    }
    case 'publicKey': {
      const key = publicKey(keys.key)
      return { getKey: () => Promise.resolve(key), algorithms: algorithmsOf(key) }
    }
    case 'jwks': {
      const algorithms = [...rsaAlgorithms, ...Object.values(curveAlgorithms), ...edwardsAlgorithms]
      return { getKey: createRemoteJWKSet(keySetAddress(keys.address), keySet), algorithms }
    }
  }
}

export function secretKey(secret: string): Buffer {
  const bytes = Buffer.from(secret)
  if (bytes.length >= secretBytesMin) return bytes
  throw badKey(
    `The secret for tokens is too short: of ${secretBytesMin} bytes or more it has ${bytes.length}. Make one: openssl rand -base64 48.`,
  )
}

function publicKey(text: string): KeyObject {
  const jwk = text.trimStart().startsWith('{') ? jwkFrom(text) : undefined
  if (jwk === undefined ? text.includes('PRIVATE KEY') : 'd' in jwk || 'k' in jwk)
    throw badKey('This is a private key. The relay needs the public one only, and should not have the other.')
  try {
    return createPublicKey(jwk === undefined ? text : { key: jwk, format: 'jwk' })
  } catch {
    throw badKey('This is no public key for tokens. It has to be PEM or a JWK.')
  }
}

function jwkFrom(text: string): Fields {
  const jwk = parsed(text)
  if (isFields(jwk)) return jwk
  throw badKey('The public key for tokens begins like a JWK, and is no JSON.')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A key is used in the ways that fit it, whatever a token asks for. */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] {
  const curve = curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? '']
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return rsaAlgorithms
  if (asymmetricKeyType === 'ec' && curve !== undefined) return [curve]
  if (asymmetricKeyType === 'ed25519') return edwardsAlgorithms
  throw badKey('Public keys for tokens are RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519.')
}

/** Whoever can change the answer can sign in as anybody. */
function keySetAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))) return url
  throw badKey(`«${address}» is no address for a key set: https, or http on this machine.`)
}

function codeOf(error: unknown, kind: TokenKeys['kind']): RefusalCode {
  if (error instanceof errors.JWTExpired) return 'token-expired'
  if (error instanceof errors.JWTClaimValidationFailed) return codeOfClaim(error.claim)
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token-signature'
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'token-algorithm'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'token-key-unknown'
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'token-malformed'
  // What is left went wrong while a key set was fetched; with a key at hand nothing else can.
  if (kind === 'jwks') return 'keys-unreachable'
  throw error
}

function codeOfClaim(claim: string): RefusalCode {
  switch (claim) {
    case 'nbf':
      return 'token-not-yet-valid'
    case 'iss':
      return 'token-issuer'
    case 'aud':
      return 'token-audience'
    default:
      return 'token-claims'
  }
}

function badKey(sentence: string): RelayError {
  return new RelayError('bad-key', sentence)
}
