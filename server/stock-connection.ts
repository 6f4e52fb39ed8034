// stock-connection.ts — a stock client's socket: one link to one room, through the stock codec. Knows: which close
// code says what to such a client. Must not know: sockets' insides, rooms' insides.
import { stockSilenceMsMax } from '../shared/limits.ts'
import { closedCode, knowledgeKind, refusedCode, right } from '../shared/message.ts'
import type { Message } from '../shared/message.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { StockCodec } from '../shared/stock-codec.ts'
import { encodeUpdate, keepAliveFrame, stockClose } from '../shared/stock-wire.ts'
import type { StockCloseCode } from '../shared/stock-wire.ts'
import type { Connection, ConnectionHost, HostSocket, LinkOwner } from './host-connection.ts'
import { isRefusal } from './live-grant.ts'
import type { LiveGrant } from './live-grant.ts'
import { refusal } from './refusals.ts'
import { relayFailed, tooFast, unreadable } from './sentences.ts'

const closeCodes: Record<number, StockCloseCode> = {
  [closedCode.forbidden]: stockClose.forbidden,
  [closedCode.replaced]: stockClose.replaced,
  [closedCode.tooLarge]: stockClose.tooLarge,
  [closedCode.gone]: stockClose.replaced,
  [closedCode.notNow]: stockClose.tooSlow,
  [refusedCode.readOnly]: stockClose.forbidden,
  [refusedCode.badUpdate]: stockClose.malformed,
}

export class StockConnection implements Connection {
  readonly #host: ConnectionHost
  readonly #socket: HostSocket
  readonly #document: string
  #grant: LiveGrant
  readonly #link: number
  readonly #codec: StockCodec
  #sentAt: number
  #isOpen = true

  constructor(host: ConnectionHost, socket: HostSocket, document: string, grant: LiveGrant) {
    this.#host = host
    this.#socket = socket
    this.#document = document
    this.#grant = grant
    this.#link = host.nextLink(this)
    this.#codec = new StockCodec(this.#link)
    this.#sentAt = host.now()
    host.wakeAt(this.#sentAt + stockSilenceMsMax)
    if (grant.expiresAt !== undefined) host.wakeAt(grant.expiresAt)
    host.happened(grant.tenant, document, {
      type: 'joined',
      link: this.#link,
      number: 0,
      wire: 'stock',
      replica: undefined,
      mayWrite: mayWrite(grant, document),
      wantsPresence: true,
      knowledge: { kind: knowledgeKind.nothing },
    })
  }

  received(frame: Uint8Array): void {
    if (!this.#isOpen) return
    try {
      for (const input of this.#codec.read(frame))
        this.#host.happened(this.#grant.tenant, this.#document, input)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      const isTooLarge = error.code === 'too-many-clients'
      this.#end(isTooLarge ? stockClose.tooLarge : stockClose.malformed, unreadable(error.code))
    }
  }

  lost(saidSo = false): void {
    this.#leave(saidSo)
    this.#host.forgetConnection(this)
  }

  filled(): void {
    if (this.#isOpen)
      this.#host.happened(this.#grant.tenant, this.#document, { type: 'filled', link: this.#link })
  }

  drained(): void {
    if (this.#isOpen)
      this.#host.happened(this.#grant.tenant, this.#document, { type: 'drained', link: this.#link })
  }

  woke(now: number): void {
    const { expiresAt } = this.#grant
    if (expiresAt !== undefined && now >= expiresAt)
      this.#end(stockClose.unauthenticated, refusal('token-expired').reason)
    if (now - this.#sentAt >= stockSilenceMsMax) this.#send([keepAliveFrame])
    if (this.#isOpen) this.#host.wakeAt(this.#sentAt + stockSilenceMsMax)
  }

  /** One message a frame: clients up to 3.x read only the first. */
  stepEnded(): void {
    return undefined
  }

  dismiss(reason: string): void {
    this.#end(stockClose.goingAway, reason)
  }

  tenant(): string {
    return this.#grant.tenant
  }

  tooFast(afterMs: number): void {
    this.#end(stockClose.tooSlow, tooFast(afterMs))
  }

  readOrNot(): void {
    this.#socket.hold(this.#host.isHeld(this.#grant.tenant))
  }

  endIfWithdrawn(): void {
    if (!this.#isOpen) return
    const withdrawn = this.#grant.withdrawn()
    if (withdrawn !== undefined) this.#end(stockClose.unauthenticated, withdrawn.reason)
  }

  /** Whether the token still allows what it did. An application that cannot say changes nothing. */
  async recheck(): Promise<void> {
    if (!this.#isOpen) return undefined
    const grant = this.#grant
    const answer = await grant.renewed([this.#document])
    if (!this.#isOpen) return undefined
    if (this.#grant !== grant) return this.recheck()
    if (answer === grant) return undefined
    if (!isRefusal(answer)) this.#renewed(answer)
    else if (!answer.isPassing) this.#end(stockClose.unauthenticated, answer.reason)
    return undefined
  }

  told(_link: number, message: Message): void {
    const isForAll = message.type === 'presence' || (message.type === 'delivery' && this.#codec.isAnswered)
    this.#send(isForAll ? this.#host.stockFramesOf(message) : this.#codec.write(message))
  }

  echoed(_link: number, update: Uint8Array): void {
    this.#send([encodeUpdate(update)])
  }

  closed({ code, reason }: Parameters<LinkOwner['closed']>[0]): void {
    this.#end(closeCodes[code] ?? stockClose.malformed, reason)
  }

  /** Such a client knows no modes; what is put off is closed with a code that lets it come back. */
  modeChanged(): void {
    return undefined
  }

  learnRights(): Promise<void> {
    throw new Error('A stock client asked for what changed.')
  }

  get trace(): string | undefined {
    return this.#socket.trace
  }

  failed(): void {
    this.#end(stockClose.relayFailed, relayFailed(this.trace))
  }

  #renewed(grant: LiveGrant): void {
    this.#grant = grant
    const { expiresAt } = grant
    if (expiresAt !== undefined) this.#host.wakeAt(expiresAt)
    if (!mayRead(grant, this.#document)) return this.#end(stockClose.forbidden, refusal('forbidden').reason)
    const input = { link: this.#link, mayWrite: mayWrite(grant, this.#document) }
    return this.#host.happened(grant.tenant, this.#document, { type: 'rightsChanged', ...input })
  }

  #send(frames: readonly Uint8Array[]): void {
    if (!this.#isOpen || frames.length === 0) return
    this.#sentAt = this.#host.now()
    this.#socket.send(frames)
  }

  #end(code: StockCloseCode, reason: string): void {
    if (!this.#isOpen) return
    this.#leave(true)
    this.#socket.end(code, reason)
  }

  #leave(saidSo: boolean): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#host.happened(this.#grant.tenant, this.#document, { type: 'left', link: this.#link, saidSo })
    this.#host.forgetLink(this.#link)
  }
}

function mayRead(grant: LiveGrant, document: string): boolean {
  return ((grant.rightsOf(document) ?? 0) & right.read) !== 0
}

function mayWrite(grant: LiveGrant, document: string): boolean {
  return ((grant.rightsOf(document) ?? 0) & right.write) !== 0
}
