// api.ts — documents over HTTP, for programs that do not keep a socket: read, append, list, purge, and what changed. Knows:
// paths, rights, entity tags, bounds. Must not know: rooms, records. Whatever it accepts went through the room that all
// others go through, and what it shows is durable. [D1] [D2] [S1]
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { documentNameBytesMax, workspaceCursorBytesMax } from '../shared/limits.ts'
import type { Sizes } from '../shared/limits.ts'
import { idBytes, right } from '../shared/message.ts'
import type { Addresses } from './addresses.ts'
import { answerJson, jsonHeaders } from './answers.ts'
import { ApiProblem, problemOf } from './api-problem.ts'
import { ApiSending } from './api-sending.ts'
import { append } from './append-visit.ts'
import { Bodies } from './body.ts'
import { changesSince, learnRights, rightsWord } from './changes-visit.ts'
import { positionIn, tagOf } from './entity-tag.ts'
import { isRefusal } from './live-grant.ts'
import type { LiveGrant } from './live-grant.ts'
import type { Report } from './notice.ts'
import { presentedToken } from './presented-token.ts'
import type { RelayHost } from './relay-host.ts'
import { answerRevocation } from './revocation-answers.ts'
import { Shares } from './shares.ts'
import type { SignIn } from './sign-in.ts'

export type ApiOptions = {
  readonly host: RelayHost
  readonly signIn: SignIn
  readonly addresses: Addresses
  readonly sizes: Sizes
  /** Not when the relay is being stopped. */
  readonly isOpen: () => boolean
  readonly report: Report
  /** Stands for a document in the journal. */
  readonly markOf: (tenant: string, document: string) => string
  /** Counts it. */
  readonly refused: (code: 'wrong-origin' | 'not-local') => void
}

type Request = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly grant: LiveGrant
}

/** Each may hold a document in memory, until its reader has all of it. [B1] */
const atWork = { ofAllMax: 16, ofOneMax: 12 }

/** Who are looked up, in whole and of one address: an application may take its time for each. [B1] */
const signingIn = { ofAllMax: 1_000, ofOneMax: 250 }

const listedMax = 1000
const listedUnlessSaid = 100

/** How long a disk may take before whoever appends is told to ask again. */
const appendMsMax = 30_000

export class Api {
  readonly #options: ApiOptions
  /** The author of what comes this way, as far as rooms need one. */
  readonly #replica = new Uint8Array(randomBytes(idBytes))
  readonly #signingIn = new Shares(signingIn)
  readonly #atWork = new Shares(atWork)
  readonly #bodies = new Bodies()
  readonly #sending = new ApiSending()

  constructor(options: ApiOptions) {
    this.#options = options
  }

  /** Of answers that wait for their readers. */
  get unsentBytes(): number {
    return this.#sending.unsentBytes
  }

  /** Whatever happens, it is answered. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const trace = randomBytes(4).toString('hex')
    response.setHeader('x-trace-id', trace)
    try {
      if (!this.#options.isOpen()) throw new ApiProblem('busy')
      await this.#route(request, response, path)
    } catch (error) {
      const problem = problemOf(error)
      if (problem.code === 'failed') this.#options.report({ code: 'request-failed', trace, cause: error })
      if (response.headersSent) response.destroy()
      else answerJson(response, problem.status, { ...problem.body, trace }, problem.headers)
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    const [path = '', ...rest] = url.split('?')
    const grant = await this.#grantFor(request, url)
    const visit = { request, response, query: new URLSearchParams(rest.join('?')), grant }
    const { method = 'GET' } = request
    if (path === '/v1/documents' && method === 'GET') return this.#atWorkOn(grant, () => this.#list(visit))
    // Small, and never to wait: no place is taken by it.
    if (path === '/v1/revocations' && method === 'POST') return this.#revoke(visit)
    if (path === '/v1/changes' && method === 'GET') return this.#atWorkOn(grant, () => this.#changes(visit))
    const document = documentFrom(path, visit.query)
    switch (method) {
      case 'GET':
      case 'HEAD':
        return this.#atWorkOn(grant, () => this.#read(visit, document))
      case 'POST':
        return this.#append(visit, document)
      case 'DELETE':
        return this.#atWorkOn(grant, () => this.#purge(visit, document))
      default:
        throw new ApiProblem('method-not-allowed')
    }
  }

  /** A page could send requests in its visitor's name, so what is asked of sockets is asked of them. */
  async #grantFor(request: IncomingMessage, url: string): Promise<LiveGrant> {
    const { signIn, addresses } = this.#options
    const { headers } = request
    if (!signIn.acceptsOrigin(headers.origin, headers.host)) throw this.#refused('wrong-origin')
    if (signIn.isOpen && !addresses.isLocal(request)) throw this.#refused('not-local')
    const address = addresses.of(request)
    if (!this.#signingIn.take(address, 1)) throw new ApiProblem('busy')
    try {
      const grant = await signIn.grantOf(presentedToken(url, headers), headers)
      if (!isRefusal(grant)) return grant
      throw new ApiProblem(grant.isPassing ? 'cannot-sign-in' : 'not-signed-in', grant.reason)
    } finally {
      this.#signingIn.giveBack(address, 1)
    }
  }

  #refused(code: 'wrong-origin' | 'not-local'): ApiProblem {
    this.#options.refused(code)
    return new ApiProblem(code)
  }

  async #atWorkOn({ tenant }: LiveGrant, work: () => Promise<void>): Promise<void> {
    if (!this.#atWork.take(tenant, 1)) throw new ApiProblem('busy')
    try {
      await work()
    } finally {
      this.#atWork.giveBack(tenant, 1)
    }
  }

  async #rightsTo({ grant }: Request, document: string): Promise<number> {
    const refused = grant.rightsOf(document) === undefined ? await grant.ask(document) : undefined
    if (refused?.isPassing === true) throw new ApiProblem('cannot-sign-in', refused.reason)
    const rights = grant.rightsOf(document) ?? 0
    if ((rights & right.read) === 0) throw new ApiProblem('forbidden')
    return rights
  }

  async #revoke({ request, response, grant }: Request): Promise<void> {
    if (!grant.mayAdminister) throw new ApiProblem('not-admin')
    const { signIn, report } = this.#options
    const place = { signIn, report, bodies: this.#bodies, tenant: grant.tenant }
    return answerRevocation(place, request, response)
  }

  async #list(visit: Request): Promise<void> {
    const { grant, query, response } = visit
    const { host, markOf } = this.#options
    const limit = limitFrom(query.get('limit'))
    const documents: object[] = []
    let after = query.get('after') ?? ''
    let isEnd = false
    while (documents.length < limit && !isEnd) {
      const page = await host.reading.documentsAfter(grant.tenant, after)
      isEnd = page.length === 0
      await learnRights(
        grant,
        page.map(({ document }) => document),
      )
      for (const { document, state } of page) {
        if (documents.length === limit) break
        after = document
        const rights = grant.rightsOf(document) ?? 0
        if ((rights & right.read) === 0 || state.stage !== 0) continue
        const mark = markOf(grant.tenant, document)
        documents.push({
          name: document,
          position: state.last,
          tag: tagOf(state),
          rights: rightsWord(rights),
          mark,
        })
      }
    }
    await this.#sendJson(response, { documents, next: isEnd ? null : after })
  }

  async #read(visit: Request, document: string): Promise<void> {
    const { request, response, grant } = visit
    await this.#rightsTo(visit, document)
    const { host } = this.#options
    const form = request.headers.accept?.includes('application/json') === true ? 'json' : 'update'
    const state = await host.reading.stateOf({ tenant: grant.tenant, document })
    if (state === undefined) throw new ApiProblem('no-document')
    const headers = { vary: 'accept, authorization, cookie', 'cache-control': 'no-cache' }
    if (request.headers['if-none-match'] === tagOf(state, form)) {
      response.writeHead(304, { etag: tagOf(state, form), ...headers }).end()
      return
    }
    const read = await host.reading.read({ tenant: grant.tenant, document }, form)
    if (read === undefined) throw new ApiProblem('no-document')
    if (read.bytes === undefined) throw new ApiProblem('gone')
    response.writeHead(200, {
      'content-type': form === 'json' ? 'application/json; charset=utf-8' : 'application/octet-stream',
      'content-length': read.bytes.length,
      'x-content-type-options': 'nosniff',
      etag: tagOf(read.state, form),
      ...headers,
    })
    if (request.method === 'HEAD') response.end()
    else await this.#sending.send(response, read.bytes)
  }

  async #append(visit: Request, document: string): Promise<void> {
    const { request, grant } = visit
    const { tenant } = grant
    const rights = await this.#rightsTo(visit, document)
    if ((rights & right.write) === 0) throw new ApiProblem('read-only')
    const bytesMax = this.#options.sizes.entryBytesMax
    await this.#bodies.workWith(request, { tenant, bytesMax }, (update) =>
      this.#atWorkOn(grant, () => this.#appendUpdate(visit, document, update)),
    )
  }

  async #appendUpdate(visit: Request, document: string, update: Uint8Array): Promise<void> {
    const { response, grant } = visit
    const { host } = this.#options
    const onlyAt = await this.#conditionOf(visit, document)
    const place = { tenant: grant.tenant, document }
    const outcome = await append(host.connectionHost, place, {
      update,
      mayWrite: true,
      onlyAt,
      replica: this.#replica,
      answerMsMax: appendMsMax,
    })
    switch (outcome.is) {
      case 'durable': {
        const state = onlyAt === undefined ? undefined : await host.reading.stateAfter(place, onlyAt, update)
        return answerJson(
          response,
          200,
          { status: 'durable' },
          state === undefined ? {} : { etag: tagOf(state) },
        )
      }
      case 'stale':
        throw new ApiProblem('stale')
      case 'gap':
        throw new ApiProblem('gap', undefined, {
          stateVector: Buffer.from(outcome.stateVector).toString('base64'),
        })
      case 'refused':
        throw new ApiProblem(outcome.why, outcome.reason)
      case 'unanswered':
        throw new ApiProblem('unanswered')
    }
  }

  /** Where the document has to stand: as a tag says, nowhere yet, or anywhere. */
  async #conditionOf({ request, grant }: Request, document: string): Promise<number | undefined> {
    const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
    if (ifNoneMatch === '*') return 0
    if (ifMatch === undefined) return undefined
    const state = await this.#options.host.reading.stateOf({ tenant: grant.tenant, document })
    const position = state === undefined ? undefined : positionIn(ifMatch, state)
    if (position === undefined) throw new ApiProblem('stale')
    return position
  }

  async #purge(visit: Request, document: string): Promise<void> {
    const { response, grant } = visit
    await this.#rightsTo(visit, document)
    if (!grant.mayAdminister) throw new ApiProblem('not-admin')
    const { host } = this.#options
    if ((await host.reading.stateOf({ tenant: grant.tenant, document })) === undefined)
      throw new ApiProblem('no-document')
    await host.purge(grant.tenant, document)
    response.writeHead(204).end()
  }

  async #changes({ response, query, grant }: Request): Promise<void> {
    const since = Buffer.from(query.get('since') ?? '', 'base64url')
    if (since.length > workspaceCursorBytesMax)
      throw new ApiProblem('bad-request', 'This is no cursor. Leave since out, and begin anew.')
    const changes = await changesSince(this.#options.host.connectionHost, grant, new Uint8Array(since))
    if (changes === undefined) throw new ApiProblem('unanswered')
    const documents = changes.documents.map(({ document, position, rights }) => {
      return { name: document, position, rights: rights === 0 ? 'gone' : rightsWord(rights) }
    })
    const cursor = Buffer.from(changes.cursor).toString('base64url')
    await this.#sendJson(response, { full: changes.isFull, more: changes.hasMore, documents, cursor })
  }

  /** As long as it may be. */
  #sendJson(response: ServerResponse, body: object): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(body)}\n`)
    response.writeHead(200, { ...jsonHeaders, 'content-length': bytes.length })
    return this.#sending.send(response, bytes)
  }
}

/**
 * As it was sent: a path that is cleaned of its dots would be another document's. Programs that clean it themselves say the
 * name in the query.
 */
function documentFrom(path: string, query: URLSearchParams): string {
  const document =
    path === '/v1/document' ? query.get('name') : decoded(/^\/v1\/documents\/(.+)$/.exec(path)?.[1])
  if (document === null)
    throw new ApiProblem(
      'not-found',
      'There is nothing at this path. Documents are under /v1/documents/NAME.',
    )
  if (Buffer.byteLength(document) <= documentNameBytesMax) return document
  throw new ApiProblem(
    'bad-request',
    `A document's name has at most ${documentNameBytesMax} bytes. Choose a shorter one.`,
  )
}

function decoded(name: string | undefined): string | null {
  if (name === undefined) return null
  try {
    return decodeURIComponent(name)
  } catch {
    throw new ApiProblem(
      'bad-request',
      'The name of the document is not encoded as encodeURIComponent does it.',
    )
  }
}

function limitFrom(said: string | null): number {
  if (said === null) return listedUnlessSaid
  const limit = Number(said)
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= listedMax) return limit
  throw new ApiProblem('bad-request', `limit is a number from 1 to ${listedMax}.`)
}
