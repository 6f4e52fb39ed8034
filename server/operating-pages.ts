// operating-pages.ts — /health, /ready and /metrics: what supervisors and monitors ask. Knows: who may see which. Must not
// know: how the answers come about.
import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Addresses } from './addresses.ts'
import { answerJson, answerMethod, answerProblem } from './answers.ts'
import type { Metrics } from './metrics.ts'
import type { Probe } from './readiness.ts'

export type OperatingOptions = {
  readonly probe: Probe
  readonly metrics: Metrics
  readonly addresses: Addresses
  readonly adminToken: string | undefined
}

/** False: it is another's path. */
export function answersOperating(
  options: OperatingOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): boolean {
  if (path !== '/health' && path !== '/ready' && path !== '/metrics') return false
  if (request.method !== 'GET' && request.method !== 'HEAD') answerMethod(response, 'GET, HEAD')
  else if (path === '/health') answerJson(response, 200, { status: 'alive' })
  else if (path === '/ready') void answerReady(options.probe, response)
  else void answerMetrics(options, request, response)
  return true
}

async function answerReady(probe: Probe, response: ServerResponse): Promise<void> {
  const readiness = await probe.ask()
  if (readiness.isReady) return answerJson(response, 200, { status: 'ready', writeMs: readiness.writeMs })
  const { code, reason } = readiness
  return answerProblem(response, 503, { code, message: reason }, { 'retry-after': '5' })
}

async function answerMetrics(
  { metrics, addresses, adminToken }: OperatingOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!addresses.isLocal(request) && !presents(request, adminToken)) {
    const message =
      adminToken === undefined
        ? 'Metrics are shown to programs on this machine only. For others, set SYNCLINE_ADMIN_TOKEN.'
        : 'Metrics are shown to who has the admin token: Authorization: Bearer TOKEN.'
    return answerProblem(response, 401, { code: 'not-admin', message }, { 'www-authenticate': 'Bearer' })
  }
  const text = await metrics.text()
  response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
  response.end(text)
  return undefined
}

/** Compared by hashes: how long it takes tells nothing of the token. */
function presents(request: IncomingMessage, adminToken: string | undefined): boolean {
  const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (adminToken === undefined || token === undefined) return false
  const hash = (word: string) => createHash('sha256').update(word).digest()
  return timingSafeEqual(hash(token), hash(adminToken))
}
