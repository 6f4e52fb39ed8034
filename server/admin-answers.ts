// admin-answers.ts — what the relay does for its own commands: hand over all it keeps, as it is at this moment; revoke. Knows: HTTP.
// Must not know: who asks (the door does).
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { answerProblem } from './answers.ts'
import { problemOf } from './api-problem.ts'
import { Bodies } from './body.ts'
import { bytesOf } from './copy-stream.ts'
import type { LevelStore } from './level-store.ts'
import type { Report } from './notice.ts'
import { answerRevocation } from './revocation-answers.ts'
import type { SignIn } from './sign-in.ts'
import { revocationsPath } from './token-command.ts'

/** As long as it is read, LevelDB keeps what was removed meanwhile; a reader that hangs must not keep it for ever. */
const silenceMsMax = 60_000

export function adminAnswers(
  store: LevelStore,
  signIn: SignIn,
  report: Report,
): (request: IncomingMessage, response: ServerResponse) => void {
  const place = { signIn, report, bodies: new Bodies(), tenant: undefined }
  return (request, response) => {
    if (request.url === revocationsPath && request.method === 'POST') {
      answerRevocation(place, request, response).catch((error: unknown) => {
        const { status, body, headers } = problemOf(error)
        answerProblem(response, status, body, headers)
      })
      return undefined
    }
    if (request.url !== '/entries' || request.method !== 'GET')
      return answerProblem(response, 404, { code: 'not-found', message: 'There is nothing here.' })
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
    response.setTimeout(silenceMsMax, () => response.destroy())
    const skipped: string[] = []
    const pages = store.everything((reason) => skipped.push(reason))
    pipeline(Readable.from(bytesOf(pages, skipped)), response).then(
      () => report({ code: 'copied' }),
      (cause: unknown) => report({ code: 'copy-failed', cause }),
    )
    return undefined
  }
}
