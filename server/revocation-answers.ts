// revocation-answers.ts — what a running relay is told to revoke, over HTTP. Knows: the form of such a request, and its
// bounds. Must not know: who may ask, how revocations are kept.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { subjectBytesMax, tenantBytesMax } from '../shared/limits.ts'
import { answerProblem } from './answers.ts'
import { isName, tokenIdBytesMax } from './bearer.ts'
import { isFields } from './fields.ts'
import type { Report } from './notice.ts'
import type { Revocation } from './revocations.ts'
import type { SignIn } from './sign-in.ts'

const bodyBytesMax = 8 * 1024

/** By how much the clock of who asks may be ahead. Later, it would lock out for good, and no earlier moment undoes it. */
const aheadMsMax = 60_000

export type RevocationPlace = {
  readonly signIn: SignIn
  readonly report: Report
  /** Whose subjects and tokens may be named; undefined: those of all. */
  readonly tenant: string | undefined
}

/** Answers when it is durable, and live links were looked at. */
export async function answerRevocation(
  { signIn, report, tenant }: RevocationPlace,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const revocation = revocationFrom(await bodyOf(request), tenant)
    if (revocation === undefined) {
      const message = 'To revoke takes { subject, tenant, before } or { id, tenant }, as JSON.'
      return answerProblem(response, 400, { code: 'bad-revocation', message })
    }
    if ('before' in revocation && revocation.before > signIn.now() + aheadMsMax) {
      const message = 'Before lies in the future: say now, and revoke again when there is more to revoke.'
      return answerProblem(response, 400, { code: 'before-in-future', message })
    }
    await signIn.revoke(revocation)
    response.writeHead(204).end()
  } catch (cause) {
    // It was broken off before all of it had come: nothing was revoked, and nobody is left to be told.
    if (!request.complete) return undefined
    report({ code: 'recheck-failed', cause })
    const message = 'The revocation could not be kept or carried out. Try again.'
    answerProblem(response, 503, { code: 'not-revoked', message })
  }
  return undefined
}

/** Undefined: too long, or no JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}

function revocationFrom(body: unknown, only: string | undefined): Revocation | undefined {
  if (!isFields(body)) return undefined
  const { id, expiresAt, subject, tenant = only ?? '', before } = body
  if (only !== undefined && tenant !== only) return undefined
  if (!isName(tenant, tenantBytesMax)) return undefined
  if (isName(id, tokenIdBytesMax) && id !== '')
    return isTime(expiresAt)
      ? { tenant, id, expiresAt }
      : expiresAt === undefined
        ? { tenant, id }
        : undefined
  const isHolder = isName(subject, subjectBytesMax) && subject !== ''
  return isHolder && isTime(before) ? { subject, tenant, before } : undefined
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
