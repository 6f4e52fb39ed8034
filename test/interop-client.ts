// interop-client.ts — the y-websocket packages that people have installed, unchanged, behind the words that tests are
// told in. Knows: how each is imported and constructed, and which Yjs it needs. Must not know: the relay.
import * as Y14 from '@y/y'
import { WebsocketProvider as Provider4 } from '@y/websocket'
import { WebsocketProvider as Provider31 } from 'y-websocket'
import { WebsocketProvider as Provider15 } from 'y-websocket-1.5'
import { WebsocketProvider as Provider21 } from 'y-websocket-2.1'
import { WebsocketProvider as Provider30 } from 'y-websocket-3.0'
import { WebsocketProvider as ProviderAck } from 'y-websocket-ack'
import { WebSocket } from 'ws'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'

// Every one of these clients listens for the end of the process.
process.setMaxListeners(200)

/** What all of them have in common. */
type Provider = {
  readonly awareness: Awareness
  readonly synced: boolean
  readonly shouldConnect: boolean
  readonly on: (event: string, listener: (...words: unknown[]) => void) => void
  readonly off: (event: string, listener: (...words: unknown[]) => void) => void
  readonly connect: () => void
  readonly disconnect: () => void
  readonly destroy: () => void
}

type ProviderClass = new (
  url: string,
  document: string,
  doc: never,
  options: {
    readonly WebSocketPolyfill: never
    readonly disableBc: boolean
    readonly params?: Record<string, string>
  },
) => Provider

/** A document of either Yjs: its one text, and its bytes. */
type Paper = {
  readonly doc: { readonly clientID: number; readonly destroy: () => void }
  readonly onUpdate: (listener: () => void) => () => void
  readonly insert: (at: number, words: string) => void
  readonly words: () => string
  readonly encoded: () => Uint8Array
}

export type Edition = {
  readonly name: string
  readonly provider: ProviderClass
  readonly paper: () => Paper
  /** From 3.1 on 4400 to 4499 are understood as «do not come back». */
  readonly staysAway: boolean
}

function paper13(doc: Y.Doc = new Y.Doc()): Paper {
  const text = doc.getText('text')
  return {
    doc,
    onUpdate: (listener) => {
      doc.on('update', listener)
      return () => doc.off('update', listener)
    },
    insert: (at, words) => text.insert(at, words),
    words: () => text.toString(),
    encoded: () => Y.encodeStateAsUpdate(doc),
  }
}

function paper14(): Paper {
  const doc = new Y14.Doc()
  const text = doc.get('text')
  return {
    doc,
    onUpdate: (listener) => {
      doc.on('update', listener)
      return () => doc.off('update', listener)
    },
    insert: (at, words) => text.insert(at, words),
    words: () => text.toString(),
    encoded: () => Y14.encodeStateAsUpdate(doc),
  }
}

// Each is typed by its own Yjs and its own awareness; what tests use of them is the same.
const editionOf = (name: string, provider: unknown, paper: () => Paper, staysAway: boolean): Edition => {
  return { name, provider: provider as ProviderClass, paper, staysAway }
}

export const editions: readonly Edition[] = [
  editionOf('y-websocket 1.5', Provider15, paper13, false),
  editionOf('y-websocket 2.1', Provider21, paper13, false),
  editionOf('y-websocket 3.0', Provider30, paper13, false),
  editionOf('y-websocket 3.1', Provider31, paper13, true),
  editionOf('@y/websocket 4.0.0-3', Provider4, paper14, false),
]

/** 3.1.0-rc.2 takes the echo for an acknowledgement, as 4.0.0-rc.2 does, and runs on the Yjs that most people have. */
export const acknowledgedEdition: Edition = editionOf('y-websocket 3.1.0-rc.2', ProviderAck, paper13, false)

export class InteropClient implements Disposable {
  readonly edition: Edition
  readonly paper: Paper
  readonly provider: Provider
  /** How often it tried to connect. */
  tries = 0

  constructor(
    edition: Edition,
    url: string,
    options: {
      readonly document?: string
      readonly params?: Record<string, string>
      readonly doc?: Y.Doc
    } = {},
  ) {
    const { document = 'story', params = {}, doc } = options
    this.edition = edition
    this.paper = doc === undefined ? edition.paper() : paper13(doc)
    const tried = () => {
      this.tries++
    }
    class CountedSocket extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols)
        tried()
      }
    }
    const { doc: its } = this.paper
    const sockets = { WebSocketPolyfill: CountedSocket as never, disableBc: true }
    this.provider = new edition.provider(url, document, its as never, { ...sockets, params })
  }

  get words(): string {
    return this.paper.words()
  }

  write(words: string, at: number = this.words.length): void {
    this.paper.insert(at, words)
  }

  be(name: string): void {
    this.provider.awareness.setLocalStateField('name', name)
  }

  /** Those who are seen, itself left out. */
  get seen(): string[] {
    const own = this.paper.doc.clientID
    const others = [...this.provider.awareness.getStates()].filter(([client]) => client !== own)
    return others.map(([, state]) => String(state['name'])).toSorted()
  }

  /** Resolves as soon as `holds` is true; looked at after everything that happens to this client. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const events = ['sync', 'status', 'connection-close', 'closed', 'sync-status']
      const look = () => {
        if (!holds()) return
        stopUpdates()
        this.provider.awareness.off('update', look)
        for (const event of events) this.provider.off(event, look)
        resolve()
      }
      const stopUpdates = this.paper.onUpdate(look)
      this.provider.awareness.on('update', look)
      for (const event of events) this.provider.on(event, look)
      look()
    })
  }

  synced(): Promise<void> {
    return this.until(() => this.provider.synced)
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
    this.provider.awareness.destroy()
    this.paper.doc.destroy()
  }
}
