// bearer.ts — who comes, as the claims of a token say it. Knows: which claims there are and what each may hold. Must not
// know: signatures, keys, sockets.
import { documentNameBytesMax, subjectBytesMax, tenantBytesMax } from '../shared/limits.ts'
import { isFields } from './fields.ts'
import type { Fields } from './fields.ts'
import { isPattern, NamePatterns } from './name-patterns.ts'
import type { NamePattern, Rights } from './name-patterns.ts'

export type Claims = Fields

export type Bearer = {
  readonly tenant: string
  readonly subject: string
  /** The token's own id, by which it can be revoked. */
  readonly id: string | undefined
  readonly issuedAt: number | undefined
  readonly expiresAt: number | undefined
  /** Undefined: the token leaves it to the application. */
  readonly documents: NamePatterns | undefined
  readonly mayAdminister: boolean
  readonly claims: Claims
}

export const tokenIdBytesMax = 256
const patternsMax = 1_000
/** The last second of the year 9999: what is beyond has been computed wrongly. */
const secondsMax = 253_402_300_799

/** Undefined where a claim is missing or of the wrong kind. Times of a token are seconds, of the relay milliseconds. */
export function bearerFrom(claims: Claims, clockToleranceMs: number): Bearer | undefined {
  const { sub, tenant = '', jti, iat, exp, admin = false, documents } = claims
  if (!isName(sub, subjectBytesMax) || sub === '' || !isName(tenant, tenantBytesMax)) return undefined
  if (jti !== undefined && !isName(jti, tokenIdBytesMax)) return undefined
  if (!isTime(iat) || !isTime(exp) || typeof admin !== 'boolean') return undefined
  const patterns = documents === undefined ? undefined : patternsFrom(documents)
  if (documents !== undefined && patterns === undefined) return undefined
  return {
    tenant,
    subject: sub,
    id: jti,
    issuedAt: iat === undefined ? undefined : iat * 1000,
    expiresAt: exp === undefined ? undefined : Math.floor(exp * 1000) + clockToleranceMs,
    documents: patterns === undefined ? undefined : new NamePatterns(patterns),
    mayAdminister: admin,
    claims,
  }
}

function patternsFrom(claim: unknown): readonly NamePattern[] | undefined {
  if (!Array.isArray(claim) || claim.length > patternsMax) return undefined
  const patterns: NamePattern[] = []
  for (const entry of claim as readonly unknown[]) {
    if (!isFields(entry)) return undefined
    const { pattern, rights } = entry
    if (!isName(pattern, documentNameBytesMax) || !isPattern(pattern) || !isRights(rights)) return undefined
    patterns.push({ pattern, rights })
  }
  return patterns
}

function isRights(value: unknown): value is Rights {
  return value === 'read' || value === 'write'
}

/** Half a surrogate pair would become U+FFFD on the disk: two names would share their records. */
export function isName(value: unknown, bytesMax: number): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= bytesMax && !/\p{Surrogate}/u.test(value)
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= secondsMax)
}
