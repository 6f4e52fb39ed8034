// token-grant.ts — what one signed-in socket may do: what its token says, and where there is an application, what that
// said of the documents it was asked about. Knows: the bearer, the answers. Must not know: sockets, how tokens are
// checked, how the application is asked.
import { createHash, randomBytes } from 'node:crypto'
import { linksMax } from '../shared/limits.ts'
import type { Refusal } from '../shared/session-words.ts'
import { AtMost } from './at-most.ts'
import type { Bearer } from './bearer.ts'
import type { LiveGrant } from './live-grant.ts'
import { bitsOf } from './name-patterns.ts'

/** Who is asked on behalf of a grant. */
export type GrantSource = {
  /** By the clock that live links wait by. */
  readonly steadyTimeOf: (time: number) => number
  readonly withdrawn: (bearer: Bearer) => Refusal | undefined
  /** The same token again; the bearer itself where nothing can be different. */
  readonly again: (bearer: Bearer) => Promise<Bearer | Refusal>
  /** Undefined: there is no application to ask, the token says it all. */
  readonly authorize:
    | ((bearer: Bearer, document: string, most: number) => Promise<number | Refusal>)
    | undefined
}

/** Of one socket; a device with ten thousand documents opens all of them in one go. */
const askedAtOnceMax = 32
const versionBytes = 6

export class TokenGrant implements LiveGrant {
  readonly tenant: string
  readonly subject: string
  readonly expiresAt: number | undefined
  rightsVersion: number
  readonly mayAdminister: boolean
  readonly #bearer: Bearer
  readonly #source: GrantSource
  readonly #asking = new AtMost(askedAtOnceMax)
  /** What the application said last, 0 too: until it is looked at again. */
  #answers = new Map<string, number>()

  constructor(bearer: Bearer, source: GrantSource) {
    this.tenant = bearer.tenant
    this.subject = bearer.subject
    this.expiresAt = bearer.expiresAt === undefined ? undefined : source.steadyTimeOf(bearer.expiresAt)
    this.mayAdminister = bearer.mayAdminister
    // What an application would say of documents that nobody asked about may be different each time.
    this.rightsVersion = numberFrom(
      source.authorize === undefined ? hashOf(bearer.claims['documents']) : randomBytes(versionBytes),
    )
    this.#bearer = bearer
    this.#source = source
  }

  readonly rightsOf = (document: string): number | undefined => {
    const most = this.#mostOf(document)
    return this.#source.authorize === undefined || most === 0 ? most : this.#answers.get(document)
  }

  readonly ask = async (document: string): Promise<Refusal | undefined> => {
    const { authorize } = this.#source
    const most = this.#mostOf(document)
    if (authorize === undefined || most === 0) return undefined
    const answer = await this.#asking.run(() => authorize(this.#bearer, document, most))
    if (typeof answer === 'number') {
      this.#remember(document, answer)
      return undefined
    }
    if (!answer.isPassing) this.#remember(document, 0)
    return answer
  }

  readonly withdrawn = (): Refusal | undefined => this.#source.withdrawn(this.#bearer)

  readonly renewed = async (documents: readonly string[]): Promise<LiveGrant | Refusal> => {
    const bearer = await this.#source.again(this.#bearer)
    if ('code' in bearer) return bearer
    if (this.#source.authorize === undefined) return this
    const next = new TokenGrant(bearer, this.#source)
    await Promise.all(documents.map((document) => next.#askAgain(document, this.#answers.get(document))))
    const isSame = documents.every((document) => next.rightsOf(document) === this.rightsOf(document))
    if (isSame) next.rightsVersion = this.rightsVersion
    if (!isSame || bearer !== this.#bearer) return next
    this.#answers = next.#answers
    return this
  }

  /** An application that cannot say now leaves things as they were. */
  async #askAgain(document: string, before: number | undefined): Promise<void> {
    const refusal = await this.ask(document)
    if (refusal?.isPassing === true && before !== undefined) this.#remember(document, before)
  }

  #mostOf(document: string): number {
    const { documents } = this.#bearer
    if (documents !== undefined) return documents.rightsOf(document)
    return this.#source.authorize === undefined ? 0 : bitsOf.write
  }

  #remember(document: string, rights: number): void {
    this.#answers.delete(document)
    this.#answers.set(document, rights)
    const [oldest] = this.#answers.keys()
    // A socket may open and leave documents without end. [B1]
    if (this.#answers.size > linksMax && oldest !== undefined) this.#answers.delete(oldest)
  }
}

function hashOf(claim: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(claim) ?? '')
    .digest()
}

function numberFrom(bytes: Buffer): number {
  return bytes.readUIntBE(0, versionBytes)
}
