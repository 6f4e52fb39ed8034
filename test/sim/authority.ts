// authority.ts — who may do what in the simulated world, and the tokens that say so for a while. Knows: subjects and
// rights as they are now. Must not know: sockets, sessions; that a right ended it tells nobody: the next token does.
import { right } from '../../shared/message.ts'
import { refusal } from '../../server/refusals.ts'
import type { Grant, Refusal } from '../../shared/session-words.ts'
import type { Clock } from './clock.ts'
import type { World } from './world.ts'

export const tenant = 'acme'

export class Authority {
  readonly #world: World
  /** Undefined: tokens do not expire. */
  readonly #tokenMs: number | undefined
  readonly #readers = new Set<string>()
  readonly #strangers = new Set<string>()
  /** Whether somebody's right to write has ever ended. */
  hasTakenRights = false

  constructor(world: World, tokenMs: number | undefined) {
    this.#world = world
    this.#tokenMs = tokenMs
  }

  /** May read nothing, whatever it asks for. */
  shutOut(subject: string): void {
    this.#strangers.add(subject)
  }

  allowWriting(subject: string, mayWrite: boolean): void {
    if (mayWrite) this.#readers.delete(subject)
    else this.#readers.add(subject)
    this.hasTakenRights ||= !mayWrite
  }

  mayRead(subject: string): boolean {
    return !this.#strangers.has(subject)
  }

  mayWrite(subject: string): boolean {
    return this.mayRead(subject) && !this.#readers.has(subject)
  }

  /** Whose socket was closed because its token ended does not come back by itself: stock clients get one that lasts. */
  lastingTokenFor(subject: string): string {
    return `${subject} `
  }

  tokenFor(subject: string): string {
    const until = this.#tokenMs === undefined ? '' : String(this.#world.now + this.#tokenMs)
    return `${subject} ${until}`
  }

  /** As of now: what it says stays so until another token is checked. `clock`: of the relay that asks. */
  grantOf(token: string, clock: Clock): Grant | Refusal {
    const [subject = '', until = ''] = token.split(' ')
    if (subject === '') return refusal('no-token')
    if (until !== '' && Number(until) <= this.#world.now) return refusal('token-expired')
    const rights = this.#rightsOf(subject)
    return {
      tenant,
      subject,
      expiresAt: until === '' ? undefined : clock.reading(Number(until)),
      rightsVersion: rights,
      rightsOf: () => rights,
    }
  }

  #rightsOf(subject: string): number {
    if (!this.mayRead(subject)) return 0
    return this.mayWrite(subject) ? right.read + right.write : right.read
  }
}
