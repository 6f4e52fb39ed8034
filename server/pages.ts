// pages.ts — the pages that a browser gets from the relay's port. Knows: where the build put them, their headers.
// Must not know: sockets, documents.
import { existsSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

const folder = fileURLToPath(new URL('../pages', import.meta.url))

const headers = {
  // Images in a text lie where their author found them; nothing else comes from elsewhere.
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' https: http:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** Led further are people by relative addresses: a proxy may have taken a prefix away that is not known here. */
export function pageListener(pathPrefix: string): RequestListener {
  const base = pathPrefix === '' ? '.' : pathPrefix
  // Scanned once: a page that is built while the relay runs is there after its next start.
  if (!existsSync(folder))
    return (_request, response) => answerMissing(response, 'The pages are not built: npm run build.')
  const serve = sirv(folder, { etag: true, extensions: ['html'], setHeaders: setCaching })
  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerMethod(response)
    const path = (request.url ?? '/').split('?', 1)[0]
    if (path === '/') answerRoot(request, response, `${base}/notebook/`)
    else if (path === '/notebook' || path === '/stock' || path === '/notes')
      redirect(response, `${base}${path}/${(request.url ?? '').slice(path.length)}`)
    else
      serve(request, response, () =>
        answerMissing(response, 'There is no such page here. There are /notebook/, /notes/ and /stock/.'),
      )
  }
}

/** People are led to the page; what checks the health of a stock server expects these four letters. */
function answerRoot(request: IncomingMessage, response: ServerResponse, page: string): void {
  if (request.headers.accept?.includes('text/html') === true) redirect(response, page)
  else response.end('okay')
}

function answerMethod(response: ServerResponse): void {
  response.writeHead(405, { allow: 'GET, HEAD' })
  response.end()
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location })
  response.end()
}

function answerMissing(response: ServerResponse, sentence: string): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${sentence}\n`)
}

/** Names under /assets/ carry a hash of their content; all else is asked about each time. */
function setCaching(response: ServerResponse, path: string): void {
  response.setHeader(
    'cache-control',
    path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  )
}
