// sign-in.ts — who comes, and what they may do, of one relay: open on this machine alone, tokens that are checked with
// the keys it was given or with a secret of its own, an application that is asked. Knows: how these fit together. Must
// not know: sockets, HTTP, how each of them works.
import { right } from '../shared/message.ts'
import type { Store } from '../shared/store.ts'
import { Application } from './application.ts'
import type { Visit } from './application.ts'
import { bearerFrom } from './bearer.ts'
import type { Bearer } from './bearer.ts'
import { unchanging } from './live-grant.ts'
import type { LiveGrant, RequestHeaders } from './live-grant.ts'
import { bitsOf } from './name-patterns.ts'
import type { Report } from './notice.ts'
import { loopbackOrigins, namedOrigins } from './origins.ts'
import type { OriginRule } from './origins.ts'
import { ownSecret } from './own-secret.ts'
import { cookieToken } from './presented-token.ts'
import { refusal } from './refusals.ts'
import type { RefusalCode, SignInRefusal } from './refusals.ts'
import { RelayError } from './relay-error.ts'
import { Revocations } from './revocations.ts'
import type { Revocation } from './revocations.ts'
import type { SignInOptions, TokenKeys } from './sign-in-options.ts'
import { TokenGrant } from './token-grant.ts'
import { verifierOf } from './token-keys.ts'
import { makeToken } from './token-making.ts'

export type SignInPlace = {
  /** Where the secret lies that the relay makes for itself. */
  readonly folder: string
  /** Nobody but this machine reaches the relay. */
  readonly isLoopback: boolean
  readonly store: Store
  /** The wall clock: tokens have their times by it. */
  readonly now: () => number
  /** The same moment by the clock that live links wait by, which is never set back. */
  readonly steadyTimeOf: (time: number) => number
  readonly report: Report
  /** Each refusal is counted. */
  readonly refused: (code: RefusalCode) => void
}

/** Who the visitor is. An open relay does not ask. */
type Identify = (visit: Visit) => Promise<Bearer | SignInRefusal>

/** Without accounts everyone who reaches the port may do everything. */
const openGrant: LiveGrant = unchanging(
  {
    tenant: '',
    subject: '',
    expiresAt: undefined,
    rightsVersion: 1,
    rightsOf: () => right.read + right.write,
  },
  true,
)

/** Where an application decides by the request alone, who comes has no name. */
const nobody: Bearer = {
  tenant: '',
  subject: '',
  id: undefined,
  issuedAt: undefined,
  expiresAt: undefined,
  documents: undefined,
  mayAdminister: false,
  claims: {},
}

export class SignIn {
  readonly acceptsOrigin: OriginRule
  readonly #options: SignInOptions
  readonly #place: SignInPlace
  readonly #revocations: Revocations
  readonly #application: Application
  /** Undefined: open. */
  readonly #identify: Identify | undefined
  /** The relay was given neither keys nor an application, and made a secret. */
  readonly #hasOwnSecret: boolean
  /** Live links of which the token counts no more have to end: at once, whatever an application has to be asked. */
  whenRevoked: () => void = () => undefined
  /** What live links may do has to be looked at again. */
  whenDoubted: () => Promise<void> = () => Promise.resolve()

  private constructor(
    options: SignInOptions,
    place: SignInPlace,
    revocations: Revocations,
    ownKeys: TokenKeys | undefined,
  ) {
    this.#options = options
    this.#place = place
    this.#revocations = revocations
    this.#application = new Application(options.askMs, place.report)
    this.#hasOwnSecret = ownKeys !== undefined
    this.#identify = this.#identifierOf(options.keys ?? ownKeys)
    this.acceptsOrigin = this.isOpen ? loopbackOrigins : namedOrigins(options.origins)
    const unused = this.isOpen ? options.origins.filter((origin) => !loopbackOrigins(origin, undefined)) : []
    if (unused.length > 0) place.report({ code: 'origins-unused', facts: { origins: unused.join(', ') } })
  }

  static async open(options: SignInOptions, place: SignInPlace): Promise<SignIn> {
    const { keys, authenticate, authorize } = options
    if (keys !== undefined && authenticate !== undefined)
      throw new RelayError('bad-option', 'Tokens are checked with keys or by authenticate, not by both.')
    if (authenticate !== undefined && authorize === undefined)
      throw new RelayError(
        'bad-option',
        'authenticate says who comes; authorize has to say what they may do.',
      )
    const isAsked = keys !== undefined || authorize !== undefined
    const ownKeys: TokenKeys | undefined =
      isAsked || place.isLoopback
        ? undefined
        : { kind: 'secret', secret: await ownSecret(place.folder, place.report) }
    return new SignIn(options, place, await Revocations.open(place.store, place.now()), ownKeys)
  }

  /** Everybody on this machine may do everything. */
  get isOpen(): boolean {
    return this.#identify === undefined
  }

  /** By the clock that tokens are checked with. */
  now(): number {
    return this.#place.now()
  }

  /** How often `recheck` is to be called. */
  get recheckMs(): number {
    return this.#options.recheckMs
  }

  /** What this token allows; for an empty one the request's cookie stands. */
  async grantOf(said: string, headers: RequestHeaders): Promise<LiveGrant | SignInRefusal> {
    if (this.#identify === undefined) return openGrant
    const visit = { token: said === '' ? cookieToken(headers) : said, headers }
    const bearer = await this.#identify(visit)
    return 'code' in bearer ? this.#refuse(bearer) : this.#grantFor(bearer, visit, this.#identify)
  }

  /** For the link that is printed where the relay made a secret for itself: it opens every document. */
  async ownToken(): Promise<string | undefined> {
    if (!this.#hasOwnSecret) return undefined
    const { folder, now, report } = this.#place
    return makeToken(
      this.#options,
      folder,
      {
        subject: 'owner',
        tenant: '',
        documents: [{ pattern: '*', rights: 'write' }],
        mayAdminister: false,
        expiresAt: undefined,
      },
      now(),
      report,
    )
  }

  /** Durable when it resolves; then live links that it was about have been ended. */
  async revoke(revocation: Revocation): Promise<void> {
    await this.#revocations.revoke(revocation)
    this.whenRevoked()
    this.#place.report({ code: 'revoked' })
  }

  /** To be called from time to time: another relay on this store, or the application, may have changed its mind. */
  async recheck(): Promise<void> {
    if (this.isOpen) return
    await this.#revocations.read(this.#place.now())
    await this.whenDoubted()
  }

  #identifierOf(keys: TokenKeys | undefined): Identify | undefined {
    const { authenticate, authorize, clockToleranceMs } = this.#options
    if (authenticate !== undefined)
      return async (visit) => this.#asOfNow(await this.#application.identify(authenticate, visit))
    if (keys === undefined)
      return authorize === undefined ? undefined : () => Promise.resolve(this.#asOfNow(nobody))
    const verify = verifierOf(keys, this.#options, this.#place.now)
    return async ({ token }) => {
      const verified = await verify(token)
      if ('code' in verified) return verified
      const bearer = bearerFrom(verified.claims, clockToleranceMs)
      // Where nobody else can be asked the token has to say which documents it opens.
      if (bearer === undefined || (bearer.documents === undefined && authorize === undefined))
        return refusal('token-claims')
      return this.#revocations.isRevoked(bearer) ? refusal('token-revoked') : bearer
    }
  }

  /** What an application says it says now: what was revoked before is nothing to it. */
  #asOfNow<Answer extends Bearer | SignInRefusal>(answer: Answer): Answer {
    return 'code' in answer ? answer : { ...answer, issuedAt: this.#place.now() }
  }

  #grantFor(bearer: Bearer, visit: Visit, identify: Identify): LiveGrant {
    const { authorize } = this.#options
    return new TokenGrant(bearer, {
      steadyTimeOf: this.#place.steadyTimeOf,
      withdrawn: (before) => this.#withdrawn(before),
      again: (before) => this.#again(before, visit, identify),
      authorize:
        authorize === undefined
          ? undefined
          : async ({ tenant, subject, claims }, document, most) => {
              const rights = most === bitsOf.write ? 'write' : 'read'
              const question = { ...visit, document, tenant, subject, claims, rights } as const
              const answer = await this.#application.rightsTo(authorize, question)
              // A refusal of the application's is an answer; that it gave none has to be counted.
              return typeof answer === 'number' || !answer.isPassing ? answer : this.#refuse(answer)
            },
    })
  }

  /** A token stays what it is, but may be revoked; of an application's session only the application can tell. */
  async #again(before: Bearer, visit: Visit, identify: Identify): Promise<Bearer | SignInRefusal> {
    if (this.#options.authenticate === undefined) return this.#withdrawn(before) ?? before
    const now = await identify(visit)
    if ('code' in now) return this.#refuse(now)
    const isOther = now.tenant !== before.tenant || now.subject !== before.subject
    return isOther ? this.#refuse(refusal('not-signed-in')) : now
  }

  #withdrawn(bearer: Bearer): SignInRefusal | undefined {
    return this.#revocations.isRevoked(bearer) ? this.#refuse(refusal('token-revoked')) : undefined
  }

  #refuse(refused: SignInRefusal): SignInRefusal {
    this.#place.refused(refused.code)
    if (refused.code === 'keys-unreachable') this.#place.report({ code: 'keys-unreachable' })
    return refused
  }
}
