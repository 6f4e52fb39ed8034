// stock-client.ts — an unchanged y-websocket client in Node, with the words that merge tests are told in.
import { WebsocketProvider } from 'y-websocket'
import { WebSocket } from 'ws'
import * as Y from 'yjs'

// Every y-websocket client in Node listens for the end of the process, and a test has more than ten of them.
process.setMaxListeners(100)

/** What a client makes its sockets with. */
export type SocketClass = new (url: string | URL, protocols?: string | string[]) => WebSocket

export class StockClient implements Disposable {
  readonly doc: Y.Doc
  readonly provider: WebsocketProvider

  constructor(
    url: string,
    document: string,
    doc: Y.Doc = new Y.Doc(),
    socketClass: SocketClass = WebSocket,
    params: Record<string, string> = {},
  ) {
    this.doc = doc
    this.provider = new WebsocketProvider(url, document, this.doc, {
      // ws has the browser's interface but for members that no provider uses.
      WebSocketPolyfill: socketClass as unknown as typeof globalThis.WebSocket,
      disableBc: true,
      maxBackoffTime: 200,
      params,
    })
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }

  get words(): string {
    return this.text.toString()
  }

  write(words: string, at: number = this.text.length): void {
    this.text.insert(at, words)
  }

  delete(at: number, length: number): void {
    this.text.delete(at, length)
  }

  synced(): Promise<void> {
    return new Promise((resolve) => {
      if (this.provider.synced) resolve()
      else this.provider.once('sync', () => resolve())
    })
  }

  goOffline(): void {
    this.provider.disconnect()
  }

  async comeBack(): Promise<void> {
    this.provider.connect()
    await this.synced()
  }

  [Symbol.dispose](): void {
    this.provider.destroy()
    this.doc.destroy()
  }
}

/** Same state vector and same delete set, not only the same text [C1]. */
export function areStructurallyEqual(docs: readonly Y.Doc[]): boolean {
  const [first, ...others] = docs.map((doc) => Y.snapshot(doc))
  return first === undefined || others.every((other) => Y.equalSnapshots(first, other))
}
