// application.ts — the application's own word on who comes and what they may do: asked within a time limit, and believed
// only where it has the form that was agreed on. Knows: its two functions. Must not know: tokens' insides, sockets.
import { subjectBytesMax, tenantBytesMax } from '../shared/limits.ts'
import { isName } from './bearer.ts'
import type { Bearer, Claims } from './bearer.ts'
import { isFields } from './fields.ts'
import type { RequestHeaders } from './live-grant.ts'
import { bitsOf } from './name-patterns.ts'
import type { Rights } from './name-patterns.ts'
import type { Report } from './notice.ts'
import { refusal } from './refusals.ts'
import type { SignInRefusal } from './refusals.ts'

/** What was shown by who came: the token as it is, '' for none, and the headers of the request. */
export type Visit = { readonly token: string; readonly headers: RequestHeaders }

/** Whom the application takes the visitor for. */
export type Person = {
  readonly subject: string
  readonly tenant?: string
  /** Milliseconds since 1970; without it the application is asked again from time to time, and that is all. */
  readonly expiresAt?: number
  readonly mayAdminister?: boolean
}

/** In place of keys: for applications whose tokens are no JWTs, or that have sessions of their own. Nobody: undefined. */
export type Authenticate = (visit: Visit) => Person | undefined | Promise<Person | undefined>

export type AuthorizeQuestion = Visit & {
  readonly document: string
  readonly tenant: string
  readonly subject: string
  /** Of the token; empty where `authenticate` named the person. */
  readonly claims: Claims
  /** What the token gives. The answer may be less; it is never more. */
  readonly rights: Rights
}

export type AuthorizeAnswer = Rights | 'none' | { readonly refused: string }

export type Authorize = (question: AuthorizeQuestion) => AuthorizeAnswer | Promise<AuthorizeAnswer>

/** Of an application's sentence, what a close frame can carry beside the code. */
const sentenceBytesMax = 100

type Answered = { readonly answer: unknown }

export class Application {
  readonly #askMs: number
  readonly #report: Report

  constructor(askMs: number, report: Report) {
    this.#askMs = askMs
    this.#report = report
  }

  async identify(authenticate: Authenticate, visit: Visit): Promise<Bearer | SignInRefusal> {
    const answered = await this.#ask('authenticate', () => authenticate(visit))
    if ('code' in answered) return answered
    const { answer } = answered
    if (answer === undefined || answer === null) return refusal('not-signed-in')
    return bearerOf(answer) ?? this.#failed('authenticate', 'Its answer is no person.')
  }

  /** Bits of `right`, one at least. */
  async rightsTo(authorize: Authorize, question: AuthorizeQuestion): Promise<number | SignInRefusal> {
    const answered = await this.#ask('authorize', () => authorize(question))
    if ('code' in answered) return answered
    const { answer } = answered
    if (answer === 'read' || answer === 'write') return bitsOf[answer] & bitsOf[question.rights]
    if (answer === 'none') return refusal('forbidden')
    if (isRefused(answer)) return refusal('forbidden', answer.refused)
    return this.#failed('authorize', 'Its answer is none of «read», «write», «none» and { refused }.')
  }

  async #ask(name: string, ask: () => unknown): Promise<Answered | SignInRefusal> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, this.#askMs, 'late')
    })
    try {
      const asked = (async () => ({ answer: await ask() }))()
      const answered = await Promise.race([asked, late])
      if (answered !== 'late') return answered
      this.#report({ code: 'application-late', facts: { function: name, ms: this.#askMs } })
      return refusal('application-late')
    } catch (error) {
      return this.#failed(name, error)
    } finally {
      clearTimeout(timer)
    }
  }

  #failed(name: string, cause: unknown): SignInRefusal {
    this.#report({ code: 'application-failed', cause, facts: { function: name } })
    return refusal('application-failed')
  }
}

function bearerOf(answer: unknown): Bearer | undefined {
  if (!isFields(answer)) return undefined
  const { subject, tenant = '', expiresAt, mayAdminister = false } = answer
  if (!isName(subject, subjectBytesMax) || subject === '' || !isName(tenant, tenantBytesMax)) return undefined
  if (!isTime(expiresAt)) return undefined
  if (typeof mayAdminister !== 'boolean') return undefined
  return {
    tenant,
    subject,
    id: undefined,
    issuedAt: undefined,
    expiresAt,
    documents: undefined,
    mayAdminister,
    claims: {},
  }
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))
}

function isRefused(answer: unknown): answer is { readonly refused: string } {
  return isFields(answer) && isName(answer['refused'], sentenceBytesMax)
}
