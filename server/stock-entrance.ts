// stock-entrance.ts — a stock client's socket until it is known what its token allows: nothing of the document leaves
// before, and nothing is read of the client. [S1] [B1] Knows: which close code says what. Must not know: tokens, rooms,
// what a frame says.
import { right } from '../shared/message.ts'
import type { Refusal } from '../shared/session-words.ts'
import { stockClose } from '../shared/stock-wire.ts'
import type { StockCloseCode } from '../shared/stock-wire.ts'
import type { HostConnection, HostSocket } from './host-connection.ts'
import { isRefusal } from './live-grant.ts'
import type { LiveGrant } from './live-grant.ts'
import { refusal } from './refusals.ts'
import { relayFailed } from './sentences.ts'

export type Entrance = {
  readonly document: string
  readonly grantOf: () => Promise<LiveGrant | Refusal>
  readonly enter: (grant: LiveGrant) => HostConnection
  /** Somebody was not let in for want of a right; counted. */
  readonly forbade: () => void
  readonly failed: (cause: unknown) => void
}

type State =
  | { readonly is: 'asking' }
  | { readonly is: 'inside'; readonly connection: HostConnection }
  | { readonly is: 'gone' }

export class StockEntrance implements HostConnection {
  readonly #socket: HostSocket
  readonly #entrance: Entrance
  #state: State = { is: 'asking' }

  constructor(socket: HostSocket, entrance: Entrance) {
    this.#socket = socket
    this.#entrance = entrance
    socket.hold(true)
    this.#ask().catch((error: unknown) => {
      this.#turnAway(stockClose.relayFailed, relayFailed(this.#socket.trace))
      entrance.failed(error)
    })
  }

  received(frame: Uint8Array): void {
    if (this.#state.is === 'inside') this.#state.connection.received(frame)
  }

  lost(saidSo?: boolean): void {
    const state = this.#state
    this.#state = { is: 'gone' }
    if (state.is === 'inside') state.connection.lost(saidSo)
  }

  filled(): void {
    if (this.#state.is === 'inside') this.#state.connection.filled()
  }

  drained(): void {
    if (this.#state.is === 'inside') this.#state.connection.drained()
  }

  tenant(): string | undefined {
    return this.#state.is === 'inside' ? this.#state.connection.tenant() : undefined
  }

  tooFast(afterMs: number): void {
    if (this.#state.is === 'inside') this.#state.connection.tooFast(afterMs)
  }

  async #ask(): Promise<void> {
    const { document, grantOf } = this.#entrance
    const grant = await grantOf()
    if (isRefusal(grant)) return this.#refuse(stockClose.unauthenticated, grant)
    const answer = grant.rightsOf(document) === undefined ? await grant.ask(document) : undefined
    const mayRead = ((grant.rightsOf(document) ?? 0) & right.read) !== 0
    const withdrawn = grant.withdrawn()
    if (withdrawn !== undefined) return this.#refuse(stockClose.unauthenticated, withdrawn)
    if (answer === undefined && mayRead) return this.#enter(grant)
    const forbidden = answer ?? refusal('forbidden')
    if (!forbidden.isPassing) this.#entrance.forbade()
    return this.#refuse(stockClose.forbidden, forbidden)
  }

  #enter(grant: LiveGrant): void {
    if (this.#state.is !== 'asking') return
    // From here on whoever has the connection says when it is read.
    this.#socket.hold(false)
    this.#state = { is: 'inside', connection: this.#entrance.enter(grant) }
  }

  /** What passes is not told with a code that means «do not come back». */
  #refuse(code: StockCloseCode, { reason, isPassing }: Refusal): void {
    this.#turnAway(isPassing ? stockClose.relayFailed : code, reason)
  }

  #turnAway(code: StockCloseCode, reason: string): void {
    if (this.#state.is !== 'asking') return
    this.#state = { is: 'gone' }
    this.#socket.end(code, reason)
  }
}
