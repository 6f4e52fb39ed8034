// presented-token.ts — where the token of a request stands: `?token=`, `Authorization: Bearer`, or a cookie. Must not
// know: what it says. A token is never repeated: not in an answer, not in a log.
import type { RequestHeaders } from './live-grant.ts'

/** For pages of an application whose own server sets it, so that no script needs to see the token. */
export const tokenCookie = 'syncline_token'

/** '' where there is none. */
export function presentedToken(url: string, headers: RequestHeaders): string {
  return queryToken(url) ?? bearerToken(headers) ?? cookieToken(headers)
}

/** Of a request alone, for a socket that says its token in band, and said none. */
export function cookieToken({ cookie }: RequestHeaders): string {
  if (typeof cookie !== 'string') return ''
  for (const part of cookie.split(';')) {
    const [name, value = ''] = part.trim().split('=', 2)
    if (name === tokenCookie) return value
  }
  return ''
}

function queryToken(url: string): string | undefined {
  const start = url.indexOf('?')
  if (start === -1) return undefined
  return new URLSearchParams(url.slice(start + 1)).get('token') ?? undefined
}

function bearerToken({ authorization }: RequestHeaders): string | undefined {
  if (typeof authorization !== 'string') return undefined
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1]
}
