// sign-in-place.ts — a sign-in without a relay: on a disk that writes at once, with what it counted and reported, and
// tokens made to order. Knows: jose. Must not know: sockets.
import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import type { Notice } from '../../server/notice.ts'
import type { RefusalCode } from '../../server/refusals.ts'
import { SignIn } from '../../server/sign-in.ts'
import { signInDefaults } from '../../server/sign-in-options.ts'
import type { SignInOptions } from '../../server/sign-in-options.ts'
import type { Store } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { SimulatedDisk } from '../sim/disk.ts'

export const secret = 'a secret of thirty-two bytes or more'
export const otherSecret = 'another secret of thirty-two bytes or more'
export const keys = { kind: 'secret', secret } as const
export const everything = [{ pattern: '*', rights: 'write' }] as const

export class SignInPlace {
  readonly notices: Notice[] = []
  readonly refusals: RefusalCode[] = []
  readonly disk: SimulatedDisk
  folder = ''
  isLoopback = true
  now = 1_700_000_000_000
  /** By how much the clock that links wait by is ahead. */
  aheadMs = 0
  #store: Store | undefined

  constructor(disk?: SimulatedDisk) {
    this.disk =
      disk ??
      new SimulatedDisk({ chance: chanceFrom(1), writeWaits: () => setImmediate(() => this.disk.settle()) })
  }

  /** Again: as if the relay had been started anew. */
  async open(options: Partial<SignInOptions>): Promise<SignIn> {
    await this.#store?.close()
    this.#store = this.disk.open()
    const { folder, isLoopback } = this
    return SignIn.open(
      { ...signInDefaults, ...options },
      {
        folder,
        isLoopback,
        store: this.#store,
        now: () => this.now,
        steadyTimeOf: (time) => time + this.aheadMs,
        report: (notice) => this.notices.push(notice),
        refused: (code) => this.refusals.push(code),
      },
    )
  }

  /** As another program left it there, while nobody has it open. */
  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    const store = this.disk.open()
    await store.write({ put: [{ key, value }], durability: 'synced' })
    await store.close()
  }

  get seconds(): number {
    return Math.floor(this.now / 1000)
  }
}

/** With the claims as they are, wrong ones too. */
export function tokenOf(
  claims: JWTPayload,
  key: string | KeyObject = secret,
  header: { alg: string; kid?: string } = { alg: 'HS256' },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(typeof key === 'string' ? Buffer.from(key) : key)
}

export type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

export function keyPairs(): { readonly rsa: Pair; readonly ec: Pair; readonly ed: Pair } {
  return {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed: generateKeyPairSync('ed25519'),
  }
}

export function pem({ publicKey }: Pair): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
