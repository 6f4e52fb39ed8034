// api-problem.ts — all that can be wrong with a request for documents: a code for programs, a status for HTTP, a sentence for
// people. Must not know: what was asked.
import { StoreError } from '../shared/store.ts'
import { WorkError } from './workshop.ts'

const problems = {
  unfinished: { status: 400, says: 'The request ended before all of it had come. Send it again.' },
  'bad-request': {
    status: 400,
    says: 'This request cannot be understood. See in its documentation how it is written.',
  },
  'bad-revocation': {
    status: 400,
    says: 'This does not say what to revoke. Send { subject, before } or { id } as JSON, before in milliseconds since 1970.',
  },
  'before-in-future': {
    status: 400,
    says: 'Before lies in the future. Say now, and revoke again when there is more to revoke.',
  },
  'not-signed-in': {
    status: 401,
    says: 'This relay asks for a token. Sign in, and send it as Authorization: Bearer.',
  },
  forbidden: {
    status: 403,
    says: 'This document may not be read with this token. Ask for it, or sign in as somebody else.',
  },
  'read-only': {
    status: 403,
    says: 'This document may be read with this token, not written. Ask for the right to write.',
  },
  'not-admin': {
    status: 403,
    says: 'Only a token of an administrator may do this. Ask for one with admin: true.',
  },
  'wrong-origin': {
    status: 403,
    says: 'This relay does not accept the page that you come from. Its --origins has to name it.',
  },
  'not-local': {
    status: 403,
    says: 'Without signing in this relay answers its own machine only. Ask from there, or have people sign in.',
  },
  'not-found': { status: 404, says: 'There is nothing here. Documents are under /v1/documents/NAME.' },
  'no-document': {
    status: 404,
    says: 'Nothing was ever written to a document of this name. Look at the name, or write to it first.',
  },
  'method-not-allowed': { status: 405, says: 'This cannot be done here. Use GET, HEAD, POST or DELETE.' },
  'too-slow': { status: 408, says: 'Nothing more came of this request for too long. Send it again.' },
  gap: {
    status: 409,
    says: 'This update builds on what the document does not have. Send what it lacks, beginning at stateVector.',
  },
  gone: { status: 410, says: 'This document was purged. Its name stays empty until it is replaced.' },
  stale: { status: 412, says: 'The document has changed since. Read it again, and decide anew.' },
  'too-large': {
    status: 413,
    says: 'This is larger than documents may be on this relay. Write less, or into another document.',
  },
  'bad-update': {
    status: 422,
    says: 'This is not a Yjs update. Send what Y.encodeStateAsUpdate or an update event gives.',
  },
  failed: { status: 500, says: 'The relay failed. The trace tells whoever runs it where.' },
  busy: { status: 503, says: 'The relay has enough to do. Come back in a moment.' },
  'cannot-sign-in': { status: 503, says: 'Nobody could say what you may do. Come back in a moment.' },
  unanswered: {
    status: 503,
    says: 'The disk did not take it in time. It may be there or not: to send the same again does no harm.',
  },
  'not-revoked': {
    status: 503,
    says: 'The disk did not keep the revocation: nothing is revoked. Send it again when the disk writes.',
  },
  'not-now': { status: 503, says: 'The document could not be read or put together. Come back in a moment.' },
} as const

export type ApiProblemCode = keyof typeof problems

export const apiProblemCodes: readonly ApiProblemCode[] = Object.keys(problems).filter(isApiProblemCode)

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly code: ApiProblemCode
  readonly #details: object

  constructor(code: ApiProblemCode, message: string = problems[code].says, details: object = {}) {
    super(message)
    this.code = code
    this.#details = details
  }

  get status(): number {
    return problems[this.code].status
  }

  get body(): { readonly code: string; readonly message: string } {
    return { ...this.#details, code: this.code, message: this.message }
  }

  get headers(): Readonly<Record<string, string>> {
    if (this.status === 503) return { 'retry-after': '1' }
    // What might still come of it would be taken for another request.
    if (this.status === 408) return { connection: 'close' }
    if (this.status === 405) return { allow: 'GET, HEAD, POST, DELETE' }
    return this.status === 401 ? { 'www-authenticate': 'Bearer' } : {}
  }
}

/** What nobody foresaw is not told in its own words: they may be somebody's. */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  const isPassing = error instanceof StoreError || error instanceof WorkError
  return new ApiProblem(isPassing ? 'not-now' : 'failed')
}

function isApiProblemCode(word: string): word is ApiProblemCode {
  return Object.hasOwn(problems, word)
}
