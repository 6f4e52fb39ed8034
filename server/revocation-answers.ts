// revocation-answers.ts — what a running relay is told to revoke, over HTTP. Knows: the form of such a request, and its
// bounds. Must not know: who may ask, how revocations are kept.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { subjectBytesMax, tenantBytesMax } from '../shared/limits.ts'
import { ApiProblem } from './api-problem.ts'
import { isName, tokenIdBytesMax } from './bearer.ts'
import type { Bodies } from './body.ts'
import { isFields } from './fields.ts'
import type { Report } from './notice.ts'
import type { Revocation } from './revocations.ts'
import type { SignIn } from './sign-in.ts'

const bodyBytesMax = 8 * 1024

/** By how much the clock of who asks may be ahead. Later, it would lock out for good, and no earlier moment undoes it. */
const aheadMsMax = 60_000

/** In 2001. What is said in seconds lies before it, and would revoke nothing. */
const beforeMin = 1_000_000_000_000

export type RevocationPlace = {
  readonly signIn: SignIn
  readonly report: Report
  readonly bodies: Bodies
  /** Whose subjects and tokens may be named; undefined: those of all. */
  readonly tenant: string | undefined
}

/** Answers when it is durable, and live links that it was about have ended; what is wrong is thrown. */
export async function answerRevocation(
  { signIn, report, bodies, tenant }: RevocationPlace,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bounds = { tenant: tenant ?? '', bytesMax: bodyBytesMax }
  await bodies.workWith(request, bounds, async (body) => {
    const revocation = revocationFrom(valueIn(body), tenant)
    if ('before' in revocation && revocation.before > signIn.now() + aheadMsMax)
      throw new ApiProblem('before-in-future')
    try {
      await signIn.revoke(revocation)
    } catch (cause) {
      report({ code: 'revocation-failed', cause })
      throw new ApiProblem('not-revoked')
    }
  })
  response.writeHead(204).end()
}

function valueIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    throw new ApiProblem('bad-revocation')
  }
}

function revocationFrom(body: unknown, only: string | undefined): Revocation {
  if (!isFields(body)) throw new ApiProblem('bad-revocation')
  const { id, expiresAt, subject, tenant = only ?? '', before } = body
  if (only !== undefined && tenant !== only)
    throw new ApiProblem('bad-revocation', 'Only tokens of your own tenant can be revoked here.')
  if (id !== undefined && subject !== undefined)
    throw new ApiProblem('bad-revocation', 'Say id, for one token, or subject and before, not both.')
  if (!isName(tenant, tenantBytesMax)) throw new ApiProblem('bad-revocation')
  if (isName(id, tokenIdBytesMax) && id !== '') {
    if (isTime(expiresAt)) return { tenant, id, expiresAt }
    if (expiresAt === undefined) return { tenant, id }
  }
  if (!isName(subject, subjectBytesMax) || subject === '' || !isTime(before))
    throw new ApiProblem('bad-revocation')
  if (before < beforeMin)
    throw new ApiProblem(
      'bad-revocation',
      `Before is in milliseconds: ${before} is in ${new Date(before).getUTCFullYear()}.`,
    )
  return { subject, tenant, before }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
