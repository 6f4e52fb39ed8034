// stock-connection.ts — a stock client's socket: one link to one room, through the stock codec. Knows: which close
// code says what to such a client. Must not know: sockets' insides, rooms' insides.
import { stockSilenceMsMax } from '../shared/limits.ts'
import { closedCode, knowledgeKind, refusedCode, right } from '../shared/message.ts'
import type { Message } from '../shared/message.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import type { Grant } from '../shared/session.ts'
import { StockCodec } from '../shared/stock-codec.ts'
import { encodeUpdate, keepAliveFrame, stockClose } from '../shared/stock-wire.ts'
import type { StockCloseCode } from '../shared/stock-wire.ts'
import type { ConnectionHost, HostConnection, HostSocket, LinkOwner } from './host-connection.ts'

const closeCodes: Record<number, StockCloseCode> = {
  [closedCode.forbidden]: stockClose.forbidden,
  [closedCode.replaced]: stockClose.replaced,
  [closedCode.tooLarge]: stockClose.tooLarge,
  [refusedCode.readOnly]: stockClose.forbidden,
  [refusedCode.badUpdate]: stockClose.malformed,
}

export class StockConnection implements HostConnection, LinkOwner {
  readonly #host: ConnectionHost
  readonly #socket: HostSocket
  readonly #document: string
  readonly #grant: Grant
  readonly #link: number
  readonly #codec: StockCodec
  #sentAt: number
  #isOpen = true

  constructor(host: ConnectionHost, socket: HostSocket, document: string, grant: Grant) {
    this.#host = host
    this.#socket = socket
    this.#document = document
    this.#grant = grant
    this.#link = host.nextLink(this)
    this.#codec = new StockCodec(this.#link)
    this.#sentAt = host.now()
    host.wakeAt(this.#sentAt + stockSilenceMsMax)
    host.happened(grant.tenant, document, {
      type: 'joined',
      link: this.#link,
      number: 0,
      wire: 'stock',
      replica: undefined,
      mayWrite: (grant.rightsOf(document) & right.write) !== 0,
      wantsPresence: false,
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
      this.#end(stockClose.malformed, error.message)
    }
  }

  lost(): void {
    this.#leave(false)
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
    if (now - this.#sentAt >= stockSilenceMsMax) this.#send(keepAliveFrame)
    if (this.#isOpen) this.#host.wakeAt(this.#sentAt + stockSilenceMsMax)
  }

  dismiss(reason: string): void {
    this.#end(stockClose.goingAway, reason)
  }

  hold(on: boolean): void {
    this.#socket.hold(on)
  }

  told(_link: number, message: Message): void {
    const frames =
      message.type === 'delivery' ? this.#host.stockFramesOf(message) : this.#codec.write(message)
    for (const frame of frames) this.#send(frame)
  }

  echoed(_link: number, update: Uint8Array): void {
    this.#send(encodeUpdate(update))
  }

  closed({ code, reason }: Parameters<LinkOwner['closed']>[0]): void {
    this.#end(closeCodes[code] ?? stockClose.malformed, reason)
  }

  failed(): void {
    this.#end(stockClose.relayFailed, 'The relay could not answer. Come back in a moment.')
  }

  #send(frame: Uint8Array): void {
    if (!this.#isOpen) return
    this.#sentAt = this.#host.now()
    this.#socket.send(frame)
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
