// addresses.ts — where a request comes from, also behind proxies, and whether that is this machine. Knows: which
// proxies are trusted. Must not know: what follows from an address.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { addNetwork } from './option-kinds.ts'
import { isLoopbackHost } from './origins.ts'

export class Addresses {
  readonly #proxies = new BlockList()

  constructor(trustedProxies: readonly string[]) {
    for (const network of trustedProxies) addNetwork(this.#proxies, network)
  }

  /**
   * The last address that no trusted proxy vouches for: what stands further to the left in X-Forwarded-For, its
   * sender could have written.
   */
  of(request: IncomingMessage): string {
    let address = plain(request.socket.remoteAddress ?? '')
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    for (const before of forwarded.toReversed()) {
      const named = plain(before.trim())
      if (!this.#isProxy(address) || isIP(named) === 0) break
      address = named
    }
    return address
  }

  /** Undefined: a proxy, or a program on this machine, which may be one. */
  ofLine({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string | undefined {
    const address = plain(remoteAddress)
    return this.#isProxy(address) || isLoopbackHost(address) ? undefined : address
  }

  /**
   * From a program on this machine, not through a proxy that stands here, and not from a page that reaches it under a
   * name of its own.
   */
  isLocal(request: IncomingMessage): boolean {
    const { headers } = request
    const wasForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined
    return (
      !wasForwarded && isOfThisMachine(request.socket.remoteAddress) && isLoopbackHost(nameIn(headers.host))
    )
  }

  #isProxy(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#proxies.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Of this machine, in whatever manner a socket names it. */
function isOfThisMachine(address: string | undefined): boolean {
  return isLoopbackHost(plain(address ?? ''))
}

/** A Host header without its port. */
function nameIn(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '')
}

/** Sockets of both families name IPv4 addresses in the manner of IPv6. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
