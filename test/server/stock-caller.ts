// stock-caller.ts — one bare socket of the stock wire to a real relay, without a client's good manners: what it sends and
// when is the test's. Keeps every byte that came. Knows: ws. Must not know: what ought to be said.
import { WebSocket } from 'ws'
import { decodeStockFrame } from '../../shared/stock-wire.ts'
import type { StockMessage } from '../../shared/stock-wire.ts'

export class StockCaller {
  readonly heard: StockMessage[] = []
  readonly bytes: Uint8Array[] = []
  readonly opened: Promise<void>
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #socket: WebSocket
  #look: () => void = () => undefined

  constructor(url: string, path: string, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(`${url}/${path}`, { headers })
    this.#socket.on('message', (frame: Buffer) => {
      this.bytes.push(new Uint8Array(frame))
      this.heard.push(...decodeStockFrame(new Uint8Array(frame)))
      this.#look()
    })
    this.opened = new Promise((resolve) => this.#socket.on('open', resolve))
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#look()
      })
    })
  }

  async send(...frames: Uint8Array[]): Promise<void> {
    await this.opened
    for (const frame of frames) this.#socket.send(frame)
  }

  async take<Type extends StockMessage['type']>(type: Type): Promise<StockMessage & { type: Type }> {
    for (;;) {
      const index = this.heard.findIndex((message) => message.type === type)
      const [found] = index === -1 ? [] : this.heard.splice(index, 1)
      if (found !== undefined) return found as StockMessage & { type: Type }
      if (this.#socket.readyState === WebSocket.CLOSED) throw new Error(`It ended without «${type}».`)
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    }
  }

  async hears(words: string): Promise<void> {
    while (!this.hasHeard(words)) {
      if (this.#socket.readyState === WebSocket.CLOSED) throw new Error(`It ended without «${words}».`)
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    }
  }

  hasHeard(words: string): boolean {
    return Buffer.concat(this.bytes).includes(words)
  }

  end(): void {
    this.#socket.terminate()
  }
}
