// paces.ts — how fast sockets may send: each, and all of a tenant together. Who sends faster is read later; who owes more
// than a moment is sent away with the time after which to come back. Knows: numbers, names of tenants. Must not know:
// sockets. [B1]
import { Pace } from '../shared/pace.ts'

export type PaceOptions = {
  /** Messages a second; 0: no limit. */
  readonly linkRate: number
  readonly tenantRate: number
  readonly now: () => number
}

/** A frame counts once for each of these. */
const bytesOfOne = 16 * 1024

/** Paces of tenants that nobody needs are let go when there are so many. */
const tenantsMax = 1000

export class Paces {
  readonly #options: PaceOptions
  readonly #tenants = new Map<string, Pace>()

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** For one socket. */
  begin(): SocketPace {
    const { linkRate, tenantRate, now } = this.#options
    if (linkRate === 0 && tenantRate === 0) return unpaced
    const own = linkRate === 0 ? undefined : new Pace(linkRate, now())
    return {
      restMsAfter: (bytes, tenant) => {
        const amount = Math.max(1, Math.ceil(bytes / bytesOfOne))
        return Math.max(own?.spend(amount, now()) ?? 0, this.#spendOfTenant(amount, tenant))
      },
    }
  }

  #spendOfTenant(amount: number, tenant: string | undefined): number {
    const { tenantRate, now } = this.#options
    if (tenantRate === 0 || tenant === undefined) return 0
    let pace = this.#tenants.get(tenant)
    if (pace === undefined) {
      if (this.#tenants.size >= tenantsMax) this.#letGo()
      pace = new Pace(tenantRate, now())
      this.#tenants.set(tenant, pace)
    }
    return pace.spend(amount, now())
  }

  #letGo(): void {
    for (const [tenant, pace] of this.#tenants)
      if (pace.isFull(this.#options.now())) this.#tenants.delete(tenant)
  }
}

export type SocketPace = {
  /** For how long its socket is not to be read after so many bytes, in milliseconds. */
  readonly restMsAfter: (bytes: number, tenant: string | undefined) => number
}

/** For who is not paced. */
export const unpaced: SocketPace = { restMsAfter: () => 0 }
