// origins.ts — pages of which origin may connect: others could read and write with what the visitor's browser holds, or
// reach a relay that only this machine can reach. Knows: origins and hosts. Must not know: sockets, tokens.
import { isIP } from 'node:net'
import { RelayError } from './relay-error.ts'

/** Who sends none is no page. */
export type OriginRule = (origin: string | undefined, host: string | undefined) => boolean

/** For a relay without signing in: pages of this machine, whatever their port. */
export const loopbackOrigins: OriginRule = (origin) =>
  origin === undefined || (URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname))

/** With signing in: those that were named, and pages that came from where the socket goes to. */
export function namedOrigins(names: readonly string[]): OriginRule {
  const named = new Set(names.map(originFrom))
  return (origin, host) => origin === undefined || named.has(origin) || isSameOrigin(origin, host)
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopbackHost(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  )
}

/** Behind a proxy that ends TLS the scheme is not known here, so hosts and ports decide. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  const page = new URL(origin)
  const here = `${page.protocol}//${host}`
  return URL.canParse(here) && new URL(here).host === page.host
}

function originFrom(name: string): string {
  const origin = URL.canParse(name) ? new URL(name).origin : 'null'
  if (origin === 'null' || new URL(name).pathname !== '/')
    throw new RelayError('bad-option', `«${name}» is no origin, such as https://example.org.`)
  return origin
}
